"""Records parsed events, and answers what became of each."""

import time
from collections.abc import Sequence

from flask import Response, g

from plugin_config.errors import LiveIntentError
from query_service.access.restrictions import request_limits
from query_service.schemas.behaviour.events import EventAnswer, EventsResponse, ReceivedEvent
from query_service.schemas.problems import FieldError
from query_service.serving.service import Service
from query_service.sessions.document_writes import LASTING_RETRY_AFTER_S
from query_service.sessions.intake import EventOutcome
from query_service.web.behaviour.event_forms import EventError, ParsedEvents
from query_service.web.errors import problem
from query_service.web.json_answer import json_response
from query_service.web.observability.metrics import Metrics

_REFUSALS = {
    "cluster": (503, "The events could not be kept: the cluster does not take them now. Send them "
                     "again."),
    "disk": (507, "The events could not be kept: the cluster's disk is full. Send them again."),
}  # fmt: skip


class EventRecorder:
    """Keeps the well-formed events of a request. Safe to use from many threads."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self._service = service
        self._metrics = metrics

    def answer(self, parsed: ParsedEvents) -> Response:
        """Keep the events; 200 where any is kept, else 422, 503 or 507.

        Raises ClusterUnavailable; NotAllowed for a user that the caller's key may not name.
        """
        received = [event for event in parsed if not isinstance(event, EventError)]
        for event in received:
            request_limits().check_visitor(event.session_id, event.user_id or None)
        outcomes = self._record(received) if received else []
        following = iter(outcomes)
        items = [
            malformed(event) if isinstance(event, EventError) else _recorded(index, next(following))
            for index, event in enumerate(parsed)
        ]
        response = answers_of(items)
        self._metrics.count_events(response)
        if response.accepted or not items:
            return json_response(response.model_dump(exclude_none=True))
        if causes := {outcome.cause for outcome in outcomes} & _REFUSALS.keys():
            status, detail = _REFUSALS["disk" if "disk" in causes else "cluster"]
            return problem(status, detail, headers={"Retry-After": str(LASTING_RETRY_AFTER_S)})
        return none_kept(items, "event")

    def _record(self, received: list[ReceivedEvent]) -> list[EventOutcome]:
        refused = self._metrics.events_refused
        try:
            outcomes = self._service.record_events(received, arrived_at())
        except LiveIntentError:
            refused.labels("cluster").inc(len(received))
            raise
        for outcome in outcomes:
            if outcome.cause:
                refused.labels(outcome.cause).inc()
        return outcomes


def arrived_at() -> float:
    """When the request had arrived, in seconds since 1970."""
    return time.time() - (time.perf_counter() - float(g.started))


def answers_of(items: Sequence[EventAnswer]) -> EventsResponse:
    """The answer about events or queries, one by one."""
    rejected = sum(item.status == "rejected" for item in items)
    return EventsResponse(accepted=len(items) - rejected, rejected=rejected, items=list(items))


def malformed(error: EventError) -> EventAnswer:
    """The answer about a malformed event or query."""
    return EventAnswer(
        index=error.index, status="rejected", error=error.message, field=error.field or None
    )


def none_kept(items: Sequence[EventAnswer], noun: str) -> Response:
    """A 422 that names what is wrong with each event or query."""
    plural = "queries" if noun == "query" else "events"
    errors = [
        FieldError(
            field=f"{plural}.{item.index}" + (f".{item.field}" if item.field else ""),
            message=item.error or "",
        )
        for item in items
    ]
    first = errors[0]
    return problem(422, f"No {noun} is well formed. {first.field}: {first.message}", errors)


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
