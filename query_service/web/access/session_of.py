"""The session that a request is about."""

from collections.abc import Mapping
from typing import Any

from flask import request

from query_service.web.errors import ApiProblem

_NAMES = ("session_id", "userToken", "client_id")
_USER_TOKEN = "X-Algolia-UserToken"


def session_of() -> str:
    """Its id in the path, the address or the body (of several events the first's); "": none."""
    named = (request.view_args or {}).get("session_id") or request.args.get("session_id")
    if named or request.method == "GET" or not request.content_length:
        return str(named or "")
    if token := request.headers.get(_USER_TOKEN) or request.args.get(_USER_TOKEN.lower()):
        return token
    try:
        body = request.get_json()
    except ApiProblem:  # answered as such later
        return ""
    return _within(body)


def _within(body: Any) -> str:
    if isinstance(body, Mapping):
        if name := next((name for name in _NAMES if name in body), None):
            return str(body[name])[:128]
        body = body.get("events") or body.get("requests")
    first = body[0] if isinstance(body, list) and body else None
    if not isinstance(first, Mapping):
        return ""
    return str(next((first[name] for name in _NAMES if name in first), ""))[:128]
