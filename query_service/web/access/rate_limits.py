"""How often one may call: by address, key and session."""

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, g, request
from limits import RateLimitItem

from query_service.setting_texts.addresses import client_address, counted_address, networks
from query_service.setting_texts.rate import rates_of
from query_service.settings import ServiceSettings
from query_service.web.access.rate_counts import RateCounts
from query_service.web.access.request_cost import may_be_many, request_cost
from query_service.web.access.session_of import session_of
from query_service.web.errors import problem
from query_service.web.observability.metrics import Metrics

_PREFIX = "live-intent"


@dataclass(frozen=True)
class CountedRate:
    """A rate, of what, and of which one."""

    rate: RateLimitItem
    which: str
    of: str

    @property
    def name(self) -> tuple[str, ...]:
        """That it is counted by: nothing of a visitor, and no character that storages refuse."""
        hashed = hashlib.blake2b(f"{self.which}:{self.of}".encode(), digest_size=16)
        return (_PREFIX, hashed.hexdigest())

    @property
    def per_second(self) -> float:
        """Requests."""
        return self.rate.amount / self.rate.get_expiry()


class RateLimits:
    """The limits of one app.

    All requests count by their address, refused ones too; those let in by their key, a browser
    key's by key and address, and by their session. One that holds many counts as many; where that
    is more than a rate allows at all, as all of it.
    """

    def __init__(
        self, settings: ServiceSettings, metrics: Metrics, folder: Path | None = None
    ) -> None:
        """`folder`: see `RateCounts`. Raises SettingsError."""
        self._settings = settings
        self._metrics = metrics
        self._trusted = networks(settings.trusted_proxies)
        self._counts = RateCounts(settings.rate_storage, metrics.set_counted_alone, folder)

    def install(self, app: Flask) -> None:
        """Count each request, refuse those beyond a limit, and say in headers what is left."""
        app.before_request(self._count)
        app.after_request(self._add_headers)

    def _count(self) -> Response | None:
        g.counted_rate = None
        if g.access.scope in (None, "metrics"):
            return None  # a probe, or what anybody may call
        counted = []
        for each in self._rates():
            if not self._counts.hit(each.rate, each.name):
                return self._exceeded(each)
            counted.append(each)
        if not counted:
            return None
        g.counted_rate = min(counted, key=lambda each: each.per_second)
        if g.access_refused is not None or not may_be_many():
            return None
        # Only now is the body read: whoever is beyond a rate costs no more than that.
        further = request_cost() - 1
        for each in counted if further else ():
            if not self._counts.hit(each.rate, each.name, min(further, each.rate.amount - 1)):
                return self._exceeded(each, further + 1)
        return None

    def _rates(self) -> Iterator[CountedRate]:
        settings, caller = self._settings, g.caller
        if settings.rate_per_address:
            yield from _each(settings.rate_per_address, "address", self._address())
        if caller.key_id:
            yield from _each(caller.rate or settings.rate_per_key, "API key", caller.key_id)
        if caller.browser_rate:
            whose = f"{caller.browser_key} {self._address()}"
            yield from _each(caller.browser_rate, "browser key", whose)
        if settings.rate_per_session and g.access_refused is None and (session := session_of()):
            yield from _each(settings.rate_per_session, "session", session)

    def _address(self) -> str:
        forwarded_for = request.headers.get("X-Forwarded-For", "") if self._trusted else ""
        address = client_address(request.remote_addr or "none", forwarded_for, self._trusted)
        return counted_address(address)

    def _exceeded(self, counted: CountedRate, cost: int = 1) -> Response:
        g.counted_rate = counted
        self._metrics.count_refusal(f"rate of {counted.which}")
        wait_s = max(_left_s(self._counts.window(counted.rate, counted.name).reset_time), 1)
        many = f"; this one counts as {cost}" if cost > 1 else ""
        detail = (
            f"Too many requests of one {counted.which}: {counted.rate}{many}. "
            f"Try again in {wait_s} s."
        )
        return problem(429, detail, headers={"Retry-After": str(wait_s)})

    def _add_headers(self, response: Response) -> Response:
        counted: CountedRate | None = g.get("counted_rate")
        if counted is not None:
            amount, window = counted.rate.amount, self._counts.window(counted.rate, counted.name)
            response.headers["RateLimit-Policy"] = f"{amount};w={counted.rate.get_expiry()}"
            response.headers["RateLimit-Limit"] = str(amount)
            response.headers["RateLimit-Remaining"] = str(window.remaining)
            response.headers["RateLimit-Reset"] = str(_left_s(window.reset_time))
        return response


def _each(rates: str, which: str, of: str) -> Iterator[CountedRate]:
    return (CountedRate(rate, which, of) for rate in rates_of(rates))


def _left_s(reset_at: float) -> int:
    return max(math.ceil(reset_at - time.time()), 0)
