"""The request for suggestions while a query is typed, and its answer."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from indexer.catalogue.words.spelling import canonical
from query_service.schemas.behaviour.consent import ConsentFields
from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.language import Language
from query_service.schemas.fields.numbers import NO_TEXT
from query_service.schemas.fields.strict import Strict
from query_service.schemas.search.answers import Degradation
from query_service.schemas.search.filters import Filters
from query_service.schemas.search.requests import Deadline

SuggestionType = Literal["query", "category", "brand", "item"]
Prefix = Annotated[
    str,
    StringConstraints(max_length=128),
    AfterValidator(canonical),
    Field(json_schema_extra={"example": "headph"}),
]


class SuggestRequest(ConsentFields):
    """What a visitor has typed so far."""

    prefix: Prefix = Field(description="Empty: the visitor's last queries, and popular ones.")
    session_id: Id
    user_id: Id | None = None
    filters: Filters | None = None
    language: Language | None = Field(
        None,
        description="As of a search: completions in a language of the index. null: in that of the "
        "items' own texts.",
        examples=["de", ["pt-BR", "en"]],
    )
    size: Annotated[int, Field(ge=1, le=50), NO_TEXT] = 10
    deadline_ms: Deadline | None = None


class SuggestionHit(Strict):
    """One suggestion: a query or an item to go to, or a filter to apply."""

    type: SuggestionType
    text: str
    highlighted: str = Field(description="The text as HTML, the letters that were typed in <em>.")
    filters: dict[str, str] = Field(description="For a search's `filters`; {} of query and item.")
    count: int | None = Field(
        None,
        description="Items behind it: under the request's filters if there are any, else when the "
        "suggestions were made; null where they were not counted.",
    )
    own: bool = Field(False, description="A recent query of this visitor; can be removed.")
    corrected: bool = Field(False, description="It fits only if what was typed is misspelt.")
    item_id: str | None = None
    source: dict[str, Any] | None = Field(None, description="Of an item: what a card shows.")


class SuggestResponse(Strict):
    """Suggestions, the visitor's own queries first."""

    prefix: str
    suggestions: list[SuggestionHit]
    language: str | None = Field(None, description="Whose texts complete; null: the items' own.")
    personalized: bool = Field(description="Whether the session's behaviour took part.")
    timing_ms: dict[str, float]
    degraded: list[Degradation]
    index: str = Field(description="The items index that answered.")


class RemovedQueryResponse(Strict):
    """How many documents had the query: of the session and the user, and rows of the log."""

    sessions: int
    users: int
    ubi_queries: int
