"""The moment at which a rebuild began, and what had been written until then."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from opensearchpy.exceptions import NotFoundError

from indexer.index.context import IndexContext
from indexer.index.generations import live_generation
from plugin_config.errors import ClusterUnavailable, SettingsError

STARTED_S = 30.0  # for a new index to start
PAUSE_S = 0.05
NONE_YET = -1  # the sequence number before an index's first write
Checkpoints = Mapping[str, int]  # the last sequence number that was acknowledged, by shard


@dataclass(frozen=True)
class Beginning:
    """When a rebuild began: before its first read of the catalogue.

    A live write wins over the catalogue if its version is newer than `version`, or if its sequence
    number is beyond the checkpoint of its shard: then it was acknowledged after the beginning,
    whatever its version, and whatever the clock of the machine that sent it. The command loads the
    encoder between the checkpoints and the first read, so that the answers to earlier writes are
    on their way by then. `version` is when the command began, or when the catalogue was exported,
    where that is known: what was written with a later version wins too.
    """

    version: int  # ms since 1970
    began: int  # ms since 1970
    live: str = ""  # the index behind the alias; "": there was none
    items: Checkpoints = field(default_factory=dict)  # of `live`
    deletions: Checkpoints = field(default_factory=dict)

    @classmethod
    def now(
        cls, context: IndexContext, as_of: datetime | None = None, began: int | None = None
    ) -> "Beginning":
        """This moment; `as_of`: when the catalogue was exported; `began`: when its command did, ms.

        Raises AliasTaken, ForeignIndex, ClusterUnavailable; SettingsError: `as_of` is to come.
        """
        began = time.time_ns() // 1_000_000 if began is None else began
        version = version_of(as_of, began)
        live = live_generation(context.client, context.names)
        index = live.index if live else ""
        return cls(
            version,
            began,
            index,
            checkpoints(context, index) if index else {},
            checkpoints(context, context.names.deletions),
        )

    @property
    def time(self) -> datetime:
        """`began` as a time, UTC."""
        return datetime.fromtimestamp(self.began / 1000, UTC)

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any]) -> "Beginning":
        """The reverse of `to_meta`."""
        began = meta.get("began", meta["version"])  # absent in an index of an earlier version
        return cls(meta["version"], began, meta["live"], meta["items"], meta["deletions"])

    def is_same(self, meta: Mapping[str, Any]) -> bool:
        """Whether `meta`, an index's, is of another try of the same rebuild."""
        return (meta.get("version"), meta.get("deletions")) == (self.version, self.deletions)

    def to_meta(self) -> dict[str, Any]:
        """As an entry in the `_meta` of the index that the rebuild fills."""
        return {
            "version": self.version,
            "began": self.began,
            "live": self.live,
            "items": dict(self.items),
            "deletions": dict(self.deletions),
        }


def version_of(as_of: datetime | None, began: int) -> int:
    """The version of a catalogue's rows, ms since 1970. Raises SettingsError: it is to come."""
    version = began if as_of is None else round(as_of.timestamp() * 1000)
    if version > began:
        raise SettingsError(f"--as-of {as_of}: the catalogue can't be of a time to come")
    return version


def checkpoints(context: IndexContext, index: str) -> Checkpoints:
    """The local checkpoint of each shard; a write beyond it is not acknowledged yet.

    Empty if there is no such index; one that another process just makes is waited for. Raises
    ClusterUnavailable: a shard has had no primary for STARTED_S seconds.
    """
    ends_at = time.monotonic() + STARTED_S
    while context.client.indices.exists(index=index):
        shards = _checkpoints(context, index)
        missing = [number for number, checkpoint in shards.items() if checkpoint is None]
        if not missing:
            return {number: each for number, each in shards.items() if each is not None}
        if time.monotonic() > ends_at:
            raise ClusterUnavailable(
                f"shard {missing[0]} of {index} has no primary: see _cluster/health, and run the "
                "rebuild again when the index is at least yellow"
            )
        time.sleep(PAUSE_S)
    return {}


def _checkpoints(context: IndexContext, index: str) -> dict[str, int | None]:
    """The checkpoint of each shard; None: its primary has not started."""
    client, timeout_s = context.client, context.settings.bulk_timeout_s
    params = {"level": "shards", "request_timeout": timeout_s}
    try:
        stats = client.indices.stats(index=index, metric="indexing", params=params)
        [settings] = client.indices.get_settings(index=index, flat_settings=True).values()
    except NotFoundError:  # deleted meanwhile
        return {}
    shards = stats["indices"].get(index, {}).get("shards", {})
    checkpoint_of: dict[str, int | None] = {}
    for number in map(str, range(int(settings["settings"]["index.number_of_shards"]))):
        primaries = [copy for copy in shards.get(number, ()) if copy["routing"]["primary"]]
        started = [copy["seq_no"] for copy in primaries if "seq_no" in copy]
        checkpoint_of[number] = started[0]["local_checkpoint"] if started else None
    return checkpoint_of
