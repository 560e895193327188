"""Searches with known answers, and events that are sent until they are acknowledged."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

from benchmarks.chaos.visitors import Ledger

THREADS, PER_SECOND = 4, 8.0
EVENTS_OF_SESSION = 20
DEADLINE_MS = 2000


@dataclass(frozen=True)
class KnownSearch:
    """A search that is sent again and again; no event changes its session meanwhile."""

    query: str
    session_id: str


@dataclass(frozen=True)
class Observed:
    """One answer; `search` is None for an event, `status` 0 for a broken connection."""

    search: KnownSearch | None
    at: float  # time.monotonic() when it was sent
    seconds: float
    status: int
    body: Mapping[str, Any]

    @property
    def is_whole(self) -> bool:
        return self.status == 200 and not self.body.get("degraded")

    @property
    def result(self) -> tuple[Any, ...]:
        """What must not change: ids in order and the total."""
        return self.body["total"], *(hit["item_id"] for hit in self.body["hits"])


class Traffic:
    """Threads that send three searches and an event in turn, at most PER_SECOND in all."""

    def __init__(self, url: str, searches: Sequence[KnownSearch], ledger: Ledger) -> None:
        self._url, self._searches, self._ledger = url, searches, ledger
        self._pool = urllib3.PoolManager(maxsize=THREADS + 1, retries=False)
        self._ending = threading.Event()
        self.observed: list[Observed] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send all the while; at the end, the events that are not acknowledged yet."""
        threads = [threading.Thread(target=self._send, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()

    def ask(self, search: KnownSearch) -> Observed:
        body = {"query": search.query, "session_id": search.session_id, "deadline_ms": DEADLINE_MS}
        return self._post("/v1/search", body, search)

    def acknowledged(self, session_id: str, item_id: str) -> bool:
        """Send a click, with its item as its id; whether it was acknowledged."""
        with self._ledger.lock:
            self._ledger.sent.setdefault(session_id, set()).add(item_id)
            events = self._ledger.events.setdefault(session_id, {})
        event = {"action": "click", "session_id": session_id, "item_id": item_id}
        answer = self._post("/v1/events", event | {"event_id": item_id}, None)
        if answer.status != 200 or not answer.body["accepted"]:
            return False
        with self._ledger.lock:
            events[item_id] = answer.body["items"][0].get("note") or ""
        return True

    def _send(self, thread: int) -> None:
        pause_s, number, event = THREADS / PER_SECOND, thread * 7, 0
        while not self._ending.wait(pause_s):
            started = time.monotonic()
            number += 1
            if number % 4:
                self.observed.append(self.ask(self._searches[number % len(self._searches)]))
            elif self._event(thread, event):
                event += 1
            pause_s = max(THREADS / PER_SECOND - (time.monotonic() - started), 0.0)
        if event:
            last_try = time.monotonic() + 60
            while not self._event(thread, event) and time.monotonic() < last_try:
                time.sleep(0.5)

    def _event(self, thread: int, number: int) -> bool:
        session_id = f"writer-{thread}-{number // EVENTS_OF_SESSION}"
        return self.acknowledged(session_id, f"e-{thread}-{number}")

    def _post(self, path: str, body: Mapping[str, Any], search: KnownSearch | None) -> Observed:
        started = time.monotonic()
        try:
            response = self._pool.request("POST", self._url + path, json=body)
            status, answer = response.status, json.loads(response.data)
        except urllib3.exceptions.HTTPError as error:
            status, answer = 0, {"detail": repr(error)}
        answered = Observed(search, started, time.monotonic() - started, status, answer)
        if search is None:
            self.observed.append(answered)
        return answered
