"""The shards of an index, and what makes several of them answer as one does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of one that returns its commonest values alone, another's may lack: so many are exact.
COUNTED_VALUES = 1000
BY_SCORE = [{"_score": "desc"}, {"item_id": "asc"}]
NEAR_WORDS = 50  # of a misspelt word that each shard returns


@dataclass(frozen=True)
class Shards:
    """`number` of them, and the `popularity_pivot` of all items (0: each shard uses its own).

    `global_statistics`: words weigh by the statistics of all shards, for one more round among them.
    """

    number: int = 1
    popularity_pivot: float = 0.0
    global_statistics: bool = True

    @property
    def several(self) -> bool:
        return self.number > 1

    @property
    def scoring(self) -> dict[str, str]:
        """The parameter of a search whose words are scored. One shard needs none."""
        wanted = self.several and self.global_statistics
        return {"search_type": "dfs_query_then_fetch"} if wanted else {}

    def popularity(self, **options: float) -> dict[str, Any]:
        """The query that scores popular items above 0, at most by its `boost`."""
        pivot = {"saturation": {"pivot": self.popularity_pivot}} if self.popularity_pivot else {}
        return {"rank_feature": {"field": "popularity_rank", **options, **pivot}}

    def commonest(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """The aggregation `terms`, its counts exact for up to COUNTED_VALUES different values."""
        if not self.several:
            return dict(terms)
        return {**terms, "shard_size": max(2 * int(terms["size"]), COUNTED_VALUES)}
