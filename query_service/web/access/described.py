"""What the OpenAPI document says about access."""

import re
from typing import Any

from query_service.web.access.route_access import RouteAccess, access_of
from query_service.web.access.sent_key import ALGOLIA, TOKEN

KEY, FRONT_END_KEY, SESSION_TOKEN = "key", "frontEndKey", "sessionToken"
SCHEMES: dict[str, Any] = {
    KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `li_...`, or a browser key, `lib...`, with the scope that is "
        "named as its role.",
    },
    FRONT_END_KEY: {
        "type": "apiKey",
        "in": "header",
        "name": ALGOLIA,
        "description": "The same key, as InstantSearch and search-insights send it.",
    },
    SESSION_TOKEN: {
        "type": "apiKey",
        "in": "header",
        "name": TOKEN,
        "description": "Proves that a session is the caller's own: POST /v1/sessions gives it.",
    },
}
_STATUSES = ("401", "403", "429")
_LIKE = "422"  # whose content is that of all errors of a route


def describe_access(document: dict[str, Any], *, optional: bool) -> None:
    """Add to each operation the key that it needs, and what its lack is answered by.

    `optional`: no key is asked for now.
    """
    document["components"]["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        rule = re.sub(r"\{(\w+)\}", r"<\1>", path)
        for method, operation in operations.items():
            wanted = _wanted(access_of(method.upper(), rule), path)
            operation["security"] = [{}, *wanted] if optional else wanted
            responses = operation["responses"]
            for status in _STATUSES:
                responses.setdefault(status, responses[_LIKE])
            operation["responses"] = dict(sorted(responses.items()))


def _wanted(access: RouteAccess, path: str) -> list[dict[str, list[str]]]:
    scopes: list[list[str]] = [[scope] for scope in access.scopes] or [[]]
    wanted: list[dict[str, list[str]]] = [{KEY: each} for each in scopes]
    if path.startswith("/1/"):
        wanted += [{FRONT_END_KEY: each} for each in scopes]
    if access.owner:
        wanted.append({KEY: [], SESSION_TOKEN: []})
    return wanted
