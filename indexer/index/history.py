"""The index of rebuilds: a document for each, and for each other move of the alias.

It is written after the deed, and a failure to write is only said: no rebuild ends by it.
"""

import logging
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign
from plugin_config.provisioning.provisioned_indexes import create_index
from plugin_config.schema import IndexNames, load_template

logger = logging.getLogger(__name__)
TEMPLATE = "rebuilds"
# unchanged: the live index stayed. refused: by the gate. activated: by hand after that. failed: an
# error or Ctrl-C.
Outcome = Literal["swapped", "unchanged", "refused", "failed", "activated", "rolled back"]
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class HistoryEntry:
    """A rebuild, or another move of the alias; None: not known or not done.

    `checks_failed`: names of the gate's checks; `reasons`: why it was refused, or failed.
    """

    outcome: Outcome
    index: str
    previous: str | None = None
    bundle: str | None = None
    encoder: str | None = None
    seconds: float | None = None
    items_per_s: float | None = None
    rows: int | None = None
    items: int | None = None
    rejects: int | None = None
    count: int | None = None
    reused: int | None = None
    encoded: int | None = None
    carried: int | None = None
    checks_passed: int | None = None
    checks_failed: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def write_down(client: OpenSearch, names: IndexNames, entry: HistoryEntry) -> None:
    """Write the entry with the time of now; a failure is logged."""
    document = {name: value for name, value in asdict(entry).items() if value not in (None, [])}
    if entry.reasons:
        document["reasons"] = [reason[:_LONGEST_REASON] for reason in entry.reasons]
    document["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        if not _written(client, names, document):
            refuse_foreign(client, [names.rebuilds])
            create_index(client, names.rebuilds, load_template(TEMPLATE, names.prefix)["template"])
            _written(client, names, document)
    except (LiveIntentError, OpenSearchException) as error:
        logger.warning("the %s of %s is not written down: %s", entry.outcome, entry.index, error)


def _written(client: OpenSearch, names: IndexNames, document: dict[str, object]) -> bool:
    """Write; False if the index or the alias that it is written through is not there."""
    alias = names.writing(names.rebuilds)
    params = {"require_alias": "true", "ignore": 404}
    return "error" not in client.index(index=alias, body=document, params=params)
