"""Where requests are counted: in a storage that services share, else in this service."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from limits import RateLimitItem, WindowStats, parse
from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from plugin_config.errors import LiveIntentError, SettingsError
from query_service.web.access.shared_counts import SharedCounts

log = logging.getLogger(__name__)
STORAGE_TIMEOUT_S = 0.2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # before a storage that failed is asked again
SWEEP_S = 30.0
_FAILURES = (StorageError, OSError)  # memcached's client raises the latter as they are
_Answer = TypeVar("_Answer")


class RateStorageUnreachable(LiveIntentError):
    """The storage that the settings name does not answer."""

    exit_code = 3


class LocalCounts(MemoryStorage):
    """Counts of this process.

    The library's own storage starts a thread after each request, which goes through all counts;
    here a request removes the expired ones, each half a minute.
    """

    # Not `memory`, which stays the library's own.
    STORAGE_SCHEME = ["counts-of-this-process"]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._sweep_at = time.time() + SWEEP_S

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """The count of the key, with `amount` more; it expires after `expiry` seconds."""
        now = time.time()
        with self._lock:
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP_S
                self._remove_expired(now)
            if self.expirations.get(key, 0) <= now:
                self.storage[key] = 0
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return self.storage[key]

    def _remove_expired(self, now: float) -> None:
        for key in [key for key, until in self.expirations.items() if until <= now]:
            self.storage.pop(key, None)
            self.expirations.pop(key, None)
            self.locks.pop(key, None)


class RateCounts:
    """Counts by sliding windows. Safe to use from many threads.

    While the shared storage does not answer, the process counts alone: one line in the log says
    so, one that it is over, and `on_change` gets True and False.
    """

    def __init__(
        self, storage: str, on_change: Callable[[bool], None], folder: Path | None = None
    ) -> None:
        """`folder`: that of the service's processes, which count together in it; see `Service`.

        Raises SettingsError.
        """
        self._local = SlidingWindowCounterRateLimiter(LocalCounts())
        self._shared = shared_limiter(storage, folder)
        self._address = shown(storage)
        self._on_change = on_change
        self._lock = threading.Lock()
        self._is_alone = False
        self._pause_s = FIRST_PAUSE_S
        self._ask_at = 0.0

    def hit(self, rate: RateLimitItem, name: tuple[str, ...], cost: int = 1) -> bool:
        """Whether there is that much left of the rate, which is then used up."""
        return self._asked(lambda limiter: limiter.hit(rate, *name, cost=cost))

    def window(self, rate: RateLimitItem, name: tuple[str, ...]) -> WindowStats:
        """How much is left, and when there is more."""
        return self._asked(lambda limiter: limiter.get_window_stats(rate, *name))

    def _asked(self, ask: Callable[[SlidingWindowCounterRateLimiter], _Answer]) -> _Answer:
        if self._shared is not None and self._may_ask():
            try:
                answer = ask(self._shared)
            except _FAILURES as error:
                self._failed(error)
            else:
                if self._is_alone:
                    self._answered()
                return answer
        return ask(self._local)

    def _may_ask(self) -> bool:
        if not self._is_alone:
            return True
        with self._lock:  # of many requests one asks again
            now = time.monotonic()
            if now < self._ask_at:
                return False
            self._ask_at = now + self._pause_s
            return True

    def _failed(self, error: Exception) -> None:
        with self._lock:
            was_alone, self._is_alone = self._is_alone, True
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S) if was_alone else FIRST_PAUSE_S
            self._ask_at = time.monotonic() + self._pause_s
        if not was_alone:
            log.warning(
                "LIVE_INTENT_RATE_STORAGE=%s does not answer (%s): this process counts rates "
                "alone until it does",
                self._address,
                _reason(error),
            )
            self._on_change(True)

    def _answered(self) -> None:
        with self._lock:
            was_alone, self._is_alone = self._is_alone, False
        if was_alone:
            log.warning(
                "LIVE_INTENT_RATE_STORAGE=%s answers again: rates are counted together",
                self._address,
            )
            self._on_change(False)


def shared_limiter(
    storage: str, folder: Path | None = None
) -> SlidingWindowCounterRateLimiter | None:
    """That counts in the storage; None: the one process counts alone. Raises SettingsError."""
    if storage.startswith("memory:"):
        if folder is None:
            return None
        return SlidingWindowCounterRateLimiter(SharedCounts(folder / "rates.sqlite"))
    try:
        made = storage_from_string(storage, wrap_exceptions=True, **_timeouts(storage))
    except (ConfigurationError, ValueError) as error:
        extra = "memcached" if storage.startswith("memcached") else "redis"
        raise SettingsError(
            f"LIVE_INTENT_RATE_STORAGE={shown(storage)} can't be used ({error}): install the extra "
            f"{extra}, and write {extra}://host:port"
        ) from None
    return SlidingWindowCounterRateLimiter(made)


def check_storage(storage: str) -> None:
    """Ask the storage once. Raises RateStorageUnreachable, SettingsError."""
    limiter = shared_limiter(storage)
    if limiter is None:
        return
    try:
        limiter.get_window_stats(parse("1/second"), "check")
    except _FAILURES as error:
        raise RateStorageUnreachable(
            f"LIVE_INTENT_RATE_STORAGE={shown(storage)} does not answer ({_reason(error)}): start "
            "it, correct the address, or leave the setting out: each service counts alone then"
        ) from None


def shown(storage: str) -> str:
    """The address without user and password."""
    parts = urlsplit(storage)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {str(cause)[:200]}"


def _timeouts(storage: str) -> dict[str, Any]:
    if storage.startswith("redis"):
        return {"socket_timeout": STORAGE_TIMEOUT_S, "socket_connect_timeout": STORAGE_TIMEOUT_S}
    return {"timeout": STORAGE_TIMEOUT_S, "connect_timeout": STORAGE_TIMEOUT_S}
