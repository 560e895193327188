"""How often one may call: by address, key and session, through flask-limiter."""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from flask_limiter import Limit, Limiter, RateLimitExceeded

from query_service.setting_texts.addresses import client_address, counted_address, networks
from query_service.settings import ServiceSettings
from query_service.web.access.session_of import session_of
from query_service.web.errors import problem
from query_service.web.metrics import Metrics

# More even than fixed windows, and as cheap: two counters for each rate.
STRATEGY = "sliding-window-counter"
STORAGE_TIMEOUT_S = 0.2


class RateLimits:
    """The limits of one app.

    All requests count by their address, refused ones too; those let in by their key, a browser
    key's by key and address, and by their session. Where the storage does not answer, each process
    counts in its own memory.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._trusted = networks(settings.trusted_proxies)
        # Its lines would have the addresses and sessions of visitors.
        logging.getLogger("flask-limiter").setLevel(logging.ERROR)
        is_remote = not settings.rate_storage.startswith("memory:")
        self._limiter = Limiter(
            key_func=self._address,
            default_limits=[
                _limit("address", self._address_rate, self._address),
                _limit("API key", self._key_rate, lambda: str(g.caller.key_id)),
                _limit("browser key", self._browser_rate, self._browser_key),
                _limit("session", self._session_rate, lambda: str(g.session_counted)),
            ],
            strategy=STRATEGY,
            storage_uri=settings.rate_storage,
            storage_options=_timeouts(settings.rate_storage),
            in_memory_fallback_enabled=is_remote,
            key_prefix="live-intent",
            headers_enabled=False,
        )

    def install(self, app: Flask) -> None:
        """Count each request, refuse those beyond a limit, and say in headers what is left."""
        self._limiter.init_app(app)
        app.register_error_handler(RateLimitExceeded, self._exceeded)
        app.after_request(self._add_headers)

    def _address_rate(self) -> str:
        return self._settings.rate_per_address if _counts() else ""

    def _key_rate(self) -> str:
        if not _counts() or not g.caller.key_id:
            return ""
        return g.caller.rate or self._settings.rate_per_key

    def _browser_rate(self) -> str:
        return str(g.caller.browser_rate) if _counts() else ""

    def _session_rate(self) -> str:
        if not self._settings.rate_per_session or not _counts() or g.access_refused is not None:
            return ""
        g.session_counted = session_of()
        return self._settings.rate_per_session if g.session_counted else ""

    def _address(self) -> str:
        forwarded_for = request.headers.get("X-Forwarded-For", "") if self._trusted else ""
        address = client_address(request.remote_addr or "none", forwarded_for, self._trusted)
        return counted_address(address)

    def _browser_key(self) -> str:
        return f"{g.caller.browser_key} {self._address()}"

    def _exceeded(self, error: RateLimitExceeded) -> Response:
        limit = self._limiter.current_limit
        assert limit is not None
        which = str(error.limit.scope) if error.limit else "address"
        self._metrics.count_refusal(f"rate of {which}")
        wait_s = max(_left_s(limit.reset_at), 1)
        detail = f"Too many requests of one {which}: {limit.limit}. Try again in {wait_s} s."
        return problem(429, detail, headers={"Retry-After": str(wait_s)})

    def _add_headers(self, response: Response) -> Response:
        limit = self._limiter.current_limit
        if limit is not None:
            amount, window_s = limit.limit.amount, limit.limit.get_expiry()
            response.headers["RateLimit-Policy"] = f"{amount};w={window_s}"
            response.headers["RateLimit-Limit"] = str(amount)
            response.headers["RateLimit-Remaining"] = str(limit.remaining)
            response.headers["RateLimit-Reset"] = str(_left_s(limit.reset_at))
        return response


def _limit(which: str, rate: Callable[[], str], key: Callable[[], str]) -> Limit:
    return Limit(rate, key_function=key, scope=which, shared=True)


def _counts() -> bool:
    """Whether the route is no probe, and none that anybody may call."""
    return g.access.scope not in (None, "metrics")


def _left_s(reset_at: float) -> int:
    return max(math.ceil(reset_at - time.time()), 0)


def _timeouts(storage: str) -> dict[str, Any]:
    if storage.startswith("redis"):
        return {"socket_timeout": STORAGE_TIMEOUT_S, "socket_connect_timeout": STORAGE_TIMEOUT_S}
    if storage.startswith("memcached"):
        return {"timeout": STORAGE_TIMEOUT_S, "connect_timeout": STORAGE_TIMEOUT_S}
    return {}
