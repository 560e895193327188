"""The items indexes of one installation, as the cluster knows them: live, earlier, half made."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.errors import LiveIntentError
from plugin_config.schema import META, IndexNames

BUILDING, READY = "building", "ready"


class NoItemsIndex(LiveIntentError):
    """There is no items index to do this with."""

    exit_code = 4


class AliasTaken(LiveIntentError):
    """An index (not an alias) has the alias's name."""

    exit_code = 4


@dataclass(frozen=True)
class Generation:
    """One items index. `meta` is its `_meta.live_intent`."""

    index: str
    meta: dict[str, Any] = field(default_factory=dict)
    live: bool = False  # the alias `items` points at it
    building: bool = False  # the alias `items-building` points at it

    @property
    def state(self) -> str:
        """`building` or `ready`."""
        return str(self.meta.get("state", ""))

    @property
    def created_at(self) -> datetime:
        """When its rebuild began, UTC."""
        try:
            moment = datetime.fromisoformat(str(self.meta.get("created_at", "")))
        except ValueError:
            return datetime.fromtimestamp(0, UTC)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def age_s(self) -> float:
        """Seconds since then."""
        return (datetime.now(UTC) - self.created_at).total_seconds()

    @property
    def version(self) -> int:
        """The version (ms since 1970) that its fill wrote with."""
        return int(self.meta.get("version", 0))


def generations(client: OpenSearch, names: IndexNames) -> list[Generation]:
    """Every items index that a rebuild made below this prefix, the newest first.

    Others that happen to fit the pattern are left out: they carry no `_meta` of ours.
    """
    ours = re.compile(re.escape(names.items) + r"-\d{8}t\d{6}z(-\d+)?")
    found = client.indices.get(
        index=names.items_pattern, params={"allow_no_indices": "true"}, ignore=[404]
    )
    made = []
    for index, body in found.items():
        if not isinstance(body, dict) or not ours.fullmatch(index):
            continue
        meta = body.get("mappings", {}).get("_meta", {}).get(META)
        if meta is None:
            continue
        aliases = body.get("aliases", {})
        made.append(
            Generation(index, meta, names.items in aliases, names.items_building in aliases)
        )
    return sorted(made, key=lambda g: (g.created_at, g.index), reverse=True)


def live_generation(client: OpenSearch, names: IndexNames) -> Generation | None:
    """The index that searches read; None before the first rebuild.

    Raises AliasTaken when an index stands where the alias should be.
    """
    refuse_taken_alias(client, names)
    return next((g for g in generations(client, names) if g.live), None)


def refuse_taken_alias(client: OpenSearch, names: IndexNames) -> None:
    """Raises AliasTaken when an index is named as one of the aliases."""
    for alias in (names.items, names.items_building):
        if alias in client.indices.get(index=alias, ignore=[404]):
            raise AliasTaken(
                f"{alias} is an index, where an alias is wanted. Delete it, or set "
                "LIVE_INTENT_INDEX_PREFIX so that the names differ."
            )
