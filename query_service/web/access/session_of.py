"""The session that a request is about."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import request
from pydantic import TypeAdapter, ValidationError

from query_service.schemas.fields.identifiers import Id
from query_service.web.errors import ApiProblem

_OURS, _TRACKERS, _FRONT_ENDS = ("session_id",), ("session_id", "client_id"), ("userToken",)
_USER_TOKEN = "X-Algolia-UserToken"
_ID: TypeAdapter[str] = TypeAdapter(Id)


def session_of() -> str:
    """Its id in the path, the address or the body (of several events the first's); "": none.

    Where the route reads it, and as the text that the route makes of it.
    """
    named = (request.view_args or {}).get("session_id") or request.args.get("session_id")
    if named or request.method == "GET" or not request.content_length:
        return _text(named)
    try:
        body = request.get_json()
    except ApiProblem:  # answered as such later
        return ""
    if request.path.startswith("/1/"):
        token = request.headers.get(_USER_TOKEN) or request.args.get(_USER_TOKEN.lower())
        return _within(body, _FRONT_ENDS) or _text(token)
    return _within(body, _TRACKERS if request.path.startswith("/ubi_") else _OURS)


def _within(body: Any, names: tuple[str, ...]) -> str:
    if isinstance(body, Mapping):
        if name := _named(body, names):
            return name
        body = body.get("events") or body.get("requests")
    first = body[0] if isinstance(body, list) and body else None
    return _named(first, names) if isinstance(first, Mapping) else ""


def _named(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for each in (_parameters(fields), fields) if names is _FRONT_ENDS else (fields,):
        for name in names:
            if each.get(name) not in (None, ""):
                return _text(each[name])
    return ""


def _parameters(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What InstantSearch may send beside the fields, or in their place."""
    parameters = fields.get("params") or fields.get("queryParameters")
    if isinstance(parameters, str):
        return dict(parse_qsl(parameters))
    return parameters if isinstance(parameters, Mapping) else {}


def _text(value: object) -> str:
    """The id as the service reads it, `5` of 5.0; "" of what it refuses."""
    try:
        return _ID.validate_python(value)
    except ValidationError:
        return ""
