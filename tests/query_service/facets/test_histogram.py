"""Edges of histograms: round, few, and around all numbers."""

import itertools
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from query_service.facets.facet_field import FacetField
from query_service.facets.histogram import Histogram, shown_number
from query_service.facets.number_grid import NumberGrid, Range
from query_service.schemas.search.facets import FacetOptions

PRICE = FacetField("number", "price")
DATE = FacetField("date", "attribute_values.made")


def edges(low: float, high: float, average: float | None = None, **options: Any) -> list[Any]:
    middle = (low + high) / 2 if average is None else average
    return of(PRICE, Range(2, low, high, 2 * middle), **options)


def dates(low: str, high: str, **options: Any) -> list[Any]:
    ms = [datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000 for day in (low, high)]
    return of(DATE, Range(2, *ms, sum(ms)), **options)


def of(field: FacetField, numbers: Range, **options: Any) -> list[Any]:
    histogram = Histogram.of(numbers, field, FacetOptions(name="price", **options))
    assert histogram is not None
    return list(histogram.edges)


def test_edges_are_round_and_few() -> None:
    assert edges(4.99, 394.99) == [0, 50, 100, 150, 200, 250, 300, 350]
    assert edges(4.99, 394.99, buckets=2) == [0, 200]
    assert edges(50, 50) == [50]
    assert edges(0, 0) == [0]
    assert edges(0.1, 0.7, buckets=7) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert edges(-12.5, 40) == [-20, -10, 0, 10, 20, 30, 40]


def test_edges_of_skewed_numbers_grow() -> None:
    assert edges(0.5, 90_000, 40) == [0.1, 1, 10, 100, 1000, 10_000]
    assert edges(0, 3000, 100) == [0, 1, 5, 10, 50, 100, 500, 1000]


def test_an_interval_is_kept_or_multiplied() -> None:
    assert edges(4.99, 394.99, interval=100) == [0, 100, 200, 300]
    multiplied = edges(0, 1000, interval=7)
    assert multiplied == [21 * n for n in range(48)]
    assert len(edges(0, 1e30, interval=1e-9)) <= 50


def test_edges_of_dates_begin_a_day_a_month_or_a_year() -> None:
    assert dates("2024-01-30", "2024-02-02") == [
        "2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02",
    ]  # fmt: skip
    assert dates("2024-02-15", "2024-05-01") == [
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
        "2024-05-01",
    ]
    assert dates("2019-01-15", "2024-09-15")[:2] == ["2019-01-01", "2020-01-01"]
    assert dates("1951-06-01", "2024-09-15")[:2] == ["1950-01-01", "1960-01-01"]
    assert dates("2024-02-15", "2024-05-01", interval="quarter") == ["2024-01-01", "2024-04-01"]
    assert dates("2024-02-15", "2024-03-01", interval="week") == [
        "2024-02-12", "2024-02-19", "2024-02-26",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1e308, 1e308), (1e15, 1e15 + 1), (5e-324, 1e-300), (0, 1e308), (0, 5e-324), (-5, -5)],
)
@pytest.mark.parametrize("buckets", [1, 10, 50])
@pytest.mark.parametrize("interval", [None, 1e-9, 0.3, 1e15])
def test_any_numbers_have_edges(
    low: float, high: float, buckets: int, interval: float | None
) -> None:
    for average in (None, low, high, high / 1000):
        found = edges(low, high, average, buckets=buckets, interval=interval)
        assert found == sorted(set(found))
        assert found[0] <= low
        assert all(map(math.isfinite, found))
        assert len(found) <= (50 if interval else buckets)


@pytest.mark.parametrize("interval", [None, "day", "year"])
@pytest.mark.parametrize("buckets", [1, 10, 50])
def test_any_dates_have_edges(buckets: int, interval: str | None) -> None:
    for low, high in (("0001-01-01", "9999-12-31"), ("9999-12-31", "9999-12-31"),
                      ("0001-01-01", "0001-01-09"), ("2024-02-29", "2031-01-01")):  # fmt: skip
        found = dates(low, high, buckets=buckets, interval=interval)
        assert found == sorted(set(found))
        assert found[0] <= low
        assert len(found) <= (50 if interval else buckets)


def test_numbers_are_shown_as_they_were_given() -> None:
    assert shown_number(19.989999771118164, PRICE) == 19.99
    assert shown_number(1704412800000.0, DATE) == "2024-01-05"
    assert shown_number(1704448800000.0, DATE) == "2024-01-05T10:00:00.000Z"


@pytest.mark.parametrize("numbers", [Range(9, 4.99, 394.99, 1800), Range(9, 0.5, 900, 90)])
def test_edges_in_a_grid_add_its_items_up(numbers: Range) -> None:
    grid = NumberGrid.of(0.49, 5000, single=True).edges
    histogram = Histogram.of(numbers, PRICE, FacetOptions(name="price"), grid)
    assert histogram is not None
    items = [1 if edge < numbers.high else 0 for edge in grid]
    counted = histogram.of_grid(grid, items)
    assert counted is not None
    sums = [bucket["doc_count"] for bucket in counted["buckets"]]
    bounds = [*histogram.edges, math.inf]
    inside = [sum(low <= edge < high for edge, n in zip(grid, items, strict=True) if n)
              for low, high in itertools.pairwise(bounds)]  # fmt: skip
    assert sums == inside


def test_fields_with_several_or_negative_numbers_have_no_grid() -> None:
    assert NumberGrid.of(1, 10, single=False).edges == ()
    assert NumberGrid.of(-1, 10, single=True).edges == ()
    assert NumberGrid.of(0, 0, single=True).edges == ()
    assert len(NumberGrid.of(0, 1e200, single=True).edges) < 140
