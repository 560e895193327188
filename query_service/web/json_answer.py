"""Answers in JSON, and the documentation of errors."""

from typing import Any

import orjson
from flask import Response

from query_service.schemas.problems import Problem


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
