"""The API's requests for hits."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from indexer.catalogue.words.spelling import canonical
from query_service.schemas.behaviour.consent import ConsentFields
from query_service.schemas.fields.identifiers import Id, ItemId, PriceList
from query_service.schemas.fields.language import Language
from query_service.schemas.fields.numbers import NO_TEXT, Flag
from query_service.schemas.search.exposure import Exposure
from query_service.schemas.search.facets import Facets
from query_service.schemas.search.filters import Filters
from query_service.schemas.search.highlight import Highlighting
from query_service.schemas.search.sort import Sort
from query_service.user.actions import Scenario

QueryText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=512),
    AfterValidator(canonical),
    Field(json_schema_extra={"pattern": r"\S", "example": "wireless headphones"}),
]
Deadline = Annotated[int, Field(ge=1, le=60000, description="Time for the answer, ms."), NO_TEXT]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=523)]
MAX_DEPTH = 10_000  # hits that can be paged through; the engine's `max_result_window`


class _Visit(ConsentFields):
    session_id: Id
    user_id: Id | None = None
    price_list: PriceList | None = Field(
        None,
        description="The prices to show, filter, sort and count; an item without one has none. "
        "null: the items' own.",
    )
    language: Language | None = Field(
        None,
        description="Searches and shows the texts in a language of the index. A list is a "
        "preference: the first language that the index has. null: the items' own texts.",
        examples=["de", ["pt-BR", "en"]],
    )
    explain: Flag = False
    deadline_ms: Deadline | None = None


class _Paged(_Visit):
    model_config = ConfigDict(
        # A cursor says where the page begins. (No schema can say: from + size at most MAX_DEPTH.)
        json_schema_extra={
            "not": {
                "required": ["cursor", "from"],
                "properties": {"cursor": {"type": "string"}, "from": {"minimum": 1}},
            }
        }
    )

    size: Annotated[
        int,
        Field(ge=0, le=100, description="0: total and facets, no log."),
        NO_TEXT,
    ] = 10
    from_: Annotated[int, Field(ge=0, le=MAX_DEPTH), NO_TEXT] = Field(0, alias="from")
    cursor: str | None = Field(
        None,
        max_length=200_000,
        description="`next_cursor` of the page before, which froze the list.",
    )
    filters: Filters | None = None
    sort: Sort | None = Field(
        None,
        description="null: by relevance to this visitor.",
        json_schema_extra={"example": "price"},
    )
    fields: list[FieldName] | None = Field(
        None,
        max_length=100,
        description="Fields of `source`, `attributes.NAME` of one attribute; null: all, []: none.",
        examples=[["title", "price", "attributes.colour"]],
    )
    facets: Facets = Field(default_factory=list)
    highlight: Highlighting = Field(
        None,
        description="Marks the query's words in each hit's `highlight`; true: with the defaults.",
        examples=[True, {"pre": "<mark>", "post": "</mark>"}],
    )
    collapse: Flag | None = Field(
        None,
        description="One hit for the variants of a product. null: where the index has some, and "
        "`filters.group_id` names none.",
    )
    scenario: Scenario = "shop"
    diversity: Annotated[float, Field(ge=0, le=1), NO_TEXT] | None = Field(
        None,
        description="What an item loses for likeness to those above it, from 0 (nothing) to 1; "
        "null: the service's setting.",
    )

    exposure: Exposure | None = Field(
        None,
        description="Floors of exposure for groups of items; null: the service's setting.",
        examples=[{"floors": {"long_tail": 0.3}, "max_cost": 0.02}],
    )

    @field_validator("from_")
    @classmethod
    def _not_too_deep(cls, from_: int, info: ValidationInfo) -> int:
        size = info.data.get("size", 1)
        if from_ + size > MAX_DEPTH:
            raise ValueError(
                f"from + size is {from_ + size}, at most {MAX_DEPTH}: narrow the search by filters"
            )
        return from_

    @field_validator("cursor")
    @classmethod
    def _without_from(cls, cursor: str | None, info: ValidationInfo) -> str | None:
        if cursor is not None and info.data.get("from_"):
            raise ValueError("a cursor already says where the page begins: leave `from` out")
        return cursor


class SearchRequest(_Paged):
    """A live query of a visitor."""

    query: QueryText
    spelling: Flag = Field(
        True, description="false: the query's words are searched as they are, none misspelt."
    )


class RecommendRequest(_Paged):
    """No query: a start page, a feed, what to watch next."""


class RankRequest(_Visit):
    """Items of another engine's answer, to be ordered for this visitor."""

    item_ids: list[ItemId] = Field(
        min_length=1, max_length=500, json_schema_extra={"uniqueItems": True}
    )
    query: QueryText | None = None
    size: Annotated[int, Field(ge=1, le=500), NO_TEXT] | None = None

    @field_validator("item_ids")
    @classmethod
    def _unique(cls, item_ids: list[str]) -> list[str]:
        earlier: set[str] = set()
        for item_id in item_ids:
            if item_id in earlier:
                raise ValueError(f"the id {item_id} stands there twice")
            earlier.add(item_id)
        return item_ids
