"""How long a request may take, from its arrival until its answer, by route."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from query_service.settings import ServiceSettings

ARRIVED = "live_intent.arrived"  # in a request's environment: time.perf_counter() at its last byte
REFUSED = "live_intent.refused"  # in a request's environment: whether `Admission` refuses it
MAX_DEADLINE_MS = 60_000
SEARCHES = frozenset({"/v1/search", "/v1/recommend", "/v1/rank", "/v1/suggest"})
FRONT_ENDS = "/1/indexes/"
ITEMS = "/v1/items"
RULES = "/v1/rules"


def is_search(method: str, path: str) -> bool:
    """Whether a request is answered within the deadline of its body."""
    return method == "POST" and (path in SEARCHES or path.startswith(FRONT_ENDS))


def kind_of(path: str) -> str:
    """What searches with this path have in common: their path, or that of front ends."""
    return FRONT_ENDS if path.startswith(FRONT_ENDS) else path


class Deadlines:
    """The deadline of each route, ms."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings

    def of(self, method: str, path: str, body: object) -> float:
        """Milliseconds for a request with this (parsed) body."""
        if is_search(method, path):
            named = body.get("deadline_ms") if isinstance(body, Mapping) else None
            if isinstance(named, int) and 0 < named <= MAX_DEADLINE_MS:
                return named
            return self._settings.default_deadline_ms
        if path in (RULES, ITEMS) or path.startswith(f"{ITEMS}/"):
            return self._settings.item_deadline_ms
        if method == "DELETE":
            return self._settings.erase_deadline_ms
        return self._settings.event_deadline_ms

    def route(self, path: str) -> str:
        """The path within its catalogue's API, which is the same for all, below their names."""
        for name in self._settings.own_catalogues:
            if path.startswith(f"/{name}/"):
                return path.removeprefix(f"/{name}")
        return path

    def of_bytes(self, method: str, path: str, body: bytes) -> float:
        """As `of`, of a body that is not parsed; the default where it is no JSON."""
        parsed: Any = None
        path = self.route(path)
        if is_search(method, path):
            with suppress(orjson.JSONDecodeError):
                parsed = orjson.loads(body)
        return self.of(method, path, parsed)
