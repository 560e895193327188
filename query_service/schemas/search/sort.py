"""The order of a request's hits."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from query_service.schemas.fields.alternatives import named
from query_service.schemas.fields.strict import Strict

RELEVANCE = "relevance"
SortName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=523),
    Field(json_schema_extra={"pattern": r"\S", "example": "price"}),
]
Direction = Literal["asc", "desc"]


class SortBy(Strict):
    """What all matches are sorted by; the items that lack it come last."""

    by: SortName = Field(
        description="relevance, price, newest, popularity, name, or attributes.NAME of an "
        "attribute of numbers or dates.",
    )
    order: Direction | None = Field(
        None, description="null: newest and popularity descending, any other ascending."
    )


Sort = Annotated[
    SortBy,
    BeforeValidator(
        named("by", 'the name of a field is wanted, or {"by": ..., "order": ...}'),
        json_schema_input_type=SortName | SortBy,
    ),
]
