"""The API's routes: what was asked, to the step that answers it, and its answer as JSON."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, PlainValidator, RootModel

from query_service.schemas.events import (
    DeletedResponse,
    EventAnswer,
    EventForm,
    EventList,
    EventsResponse,
    SessionResponse,
    UbiEvent,
)
from query_service.schemas.search import (
    FieldError,
    Id,
    Problem,
    RankRequest,
    RankResponse,
    RecommendRequest,
    SearchRequest,
    SearchResponse,
)
from query_service.service import Service
from query_service.sessions.intake import EventOutcome
from query_service.web.errors import problem
from query_service.web.event_forms import EventError, parse_events
from query_service.web.metrics import Metrics

SEARCH = Tag(name="search", description="Hits for a query, for a visitor, or in another order.")
VISITORS = Tag(name="visitors", description="What visitors do, and what is kept of it.")


class EventsBody(
    RootModel[
        Annotated[
            Any,
            # Malformed events are answered one by one, so nothing is refused here.
            PlainValidator(
                lambda body: body,
                json_schema_input_type=EventList
                | EventForm
                | UbiEvent
                | list[EventForm | UbiEvent],
            ),
        ]
    ]
):
    """One event, a list of events, or {"events": [...]}; in our form or as UBI events."""


class SessionPath(BaseModel):
    """A session, in a path."""

    session_id: Id


def problems(*statuses: int) -> dict[Any, Any]:
    """The documentation of a route's errors."""
    content = {
        "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
    }
    return {str(status): {"content": content} for status in statuses}


def json_answer(answer: BaseModel, status: int = 200, **options: Any) -> Response:
    """A model as JSON; numbers that are none become null."""
    return Response(
        orjson.dumps(answer.model_dump(**options), option=orjson.OPT_SERIALIZE_NUMPY),
        status=status,
        content_type="application/json",
    )


def hits_answer(answer: SearchResponse) -> Response:
    """A search's answer as JSON; what was not asked for (explanations) is left out."""
    body = answer.model_dump()
    for hit in body["hits"]:
        if hit["explanation"] is None:
            del hit["explanation"]
            continue
        hit["explanation"]["shares"] = [
            {name: value for name, value in share.items() if value is not None}
            for share in hit["explanation"]["shares"]
        ]
    return Response(
        orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), content_type="application/json"
    )


def api(service: Callable[[], Service], metrics: Metrics) -> APIBlueprint:
    """The routes below /v1. `service` gives the running service, or raises IndexNotReady."""
    routes = APIBlueprint("v1", __name__, url_prefix="/v1")
    body_errors = (400, 413, 415, 422, 500, 503)

    @routes.post(
        "/search",
        tags=[SEARCH],
        summary="Hits for a query",
        responses={200: SearchResponse} | problems(*body_errors),
    )
    def search(body: SearchRequest) -> Response:
        """Hits for a live query, personalised by what this visitor did until now."""
        answer = service().pipeline.search(body)
        metrics.answered(answer)
        return hits_answer(answer)

    @routes.post(
        "/recommend",
        tags=[SEARCH],
        summary="Hits without a query",
        responses={200: SearchResponse} | problems(*body_errors),
    )
    def recommend(body: RecommendRequest) -> Response:
        """A start page or a feed; popular and varied where nothing is known of the visitor."""
        answer = service().pipeline.recommend(body)
        metrics.answered(answer)
        return hits_answer(answer)

    @routes.post(
        "/rank",
        tags=[SEARCH],
        summary="Given items in order",
        responses={200: RankResponse} | problems(*body_errors),
    )
    def rank(body: RankRequest) -> Response:
        """Another engine's items, re-ranked for this visitor and query."""
        answer = service().pipeline.rank(body)
        metrics.answered(answer)
        return hits_answer(answer)

    @routes.post(
        "/events",
        tags=[VISITORS],
        summary="What a visitor did",
        responses={200: EventsResponse} | problems(*body_errors),
    )
    def events(body: EventsBody) -> Response:
        """Keeps events; the next search counts them. 422 only when all are malformed."""
        parsed = parse_events(body.root)
        good = [event for event in parsed if not isinstance(event, EventError)]
        outcomes = iter(service().record_events(good)) if good else iter(())
        items = [
            _malformed(event) if isinstance(event, EventError) else _kept(index, next(outcomes))
            for index, event in enumerate(parsed)
        ]
        rejected = sum(item.status == "rejected" for item in items)
        answer = EventsResponse(accepted=len(items) - rejected, rejected=rejected, items=items)
        metrics.took_events(answer)
        if not good:
            return _all_malformed(parsed)
        return json_answer(answer, exclude_none=True)

    @routes.get(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="What is kept of a session",
        responses={200: SessionResponse} | problems(404, 422, 500, 503),
    )
    def session(path: SessionPath) -> Response:
        """All that is kept of a session; of vectors only how long they are."""
        return json_answer(SessionResponse(**service().store.export(path.session_id)))

    @routes.delete(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="Forget a session",
        responses={200: DeletedResponse} | problems(422, 500, 503),
    )
    def forget(path: SessionPath) -> Response:
        """Erases all that is kept of a session, for good."""
        deleted = service().store.delete(path.session_id)
        return json_answer(DeletedResponse(**asdict(deleted)))

    return routes


def _kept(index: int, outcome: EventOutcome) -> EventAnswer:
    rejected = outcome.status == "rejected"
    return EventAnswer(
        index=index,
        status=outcome.status,
        event_id=outcome.event_id,
        error=outcome.reason or None if rejected else None,
        note=outcome.reason or None if not rejected else None,
    )


def _malformed(error: EventError) -> EventAnswer:
    return EventAnswer(
        index=error.index, status="rejected", error=error.message, field=error.field or None
    )


def _all_malformed(parsed: list[Any]) -> Response:
    errors = [
        FieldError(
            field=f"events.{e.index}" + (f".{e.field}" if e.field else ""), message=e.message
        )
        for e in parsed
    ]
    first = errors[0]
    return problem(422, f"No event is well formed. {first.field}: {first.message}", errors)
