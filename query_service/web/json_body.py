"""Request bodies: JSON objects or lists, of a bounded size."""

from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from query_service.web.errors import ApiProblem

_UNREAD = object()
# What browsers send without a preflight: `navigator.sendBeacon`, and the library algoliasearch.
_PLAIN_PATHS = {
    "text/plain": ("/v1/events", "/1/", "/ubi_events", "/ubi_queries"),
    "application/x-www-form-urlencoded": ("/1/",),
}

MAX_DEPTH = 100  # objects and lists inside each other
_CHECKED_ONE_BY_ONE = ("/v1/events", "/1/events", "/ubi_events", "/ubi_queries")  # at 50


def is_plain(mimetype: str) -> bool:
    """Whether a browser sends such a body to another origin without asking."""
    return mimetype in _PLAIN_PATHS


class JsonRequest(Request):
    """A request whose JSON is read once, strictly, by orjson."""

    _parsed: Any = _UNREAD

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body, an object or a list. Raises ApiProblem 400, 415 or 422; werkzeug raises 413.

        An unreadable body raises even with `silent`: the client learns the reason.
        """
        if self._parsed is _UNREAD:
            self._parsed = self._read()
        return self._parsed

    def _read(self) -> Any:
        taken = _PLAIN_PATHS.get(self.mimetype, ())
        if self.mimetype != "application/json" and not self.path.startswith(taken):
            other = f", not {self.mimetype}" if self.mimetype else ""
            raise ApiProblem(415, f"The body must be application/json{other}.")
        charset = self.mimetype_params.get("charset", "utf-8").lower()
        if charset not in ("utf-8", "utf8"):
            raise ApiProblem(415, f"The body must be in UTF-8, not {charset}.")
        content = self._content()
        if self.content_length is None and len(content) == self.max_content_length:
            # A chunked body announces no length to refuse; werkzeug cuts it off at the limit.
            raise RequestEntityTooLarge
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ApiProblem(400, f"The body is no valid JSON: {error}") from None
        if not isinstance(body, dict | list):
            raise ApiProblem(422, "The body must be a JSON object.")
        checks_itself = self.path.startswith(_CHECKED_ONE_BY_ONE)
        if not checks_itself and _may_be_deep(content) and _is_deeper(body):
            raise ApiProblem(422, f"The body is nested more than {MAX_DEPTH} deep.")
        return body

    def _content(self) -> bytes:
        try:
            return self.get_data()
        except HTTPException:
            raise
        except Exception as error:  # the server's own: a bad chunk size, a connection cut off
            reason = f"The body could not be read ({error}): check its length and chunks."
            raise ApiProblem(400, reason) from error


def _may_be_deep(content: bytes) -> bool:
    return content.count(b"[") + content.count(b"{") > MAX_DEPTH


def _is_deeper(body: Any) -> bool:
    layer = [body]
    for _ in range(MAX_DEPTH):
        layer = [
            child
            for each in layer
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
        if not layer:
            return False
    return True
