"""The API's routes: from a request's body to the service's method, and its result to JSON."""

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, PlainValidator, RootModel

from plugin_config.errors import LiveIntentError
from query_service.schemas.answers import FieldError, Problem, RankResponse, SearchResponse
from query_service.schemas.events import (
    DeletedResponse,
    EventAnswer,
    EventForm,
    EventList,
    EventsResponse,
    ReceivedEvent,
    SessionResponse,
    UbiEvent,
)
from query_service.schemas.facets import facets_json
from query_service.schemas.identifiers import Id
from query_service.schemas.search import RankRequest, RecommendRequest, SearchRequest
from query_service.service import Service
from query_service.sessions.intake import EventOutcome
from query_service.web.errors import problem
from query_service.web.event_forms import EventError, parse_events
from query_service.web.metrics import Metrics

REFUSED_RETRY_AFTER_S = 10  # somebody must change the cluster first
_REFUSALS = {
    "cluster": (503, "The events could not be kept: the cluster does not take them now. Send them "
                     "again."),
    "disk": (507, "The events could not be kept: the cluster's disk is full. Send them again."),
}  # fmt: skip
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
    """A search's response as JSON, without what the request does not want."""
    body = response.model_dump(exclude={"facets"}) | {"facets": facets_json(response.facets)}
    for hit in body["hits"]:
        if hit["highlight"] is None:
            del hit["highlight"]
        else:
            hit["highlight"] = {n: t for n, t in hit["highlight"].items() if t is not None}
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

    def record(received: list[ReceivedEvent]) -> list[EventOutcome]:
        try:
            outcomes = service.record_events(received)
        except LiveIntentError:
            metrics.events_refused.labels("cluster").inc(len(received))
            raise
        for outcome in outcomes:
            if outcome.cause:
                metrics.events_refused.labels(outcome.cause).inc()
        return outcomes

    @routes.post(
        "/events",
        tags=[VISITORS],
        summary="What a visitor did",
        responses={200: EventsResponse} | problems(*body_errors, 507),
    )
    def events(body: EventsBody) -> Response:
        """Keeps events; the next search counts them.

        Where none could be kept: 422 if the events are at fault, 503 or 507 if the cluster is.
        """
        parsed = parse_events(body.root)
        received = [event for event in parsed if not isinstance(event, EventError)]
        outcomes = record(received) if received else []
        following = iter(outcomes)
        items = [
            _malformed(event)
            if isinstance(event, EventError)
            else _recorded(index, next(following))
            for index, event in enumerate(parsed)
        ]
        rejected = sum(item.status == "rejected" for item in items)
        response = EventsResponse(accepted=len(items) - rejected, rejected=rejected, items=items)
        metrics.count_events(response)
        if response.accepted:
            return json_response(response.model_dump(exclude_none=True))
        if causes := {outcome.cause for outcome in outcomes} & _REFUSALS.keys():
            status, detail = _REFUSALS["disk" if "disk" in causes else "cluster"]
            return problem(status, detail, headers={"Retry-After": str(REFUSED_RETRY_AFTER_S)})
        return _none_kept(items)

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


def _none_kept(items: list[EventAnswer]) -> Response:
    errors = [
        FieldError(
            field=f"events.{item.index}" + (f".{item.field}" if item.field else ""),
            message=item.error or "",
        )
        for item in items
    ]
    first = errors[0]
    return problem(422, f"No event is well formed. {first.field}: {first.message}", errors)
