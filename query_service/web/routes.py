"""The API's routes: from a request's body to the service's method, and its result to JSON."""

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from flask import Response, g
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
from query_service.schemas.identifiers import Id
from query_service.schemas.search import (
    FieldError,
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


def json_response(body: dict[str, Any]) -> Response:
    """A 200 with `body` as JSON; NaN becomes null."""
    content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, content_type="application/json")


def hits_response(response: SearchResponse) -> Response:
    """A search's response as JSON, without explanations if the request wants none."""
    body = response.model_dump()
    for hit in body["hits"]:
        if hit["explanation"] is None:
            del hit["explanation"]
            continue
        hit["explanation"]["shares"] = [
            {name: value for name, value in share.items() if value is not None}
            for share in hit["explanation"]["shares"]
        ]
    return json_response(body)


def api(service: Service, metrics: Metrics) -> APIBlueprint:
    """The routes below /v1."""
    routes = APIBlueprint("v1", __name__, url_prefix="/v1")
    body_errors = (400, 413, 415, 422, 500, 503)

    def hits(response: SearchResponse) -> Response:
        metrics.count_response(response)
        return hits_response(response)

    @routes.post(
        "/search",
        tags=[SEARCH],
        summary="Hits for a query",
        responses={200: SearchResponse} | problems(410, *body_errors),
    )
    def search(body: SearchRequest) -> Response:
        """Hits for a live query, personalised by what this visitor did until now."""
        return hits(service.pipeline.search(body, g.started))

    @routes.post(
        "/recommend",
        tags=[SEARCH],
        summary="Hits without a query",
        responses={200: SearchResponse} | problems(410, *body_errors),
    )
    def recommend(body: RecommendRequest) -> Response:
        """A start page or a feed; popular and varied where nothing is known of the visitor."""
        return hits(service.pipeline.recommend(body, g.started))

    @routes.post(
        "/rank",
        tags=[SEARCH],
        summary="Given items in order",
        responses={200: RankResponse} | problems(*body_errors),
    )
    def rank(body: RankRequest) -> Response:
        """Another engine's items, re-ranked for this visitor and query."""
        return hits(service.pipeline.rank(body, g.started))

    @routes.post(
        "/events",
        tags=[VISITORS],
        summary="What a visitor did",
        responses={200: EventsResponse} | problems(*body_errors),
    )
    def events(body: EventsBody) -> Response:
        """Keeps events; the next search counts them. 422 only when all are malformed."""
        parsed = parse_events(body.root)
        received = [event for event in parsed if not isinstance(event, EventError)]
        outcomes = iter(service.record_events(received)) if received else iter(())
        items = [
            _malformed(event) if isinstance(event, EventError) else _recorded(index, next(outcomes))
            for index, event in enumerate(parsed)
        ]
        rejected = sum(item.status == "rejected" for item in items)
        response = EventsResponse(accepted=len(items) - rejected, rejected=rejected, items=items)
        metrics.count_events(response)
        if not received:
            return _all_malformed(parsed)
        return json_response(response.model_dump(exclude_none=True))

    @routes.get(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="What is kept of a session",
        responses={200: SessionResponse} | problems(404, 422, 500, 503),
    )
    def session(path: SessionPath) -> Response:
        """All that is kept of a session; of vectors only how long they are."""
        exported = SessionResponse(**service.store.export(path.session_id))
        return json_response(exported.model_dump())

    @routes.delete(
        "/sessions/<session_id>",
        tags=[VISITORS],
        summary="Forget a session",
        responses={200: DeletedResponse} | problems(422, 500, 503),
    )
    def forget(path: SessionPath) -> Response:
        """Erases all that is kept of a session, for good."""
        deleted = service.store.delete(path.session_id)
        return json_response(DeletedResponse(**asdict(deleted)).model_dump())

    return routes


def _recorded(index: int, outcome: EventOutcome) -> EventAnswer:
    reason = outcome.reason or None
    rejected = outcome.status == "rejected"
    return EventAnswer(
        index=index,
        status=outcome.status,
        event_id=outcome.event_id,
        error=reason if rejected else None,
        note=None if rejected else reason,
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
