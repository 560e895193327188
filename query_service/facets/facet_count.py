"""How often each value of one facet was counted: matches of the words, and hits by meaning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from indexer.catalogue.attributes.attributes import text_of
from query_service.facets.buckets import bucket_counts
from query_service.facets.facet_plan import WantedFacet
from query_service.facets.histogram import Histogram
from query_service.facets.number_grid import Range

Fields = Mapping[str, Sequence[Any]]  # doc values of a hit


@dataclass(frozen=True)
class FacetCount:
    """The count of a facet after the first round trip.

    `words`: items by filter key, of the words' matches; `partial`: there are further keys, which
    follow `last` where they are sorted by name.
    `meaning`: the same of the hits by meaning. `numbers`: those of each hit by meaning.
    """

    facet: WantedFacet
    words: Mapping[str, int] = field(default_factory=dict)
    partial: bool = False
    last: str = ""
    meaning: Mapping[str, int] = field(default_factory=dict)
    range: Range = field(default_factory=Range)
    numbers: tuple[tuple[float, ...], ...] = ()
    grid: tuple[int, ...] = ()  # items from each edge of the facet's grid to the next

    @classmethod
    def of(
        cls, facet: WantedFacet, name: str, counted: Mapping[str, Any], by_meaning: Sequence[Fields]
    ) -> "FacetCount":
        """Read from the engine's aggregations, of names that begin with `name`."""
        values = [hit.get(facet.field.field, ()) for hit in by_meaning]
        if facet.field.listed:
            keys = Counter(key for each in values for key in {text_of(value) for value in each})
            meaning = {key: n for key, n in keys.items() if facet.text in key}
            refined = counted.get(f"{name} refined", {})
            words = bucket_counts(counted[name])
            partial, last = counted[name]["sum_other_doc_count"] > 0, max(words, default="")
            return cls(facet, bucket_counts(refined) | words, partial, last, meaning)
        numbers = tuple(tuple(_number(value) for value in each) for each in values)
        grid = counted.get(f"{name} grid", {"buckets": ()})["buckets"]
        items = tuple(int(bucket["doc_count"]) for bucket in grid)
        return cls(facet, range=_range(counted[name], numbers), numbers=numbers, grid=items)

    @property
    def histogram(self) -> Histogram | None:
        """The histogram of its numbers; None without any."""
        facet = self.facet
        return Histogram.of(self.range, facet.field, facet.options, facet.grid)

    @property
    def unsure(self) -> list[str]:
        """Keys of hits by meaning whose matches of the words are not known, and may be shown."""
        if not self.partial or self.facet.options.sort == "name":
            return []
        return sorted(self.meaning.keys() - self.words.keys())

    def items(self, further: Mapping[str, int]) -> list[tuple[str, int]]:
        """All known keys with their items, in the order wanted; `further`: counts of the unsure."""
        words = {**self.words, **further}
        wanted = self.facet.wanted
        keys = words.keys() | self.meaning.keys()
        if self.facet.options.facet_query is None:
            keys |= set(wanted)
        elif self.facet.text:
            keys = {key for key in keys if self.facet.text in key}
        if self.partial and self.facet.options.sort == "name":
            keys = {key for key in keys if key <= self.last or key in wanted}
        counts = {key: words.get(key, 0) + self.meaning.get(key, 0) for key in keys}
        if self.facet.options.sort == "name":
            return sorted(counts.items())
        return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _range(stats: Mapping[str, Any], numbers: Sequence[Sequence[float]]) -> Range:
    own = [number for each in numbers for number in each]
    if not stats["count"] and not own:
        return Range()
    return Range(
        stats["count"] + len(own),
        min(np.inf if stats["min"] is None else stats["min"], *own, np.inf),
        max(-np.inf if stats["max"] is None else stats["max"], *own, -np.inf),
        stats["sum"] + sum(own),
    )


def _number(value: Any) -> float:
    """A doc value as a number; a date in ms since 1970."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp() * 1000
    return float(value)
