"""What each route needs: one table. A route that is missing from it needs `admin`."""

from collections.abc import Mapping
from dataclasses import dataclass

from query_service.access.scopes import Scope


@dataclass(frozen=True)
class RouteAccess:
    """The scope of the caller's key; None: anybody may call.

    `owner`: any key may do, with the token of the session that the request is about. `or_admin`: a
    key with the scope `admin` may do, too.
    """

    scope: Scope | None
    owner: bool = False
    or_admin: bool = False

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Of which the key needs one."""
        if self.scope is None:
            return ()
        return (self.scope, "admin") if self.or_admin else (self.scope,)


OPEN = RouteAccess(None)
SEARCH, EVENTS, ITEMS = RouteAccess("search"), RouteAccess("events"), RouteAccess("items")
ADMIN, OWNER = RouteAccess("admin"), RouteAccess("admin", owner=True)

ROUTES: Mapping[str, RouteAccess] = {
    "POST /v1/search": SEARCH,
    "POST /v1/recommend": SEARCH,
    "POST /v1/rank": SEARCH,
    "POST /v1/suggest": SEARCH,
    "POST /1/indexes/<index>/queries": SEARCH,
    "POST /1/indexes/<index>/query": SEARCH,
    "POST /1/indexes/<index>/facets/<facet>/query": SEARCH,
    "POST /1/indexes/*/recommendations": SEARCH,
    "POST /v1/sessions": RouteAccess("search", or_admin=True),
    "POST /v1/events": EVENTS,
    "POST /ubi_events": EVENTS,
    "POST /ubi_queries": EVENTS,
    "POST /1/events": EVENTS,
    "GET /v1/sessions/<session_id>": OWNER,
    "DELETE /v1/sessions/<session_id>": OWNER,
    "DELETE /v1/suggest": OWNER,
    "POST /v1/joins": OWNER,
    "DELETE /v1/joins/<session_id>": OWNER,
    "GET /v1/users/<user_id>": ADMIN,
    "DELETE /v1/users/<user_id>": ADMIN,
    "GET /v1/queries/<query_id>/explanation": ADMIN,
    "GET /v1/rules": ADMIN,
    "PUT /v1/rules": ADMIN,
    "DELETE /v1/rules": ADMIN,
    "PUT /v1/items/<item_id>": ITEMS,
    "PATCH /v1/items/<item_id>": ITEMS,
    "DELETE /v1/items/<item_id>": ITEMS,
    "POST /v1/items": ITEMS,
    "POST /v1/consents": OWNER,
    "GET /insights": ADMIN,
    "GET /metrics": RouteAccess("metrics"),
    # Without data of the shop or of persons: probes, the pages' own files, the API's description.
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /openapi.json": OPEN,
    "GET /docs": OPEN,
    "GET /docs/<name>": OPEN,
    "GET /": OPEN,
    "GET /<any(feed, video):name>": OPEN,
    "GET /page/<any(shared, shop, feed, video, insights):part>/<name>": OPEN,
    "GET /images/<name>": OPEN,
}


def access_of(method: str, rule: str) -> RouteAccess:
    """What the route with this rule needs."""
    if method == "OPTIONS":  # what a browser asks before it sends a key
        return OPEN
    return ROUTES.get(f"{'GET' if method == 'HEAD' else method} {rule}", ADMIN)
