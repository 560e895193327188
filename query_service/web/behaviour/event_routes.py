"""The routes that take events and queries, in our form and as trackers send them."""

from typing import Annotated, Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import PlainValidator, RootModel

from query_service.access.restrictions import request_limits
from query_service.schemas.behaviour.events import (
    EventAnswer,
    EventForm,
    EventList,
    EventsResponse,
    InsightsEvents,
    UbiEvent,
    UbiQuery,
)
from query_service.serving.service import Service
from query_service.web.behaviour.event_forms import EventError, parse_events
from query_service.web.behaviour.insights_forms import parse_insights
from query_service.web.behaviour.query_forms import parse_queries
from query_service.web.behaviour.recording import (
    EventRecorder,
    answers_of,
    arrived_at,
    malformed,
    none_kept,
)
from query_service.web.json_answer import json_response, problems
from query_service.web.observability.metrics import Metrics
from query_service.web.tags import TRACKERS, VISITORS

_ERRORS = (400, 403, 413, 415, 422, 500, 503)


class EventsBody(
    RootModel[
        Annotated[
            Any,
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


class UbiEventsBody(
    RootModel[
        Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=list[UbiEvent])]
    ]
):
    """Events as the UBI project's JavaScript client sends them."""


class UbiQueriesBody(
    RootModel[
        Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=list[UbiQuery])]
    ]
):
    """Queries as the UBI project's JavaScript client sends them."""


class InsightsBody(
    RootModel[
        Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=InsightsEvents)]
    ]
):
    """Events as the library search-insights sends them."""


def event_routes(service: Service, metrics: Metrics) -> APIBlueprint:
    """POST /v1/events, /ubi_events, /ubi_queries and /1/events."""
    routes = APIBlueprint("behaviour", __name__)
    recorder = EventRecorder(service, metrics)

    @routes.post(
        "/v1/events",
        tags=[VISITORS],
        summary="What a visitor did",
        responses={200: EventsResponse} | problems(*_ERRORS, 507),
    )
    def events(body: EventsBody) -> Response:
        """Keeps events; the next search counts them.

        Where none could be kept: 422 if the events are at fault, 503 or 507 if the cluster is.
        """
        return recorder.answer(parse_events(body.root))

    @routes.post(
        "/ubi_events",
        tags=[TRACKERS],
        summary="Events of the UBI project's client",
        responses={200: EventsResponse} | problems(*_ERRORS, 507),
    )
    def ubi_events(body: UbiEventsBody) -> Response:
        """As /v1/events; an event that is no action on an item is kept too, and does not count."""
        return recorder.answer(parse_events(body.root, any_action=True))

    @routes.post(
        "/ubi_queries",
        tags=[TRACKERS],
        summary="Queries of the UBI project's client",
        responses={200: EventsResponse} | problems(*_ERRORS),
    )
    def ubi_queries(body: UbiQueriesBody) -> Response:
        """Keeps queries as the visitor's; one that this service answered is kept already."""
        parsed = parse_queries(body.root, service.store.limits)
        queries = [each for each in parsed if not isinstance(each, EventError)]
        for query in queries:
            request_limits().check_visitor(query.session_id, query.user_id or None)
        service.record_queries(queries, arrived_at())
        answers = [
            malformed(each)
            if isinstance(each, EventError)
            else EventAnswer(index=index, status="accepted", event_id=each.query_id)
            for index, each in enumerate(parsed)
        ]
        response = answers_of(answers)
        if not response.accepted:
            return none_kept(answers, "query")
        return json_response(response.model_dump(exclude_none=True))

    @routes.post(
        "/1/events",
        tags=[TRACKERS],
        summary="Events of the library search-insights",
        responses={200: EventsResponse} | problems(*_ERRORS, 507),
    )
    def insights(body: InsightsBody) -> Response:
        """One event for each of `objectIDs`; a view of several items is an impression of each."""
        return recorder.answer(parse_insights(body.root))

    return routes
