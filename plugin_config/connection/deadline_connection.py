"""A connection to one node: it keeps deadlines, and asks nothing of a node that is silent."""

import logging
import threading
import time
from collections.abc import Collection, Mapping
from typing import Any

from opensearchpy import Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException

from plugin_config.connection.circuit_breaker import PAUSE_S, SIGN_OF_LIFE_S, CircuitBreaker
from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.connection.lean_exchange import LeanExchange

log = logging.getLogger(__name__)


class DeadlineConnection(Urllib3HttpConnection):
    """No try of a request waits past ENGINE_DEADLINE; after it, none is sent.

    Nor is one with such a deadline sent to a node that is silent, see `CircuitBreaker`.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.breaker = CircuitBreaker()
        self._closed = threading.Event()

    def _create_urllib3_pool(self) -> None:
        super()._create_urllib3_pool()
        self.pool = LeanExchange(self.pool)

    def perform_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
        ignore: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        left_s = engine_time_left()
        if left_s is not None:
            if left_s <= 0:
                raise ConnectionTimeout("TIMEOUT", "the deadline of the request has passed", None)
            if self.breaker.is_open:
                raise NoConnection("SILENT", "it has not answered for a second or more", None)
            timeout = min(timeout or self.timeout, left_s)
        sent = time.monotonic()
        try:
            answer = super().perform_request(
                method, url, params, body, timeout=timeout, ignore=ignore, headers=headers
            )
        except NoConnection:
            if left_s is not None and self.breaker.failed(time.monotonic() - sent):
                threading.Thread(target=self._watch, name="sign-of-life", daemon=True).start()
            raise
        except OpenSearchException:
            self._note_answer()
            raise
        self._note_answer()
        return answer

    def close(self) -> Any:
        self._closed.set()
        return super().close()

    def _note_answer(self) -> None:
        if self.breaker.answered():
            silent_s = self.breaker.silent_s
            log.warning("OpenSearch at %s answers again after %.1f s", self.host, silent_s)

    def _watch(self) -> None:
        """Ask for a sign of life until the node answers; in a thread of its own."""
        while True:
            if self._is_alive():
                self._note_answer()
            elif self.breaker.gave_no_sign():
                log.warning(
                    "OpenSearch at %s gives no sign of life: it is sent no requests until it does",
                    self.host,
                )
            if not self.breaker.asks_on() or self._closed.wait(PAUSE_S):
                return

    def _is_alive(self) -> bool:
        """Whether the node answers a request that takes it no work, whatever it says."""
        try:
            super().perform_request("HEAD", "/", timeout=SIGN_OF_LIFE_S)
        except NoConnection:
            return False
        except OpenSearchException:
            return True
        return True
