"""How the words that a query found are marked in hits."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from query_service.schemas.fields.numbers import NO_TEXT
from query_service.schemas.fields.strict import Strict

HighlightField = Literal["title", "description"]
Mark = Annotated[str, StringConstraints(max_length=100)]


class HighlightRequest(Strict):
    """Marks of the caller's choice around the words; all other text is HTML-escaped."""

    fields: list[HighlightField] = Field(["title", "description"], min_length=1, max_length=2)
    pre: Mark = Field("<em>", description="Before a word, as it is.")
    post: Mark = Field("</em>", description="Behind a word, as it is.")
    fragment_size: Annotated[int, Field(ge=20, le=1000), NO_TEXT] = Field(
        150, description="Characters of a fragment of the description, about."
    )
    fragments: Annotated[int, Field(ge=1, le=5), NO_TEXT] = Field(
        1, description="Fragments of the description, at most."
    )


def _defaults(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is None or isinstance(value, Mapping | HighlightRequest):
        return value
    raise ValueError('true, false or an object is wanted, as {"fields": ["title"]}')


Highlighting = Annotated[
    HighlightRequest | None,
    BeforeValidator(_defaults, json_schema_input_type=bool | HighlightRequest | None),
]
