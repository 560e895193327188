"""The API key that a request brings."""

from flask import request

from query_service.access.key_text import BROWSER_KEY

BEARER = "bearer "
ALGOLIA = "x-algolia-api-key"  # as InstantSearch and search-insights send it
IN_ADDRESS = "key"  # of beacons, which have no headers
PAGES = ("/insights",)
TOKEN = "X-Session-Token"


def is_page() -> bool:
    """Whether the request is for a page that a person opens, whose browser asks for a password."""
    return request.method == "GET" and request.path in PAGES


def sent_key() -> str:
    """The key's text; "" without.

    In an address, which logs on the way keep, only a browser key counts: it may be public. As the
    password that a browser sends by itself it counts for pages alone, which change nothing.
    """
    if is_page() and request.authorization is not None:
        return request.authorization.password or request.authorization.token or ""
    authorization = request.headers.get("Authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    if not request.path.startswith("/1/"):
        return _public(request.args.get(IN_ADDRESS, ""))
    if key := request.headers.get(ALGOLIA):
        return key
    named = (value for name, value in request.args.items() if name.lower() == ALGOLIA)
    return _public(next(named, ""))


def _public(text: str) -> str:
    return text if BROWSER_KEY.fullmatch(text) else ""
