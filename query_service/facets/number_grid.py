"""A fine grid of round numbers, of which a histogram's edges are chosen when its range is known.

Counted along with the range it saves a second round trip. It serves fields with one number an item:
an item with two numbers would count twice in a bucket that is the sum of finer ones.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT_S = 600.0  # an upsert may widen the range
DECADES = 5  # of the grid, below the largest number; smaller ones are in its first bucket
_DIGITS = (
    *(1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5),
    *(6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5),
)


@dataclass(frozen=True)
class Range:
    """The numbers of all items: how many, the smallest, the largest, the sum; of dates in ms."""

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0


@dataclass(frozen=True)
class NumberGrid:
    """`edges`, ascending from 0; empty where the field needs the second round trip."""

    edges: tuple[float, ...] = ()

    @classmethod
    def of(cls, low: float, high: float, *, single: bool) -> "NumberGrid":
        """The grid of a field's smallest and largest number; `single`: no item has two."""
        if not single or not 0 <= low <= high < 1e300 or high < 1e-300:
            return cls()
        last = math.floor(math.log10(high))
        first = max(math.floor(math.log10(low)) if low > 0 else last, last - DECADES + 1)
        if low == 0:
            first = last - DECADES + 1
        series = (
            float(f"{digit * 10.0**decade:.14g}")
            for decade in range(first, last + 1)
            for digit in _DIGITS
        )
        return cls((0.0, *(edge for edge in series if edge <= high)))


class NumberGrids:
    """Keeps the grid of each number field of one index. Safe to use from many threads."""

    def __init__(self) -> None:
        self._index = ""
        self._since = 0.0
        self._grids: dict[str, NumberGrid] = {}

    def of(self, index: str, field: str) -> NumberGrid | None:
        """The grid of a field; None: not known."""
        if index != self._index or time.monotonic() - self._since > KEPT_S:
            self._index, self._since, self._grids = index, time.monotonic(), {}
        return self._grids.get(field)

    @staticmethod
    def body(field: str) -> dict[str, Any]:
        """The search for what the grid needs to know, over all items."""
        aggs = {
            "range": {"stats": {"field": field}},
            "items": {"filter": {"exists": {"field": field}}},
        }
        return {"size": 0, "query": {"match_all": {}}, "aggs": aggs}

    def learn(self, index: str, field: str, response: Mapping[str, Any]) -> None:
        """Keeps the grid that a response tells."""
        known, items = response["aggregations"]["range"], response["aggregations"]["items"]
        if index == self._index and known["count"]:
            single = known["count"] == items["doc_count"]
            self._grids[field] = NumberGrid.of(known["min"], known["max"], single=single)
