"""Histograms with round edges, of numbers and of dates."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from query_service.facets.buckets import bucket_count
from query_service.facets.facet_field import FacetField
from query_service.facets.number_grid import Range
from query_service.schemas.search.facets import MAX_BUCKETS, FacetBucket, FacetOptions

SKEWED = 20.0  # the largest number over the average: edges 1, 2, 5, 10, 20, ... then
# Steps of dates: name, days, months.
_STEPS = (
    ("day", 1, 0), ("week", 7, 0), ("month", 0, 1), ("quarter", 0, 3), ("year", 0, 12),
    *((f"{years} years", 0, 12 * years) for years in (2, 5, 10, 20, 50, 100, 1000)),
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Histogram:
    """`edges`, ascending; a bucket is from one up to the next, or without a bound from the last.

    Edges of dates are ISO dates.
    """

    edges: tuple[float | str, ...]
    field: FacetField

    @classmethod
    def of(
        cls, numbers: Range, field: FacetField, options: FacetOptions, grid: Sequence[float] = ()
    ) -> "Histogram | None":
        """With edges that are round, where possible in a grid; None where no item has a number."""
        if not numbers.count:
            return None
        if field.kind == "date":
            return cls(tuple(_date_edges(numbers, options)), field)
        return cls(tuple(_number_edges(numbers, options, grid)), field)

    def of_grid(self, grid: Sequence[float], items: Sequence[int]) -> dict[str, Any] | None:
        """As the engine would count it, from the items between a grid's edges.

        None where an edge is not in the grid.
        """
        if not items or not set(self.edges) <= set(grid):
            return None
        rows = np.searchsorted(grid, [float(edge) for edge in self.edges])
        sums = np.add.reduceat(np.array(items), rows)
        return {"buckets": [{"doc_count": int(number)} for number in sums]}

    @property
    def aggregation(self) -> dict[str, Any]:
        """What the engine counts."""
        ranges = [
            {"from": low} | ({} if high is None else {"to": high}) for low, high in self._bounds
        ]
        if self.field.kind == "date":
            body = {"field": self.field.field, "format": "yyyy-MM-dd", "ranges": ranges}
            return {"date_range": body}
        return {"range": {"field": self.field.field, "ranges": ranges}}

    def buckets(
        self, counted: Mapping[str, Any], numbers: Sequence[Sequence[float]]
    ) -> list[FacetBucket]:
        """The buckets; `numbers` are those of the hits by meaning, each counted once a bucket."""
        edges = [_as_number(edge) for edge, _ in self._bounds]
        more = np.zeros(len(edges), int)
        for each in numbers:
            for row in {int(np.searchsorted(edges, n, "right")) - 1 for n in each}:
                more[max(row, 0)] += 1
        highs = [*self.edges[1:], None]
        return [
            FacetBucket(gte=low, lt=high, count=bucket_count(bucket) + int(extra))
            for low, high, bucket, extra in zip(
                self.edges, highs, counted["buckets"], more, strict=True
            )
        ]

    @property
    def _bounds(self) -> Iterator[tuple[float | str, float | str | None]]:
        """The edges as the engine compares them."""
        edges = [_stored(edge, self.field) for edge in self.edges]
        yield from zip(edges, [*edges[1:], None], strict=True)


def shown_number(number: float, field: FacetField) -> float | str:
    """A number as the catalogue had it; a date as ISO 8601."""
    if field.kind == "date":
        time = _EPOCH + timedelta(milliseconds=number)
        whole = number % 86_400_000 == 0
        text = time.date().isoformat() if whole else time.isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    return float(str(np.float32(number))) if field.is_price else number


def _stored(edge: float | str, field: FacetField) -> float | str:
    """An edge as the index holds numbers: prices are float32."""
    if field.is_price and not isinstance(edge, str):
        return float(np.float32(edge))
    return edge


def _as_number(edge: float | str) -> float:
    if isinstance(edge, str):
        return datetime.fromisoformat(edge).replace(tzinfo=UTC).timestamp() * 1000
    return edge


def _number_edges(numbers: Range, options: FacetOptions, grid: Sequence[float]) -> list[float]:
    low, high, average = numbers.low, numbers.high, numbers.total / numbers.count
    width, step = high - low, options.interval
    if not math.isfinite(width):
        return [low]
    if isinstance(step, float) and math.isfinite(width / step):
        return _linear(low, high, step * max(math.ceil(width / step / (MAX_BUCKETS - 1)), 1))
    if low >= 0 and high > SKEWED * average > 0:
        return _geometric(low, high, average, options.buckets)
    fitting: list[list[float]] = []
    for step in _round_steps(width / options.buckets or abs(high) / 10 or 1.0):
        edges = _linear(low, high, step)
        if len(edges) <= options.buckets:
            fitting.append(edges)
    inside = (edges for edges in fitting[:2] if set(edges) <= set(grid))
    return next(inside, fitting[0] if fitting else [low])


def _linear(low: float, high: float, step: float) -> list[float]:
    first, last = math.floor(low / step), math.floor(high / step)
    edges = sorted({_rounded(number * step) for number in range(first, last + 1)})
    return edges if edges[0] <= low else [low, *edges]


def _geometric(low: float, high: float, average: float, buckets: int) -> list[float]:
    """Edges 1, 2, 5, 10, ..., of few buckets 1, 10, 100, ..., up to the largest number."""
    edges: list[float] = []
    for digits in ((1, 2, 5), (1, 5), (1,)):
        first, last = (math.floor(math.log10(n)) for n in (max(low, average / 100), high))
        decades = range(first, last + 1)
        series = [_rounded(digit * 10.0**decade) for decade in decades for digit in digits]
        below = [edge for edge in series if edge <= low]
        edges = [below[-1] if below else 0.0, *(edge for edge in series if low < edge <= high)]
        if len(edges) <= buckets:
            break
    return edges[:buckets]  # the last one has no upper bound


def _round_steps(least: float) -> Iterator[float]:
    decade = math.floor(math.log10(least))
    for power in range(decade, min(decade + 3, 308)):
        for digit in (1, 2, 5):
            if digit * 10.0**power >= least * 0.999:
                yield digit * 10.0**power


def _rounded(number: float) -> float:
    return float(f"{number:.14g}")


def _date_edges(dates: Range, options: FacetOptions) -> list[str]:
    low, high = ((_EPOCH + timedelta(milliseconds=ms)).date() for ms in (dates.low, dates.high))
    names = [name for name, _, _ in _STEPS]
    first = names.index(options.interval) if isinstance(options.interval, str) else 0
    most = MAX_BUCKETS if first or options.interval == "day" else options.buckets
    for _, days, months in _STEPS[first:]:
        edges = list(_calendar(low, high, days or months, by_months=bool(months), most=most))
        if len(edges) <= most:
            return [edge.isoformat() for edge in edges]
    return [low.isoformat()]


def _calendar(low: date, high: date, step: int, *, by_months: bool, most: int) -> Iterator[date]:
    """The dates at which steps of days or months begin, from the one of `low` on: `most` + 1."""
    if by_months:
        month = max((low.year * 12 + low.month - 1) // step * step, 12)  # since the year 0
        edge = date(month // 12, month % 12 + 1, 1)
    else:
        edge = low - timedelta(days=low.weekday() if step == 7 and low.toordinal() > 7 else 0)
    for _ in range(most + 1):
        if edge > high:
            return
        yield edge
        try:
            if by_months:
                month += step
                edge = date(month // 12, month % 12 + 1, 1)
            else:
                edge += timedelta(days=step)
        except (ValueError, OverflowError):  # after the year 9999
            return
