"""Facets: what a request asks of them, and what an answer has."""

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from indexer.catalogue.attributes.attributes import MAX_NAME
from indexer.catalogue.attributes.facets import ATTRIBUTES
from query_service.schemas.fields.alternatives import chosen_by_kind, is_number, is_text, named
from query_service.schemas.fields.numbers import NO_TEXT, Number
from query_service.schemas.fields.strict import Strict

MAX_FACETS = 30
MAX_VALUES = 200  # values of a facet
MAX_BUCKETS = 50  # of a histogram
DATE_INTERVALS = ("day", "week", "month", "quarter", "year")

FacetName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=len(ATTRIBUTES) + MAX_NAME),
    Field(json_schema_extra={"example": "brand"}),
]
_Width = Annotated[Number, Field(gt=0, le=1e15)]
_Unit = Literal["day", "week", "month", "quarter", "year"]
Interval = Annotated[
    _Width | _Unit,
    chosen_by_kind(
        f"a number is wanted, or of dates one of {', '.join(DATE_INTERVALS)}",
        (is_number, _Width),
        (is_text, _Unit),
    ),
]
FacetKind = Literal["text", "category", "number", "date", "boolean"]


class FacetOptions(Strict):
    """A facet, and how its values are listed."""

    name: FacetName = Field(description="brand, category, price, ..., attributes.NAME.")
    size: Annotated[
        int,
        Field(ge=1, le=MAX_VALUES, description="Most values; of a category, below each parent."),
        NO_TEXT,
    ] = 20
    sort: Literal["count", "name"] = "count"
    facet_query: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="Only values that contain this text, in any letter case; of texts."
    )
    buckets: Annotated[
        int, Field(ge=1, le=MAX_BUCKETS, description="Most buckets of the histogram."), NO_TEXT
    ] = 10
    interval: Interval | None = Field(
        None,
        description="Width of the histogram's buckets, of dates a unit; multiplied where it would "
        f"make more than {MAX_BUCKETS}. Default: a round one that makes at most `buckets`.",
    )


def _different(facets: list[FacetOptions]) -> list[FacetOptions]:
    for name, count in Counter(facet.name for facet in facets).items():
        if count > 1:
            raise ValueError(f"the facet {name} stands there {count} times")
    return facets


_Facet = Annotated[
    FacetOptions,
    BeforeValidator(
        named("name", 'the name of a field is wanted, or {"name": ..., "size": ...}'),
        json_schema_input_type=FacetName | FacetOptions,
    ),
]
Facets = Annotated[
    list[_Facet],
    AfterValidator(_different),
    Field(
        max_length=MAX_FACETS,
        description="Names, or objects with options.",
        json_schema_extra={"uniqueItems": True},
    ),
]


class FacetValue(Strict):
    """A value, and how many items have it, or products where hits collapse."""

    value: str | bool = Field(description="As a filter takes it; of a category its whole path.")
    count: int
    name: str | None = Field(default=None, description="Of a category: the last part of its path.")
    refined: bool = Field(default=False, description="The request's filters ask for this value.")
    excluded: bool = Field(default=False, description="The request's filters exclude this value.")
    values: "list[FacetValue] | None" = Field(
        default=None, description="Of a category: those below it."
    )
    more_values: bool | None = Field(
        default=None, description="Whether `values` is not all of them."
    )


class FacetBucket(Strict):
    """The items with a number or date in [gte, lt); without `lt` there is no upper bound."""

    gte: float | str
    lt: float | str | None = None
    count: int


class Facet(Strict):
    """The counts of one facet over the items that `total` counts, of products where hits collapse.

    Where `refined`, the facet's own filter is left out of its counts.
    """

    kind: FacetKind
    refined: bool = Field(description="The request has a filter on this field.")
    values: list[FacetValue] | None = None
    more_values: bool | None = Field(
        default=None, description="Whether `values` is not all of them."
    )
    min: float | str | None = None
    max: float | str | None = None
    average: float | str | None = None
    histogram: list[FacetBucket] | None = None


def facets_json(facets: dict[str, Facet] | None) -> dict[str, Any] | None:
    """The facets of an answer as JSON: without what does not apply to their kind."""
    if facets is None:
        return None
    return {name: facet.model_dump(exclude_defaults=True) for name, facet in facets.items()}
