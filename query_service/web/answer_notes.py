"""What the log and the trace of a request say of its answers; no text of a person by default."""

from typing import Any

from flask import g, has_app_context, request

from query_service.context import RequestContext
from query_service.schemas.search.answers import SearchResponse

MOST = 10  # queries of one request that are named: front ends send up to 50


def route_of_request() -> str:
    """The route of the request under way, not its path: there are few of them."""
    return request.url_rule.rule if request.url_rule else "(none)"


def note_answer(context: RequestContext, answer: SearchResponse, *, texts: bool) -> None:
    """Note an answer of the request under way; `texts`: with the query's text."""
    if not has_app_context():
        return
    notes: dict[str, Any] = g.setdefault("notes", {})
    if len(notes.setdefault("query_id", [])) >= MOST:
        return
    notes["query_id"].append(answer.query_id)
    notes["index"] = answer.index
    notes["personalized"] = notes.get("personalized", False) or answer.personalized
    notes.setdefault("hits", []).append(answer.total.value)
    degraded = [f"{part.stage}: {part.cause}" for part in answer.degraded]
    if degraded:
        notes["degraded"] = sorted({*notes.get("degraded", ()), *degraded})
    if texts and context.query_text:
        notes.setdefault("query_text", []).append(context.query_text)


def note_problem(error: Exception) -> None:
    """Note why the request under way is not answered: the log has the error once, and counts it."""
    if has_app_context():
        g.setdefault("notes", {})["problem"] = type(error).__name__


def notes_of_request() -> dict[str, Any]:
    """The notes of the request under way."""
    notes: dict[str, Any] = g.get("notes", {})
    return notes
