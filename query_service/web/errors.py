"""Errors of the API as problem details (RFC 9457), for every route."""

import http
import logging
from collections.abc import Mapping, Sequence

import orjson
from flask import Flask, Response, g, has_request_context, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from plugin_config.errors import ClusterUnavailable, LiveIntentError, RequestRefused
from query_service.cursor import CursorExpired, CursorInvalid
from query_service.instantsearch.conditions import RequestMalformed
from query_service.instantsearch.index_names import IndexUnknown
from query_service.records.query_explanation import QueryUnknown
from query_service.retrieval.problems import FieldProblem
from query_service.schemas.problems import FieldError, Problem
from query_service.sessions.rights.session_export import SessionUnknown
from query_service.web.answer_notes import note_problem
from query_service.web.deadlines import FRONT_ENDS
from query_service.web.field_errors import BodyMalformed, field_errors

logger = logging.getLogger(__name__)
RETRY_AFTER_S = LiveIntentError.retry_after_s
CONTENT_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """A request that the client must change before it can be answered."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


def problem(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response with the problem details; a 503 and a 507 have Retry-After.

    InstantSearch front ends read {"message", "status"}.
    """
    if has_request_context() and request.path.startswith(FRONT_ENDS):
        content = orjson.dumps({"message": detail, "status": status})
        response = Response(content, status=status, content_type="application/json")
        return _completed(response, headers)
    body = Problem(
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:request:{g.get('request_id', 'none')}",
        errors=list(errors) or None,
    )
    content = orjson.dumps(body.model_dump(exclude_none=True))
    return _completed(Response(content, status=status, content_type=CONTENT_TYPE), headers)


def _completed(response: Response, headers: Mapping[str, str] | None) -> Response:
    response.headers.update(headers or {})
    if response.status_code in (503, 507):
        response.headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    return response


def invalid(error: ValidationError) -> Response:
    """A 422 that names each wrong field."""
    errors = field_errors(error)
    detail = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
    return problem(422, detail, errors)


def register(app: Flask) -> None:
    """Turn every exception of a request into a problem document."""
    app.register_error_handler(
        ApiProblem, lambda e: problem(e.status, e.detail, e.errors, e.headers)
    )
    app.register_error_handler(BodyMalformed, lambda error: problem(422, str(error)))
    app.register_error_handler(ValidationError, invalid)
    app.register_error_handler(FieldProblem, _wrong_field)
    for unknown in (SessionUnknown, QueryUnknown):
        app.register_error_handler(unknown, lambda error: problem(404, str(error)))
    app.register_error_handler(CursorInvalid, lambda error: problem(422, str(error)))
    app.register_error_handler(CursorExpired, lambda error: problem(410, str(error)))
    app.register_error_handler(IndexUnknown, lambda error: problem(404, str(error)))
    app.register_error_handler(RequestMalformed, lambda error: problem(400, str(error)))
    app.register_error_handler(ClusterUnavailable, unavailable)
    app.register_error_handler(RequestRefused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _wrong_field(error: FieldProblem) -> Response:
    return problem(422, str(error), error.errors)


def unavailable(error: LiveIntentError) -> Response:
    """A 503 in plain words: the log has the cause, with addresses, by the request's id."""
    logger.error("answered 503: %s", error)
    note_problem(error)
    headers = {"Retry-After": str(error.retry_after_s)}
    return problem(503, f"{error.plain} Try again in a moment.", headers=headers)


def _refused(error: RequestRefused) -> Response:
    """A 500 without Retry-After: the engine would refuse the same request again."""
    logger.error("answered 500: %s", error)
    note_problem(error)
    return problem(500, f"{error.plain} The log says more, by the request's id.")


_DETAILS = {
    404: "There is no such page; the API is described at /docs.",
    413: "The body is too large (LIVE_INTENT_MAX_BODY_BYTES).",
}


def _http_error(error: HTTPException) -> Response:
    response = error.get_response()
    if error.code is None or error.code < 400:  # a redirect is no problem
        return Response(response.get_data(), response.status_code, dict(response.headers))
    if error.response is not None and response.content_type == CONTENT_TYPE:
        return error.response  # type: ignore[return-value]
    headers = {name: response.headers[name] for name in ("Allow",) if name in response.headers}
    detail = _DETAILS.get(error.code) or error.description or error.name
    return problem(error.code, detail, headers=headers)


def _unexpected(error: Exception) -> Response:
    if isinstance(error, LiveIntentError):
        return unavailable(error)
    logger.error("answered 500", exc_info=error)
    note_problem(error)
    return problem(500, "This should not have happened. The log says more, by the request's id.")
