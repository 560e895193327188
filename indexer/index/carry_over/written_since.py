"""Which items of the live index were written after a rebuild began."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.index.carry_over.beginning import NONE_YET, Beginning, Checkpoints
from indexer.index.context import IndexContext
from indexer.index.stored_items import StoredItem

_MOST_SPLITS = 10  # the engine's default: shards can be split until there are 2**10 of them


@dataclass(frozen=True)
class ShardRouting:
    """Which shard of an index holds an item, as the engine computes it."""

    shards: int
    routing_shards: int  # the shards that it could be split into

    @classmethod
    def of(cls, context: IndexContext, index: str) -> "ShardRouting":
        """That of an index, from its settings."""
        [settings] = context.client.indices.get_settings(index=index, flat_settings=True).values()
        return cls.of_settings(settings["settings"])

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "ShardRouting":
        """That of flat settings of an index."""
        shards = int(settings["index.number_of_shards"])
        splits = max(1, _MOST_SPLITS - (shards - 1).bit_length())
        named = settings.get("index.number_of_routing_shards")
        return cls(shards, int(named) if named else shards << splits)

    def shard_of(self, item_id: str) -> int:
        """The number of the item's shard."""
        if self.shards == 1:
            return 0
        from sklearn.utils import murmurhash3_32

        hashed = int(murmurhash3_32(item_id.encode("utf-16-le"), seed=0))
        return hashed % self.routing_shards // (self.routing_shards // self.shards)


@dataclass(frozen=True)
class WrittenSince:
    """Items of the index `live` that were written since a rebuild's beginning, or as of later."""

    version: int
    since: Checkpoints | None  # None: only versions say what is newer
    routing: ShardRouting

    @classmethod
    def of(cls, context: IndexContext, live: str, beginning: Beginning) -> "WrittenSince":
        """What was written to `live` since; by versions alone if another was live then."""
        since = beginning.items if live == beginning.live else None
        return cls(beginning.version, since, ShardRouting.of(context, live))

    def has(self, stored: StoredItem) -> bool:
        """Whether an item as it is stored there is one of them."""
        if stored.version > self.version or self.since is None:
            return stored.version > self.version
        shard = str(self.routing.shard_of(stored.item.item_id))
        return stored.seq_no > self.since.get(shard, NONE_YET)
