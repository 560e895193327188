"""Why a list was shown: what `live-intent explain` and its route answer."""

from typing import Any

from pydantic import BaseModel, Field

from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.strict import Strict


class QueryPath(BaseModel):
    """A query, in a path."""

    query_id: Id


class ShownItem(Strict):
    """An item of the list, with what put it there."""

    item_id: str
    position: int
    title: str
    score: float | None
    by_meaning: bool
    below_candidates: bool = Field(description="In the engine's order, below those re-ranked.")
    legs: dict[str, float] = Field(description="Score of each leg that found it.")
    shares: list[dict[str, Any]] = Field(
        description="`kind` and `value` of each; they add up to the score. Empty: not kept."
    )
    pinned_by: str | None = Field(description="Id of the rule that put it there.")
    clicked: bool = Field(description="The visitor acted on it.")


class QueryExplanation(Strict):
    """Why a list was shown, as the row of `ubi_queries` has it; nothing is worked out again."""

    query_id: str
    timestamp: str
    answered_here: bool = Field(
        description="false: a client sent the query, and another engine or version answered it."
    )
    query_text: str | None = Field(description="null: it is not kept.")
    session_id: str | None
    user_id: str | None
    asked: dict[str, Any]
    configuration: dict[str, Any] = Field(
        description="`index`, `encoder`, `bundle`, `reranker`, `weights`, `experiment`."
    )
    rules: list[dict[str, Any]]
    stages: list[str]
    degraded: dict[str, str] = Field(description="The reason of each stage that was left out.")
    behaviour: dict[str, int] = Field(description="Events and earlier queries that counted.")
    personalized: bool
    took_ms: float | None
    deadline_ms: int | None
    timing_ms: dict[str, float]
    total: int | None
    hits: list[ShownItem]
    instead: list[ShownItem] = Field(description="Items shown in place of hits.")
