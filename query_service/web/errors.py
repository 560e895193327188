"""Errors of the API: problem details (RFC 9457), made in one place for every route."""

import http
import logging
from collections.abc import Mapping, Sequence

import orjson
from flask import Flask, Response, g
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from plugin_config.errors import ClusterUnavailable, LiveIntentError
from query_service.schemas.search import FieldError, Problem
from query_service.sessions.erasure import SessionUnknown
from query_service.web.event_forms import EventsMalformed

logger = logging.getLogger(__name__)
RETRY_AFTER_S = 1
CONTENT_TYPE = "application/problem+json"


class ApiProblem(Exception):
    """A request that can't be answered as it is."""

    def __init__(self, status: int, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)


def problem(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a problem; 503 with Retry-After."""
    body = Problem(
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=f"urn:request:{g.get('request_id', 'none')}",
        errors=list(errors) or None,
    )
    content = orjson.dumps(body.model_dump(exclude_none=True))
    answer = Response(content, status=status, content_type=CONTENT_TYPE)
    answer.headers.update(headers or {})
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def invalid(error: ValidationError) -> Response:
    """422 that names each wrong field."""
    errors = [
        FieldError(
            field=".".join(str(part) for part in detail["loc"]),
            message=detail["msg"].removeprefix("Value error, "),
        )
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    told = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
    return problem(422, told, errors)


def register(app: Flask) -> None:
    """Every error that a request may end in becomes a problem document."""
    app.register_error_handler(ApiProblem, _api_problem)
    app.register_error_handler(EventsMalformed, lambda error: problem(422, str(error)))
    app.register_error_handler(ValidationError, invalid)
    app.register_error_handler(SessionUnknown, lambda error: problem(404, str(error)))
    app.register_error_handler(ClusterUnavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def _api_problem(error: ApiProblem) -> Response:
    return problem(error.status, error.detail, error.errors)


def _unavailable(error: ClusterUnavailable) -> Response:
    logger.warning("answered 503: %s", error)
    return problem(503, str(error))


_DETAILS = {
    404: "There is no such page; the API is described at /docs.",
    413: "The body is too large (LIVE_INTENT_MAX_BODY_BYTES).",
}


def _http(error: HTTPException) -> Response:
    answer = error.get_response()
    if error.code is None or error.code < 400:  # a redirect is no problem
        return Response(answer.get_data(), answer.status_code, dict(answer.headers))
    if error.response is not None and answer.content_type == CONTENT_TYPE:
        return error.response  # type: ignore[return-value]
    keep = {name: answer.headers[name] for name in ("Allow",) if name in answer.headers}
    detail = _DETAILS.get(error.code) or error.description or error.name
    return problem(error.code, detail, headers=keep)


def _unknown(error: Exception) -> Response:
    if isinstance(error, LiveIntentError):
        logger.error("answered 503: %s", error)
        return problem(503, str(error))
    logger.error("answered 500", exc_info=error)
    return problem(500, "This should not have happened. The log says more, by the request's id.")
