"""Visitors and a shop that send events and items until each is acknowledged, in every fault."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

PATIENCE_S = 150.0  # after the last fault, until an event or item must have been acknowledged
REQUEST_S = 30.0
USERS = 5


@dataclass
class Ledger:
    """What was sent and acknowledged; safe to use from many threads."""

    events: dict[str, dict[str, str]] = field(default_factory=dict)  # session: event_id: note
    sent: dict[str, set[str]] = field(default_factory=dict)  # session: event_ids
    erased: set[str] = field(default_factory=set)
    items: dict[str, int] = field(default_factory=dict)  # item_id: acknowledged price
    answers: dict[str, int] = field(default_factory=dict)  # "POST /v1/events 503": how many
    slowest_s: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rebuilt(self) -> None:
        """The items are those of the catalogue now, until they are written again."""
        with self.lock:
            self.items.clear()

    def note(self, request: str, status: object, seconds: float) -> None:
        with self.lock:
            key = f"{request} {status}"
            self.answers[key] = self.answers.get(key, 0) + 1
            self.slowest_s[request] = max(self.slowest_s.get(request, 0.0), seconds)


class Visitor(threading.Thread):
    """One visitor after another, from a seed, against one of the services at a time."""

    def __init__(self, number: int, urls: list[str], ledger: Ledger, seed: int) -> None:
        super().__init__(daemon=True)
        self._number, self._urls, self._ledger = number, urls, ledger
        self._random = random.Random(f"{seed}-{number}")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._ending = threading.Event()
        self._give_up_at = float("inf")
        self._visits = self._events = self._price = 0
        self._session_id = ""

    def end(self) -> None:
        """Send what is still to be acknowledged, and nothing new."""
        self._give_up_at = time.monotonic() + PATIENCE_S
        self._ending.set()

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                self._begin_visit()
                for _ in range(self._random.randint(3, 25)):
                    if self._ending.is_set():
                        break
                    self._act()
                if self._random.random() < 0.25:
                    self._until_done("DELETE", f"/v1/sessions/{self._session_id}", None)
                    with self._ledger.lock:
                        self._ledger.erased.add(self._session_id)
        except Exception as error:
            self._ledger.problems.append(f"visitor {self._number}: {error!r}")

    def _begin_visit(self) -> None:
        self._visits += 1
        self._session_id = f"chaos-{self._number}-{self._visits}"
        with self._ledger.lock:
            self._ledger.events[self._session_id] = {}
            self._ledger.sent[self._session_id] = set()

    def _act(self) -> None:
        chance = self._random.random()
        if chance < 0.6:
            self._event()
        elif chance < 0.75:
            self._item()
        else:
            body = {"query": self._random.choice(("lamp", "shoes", "jacket")),
                    "session_id": self._session_id, "deadline_ms": 2000}  # fmt: skip
            status, _ = self._ask("POST", "/v1/search", body)
            if status not in (200, 503, None):
                self._ledger.problems.append(f"a search was answered {status}")
        time.sleep(self._random.random() * 0.1)

    def _event(self) -> None:
        self._events += 1
        event_id = f"e{self._number}-{self._events}"
        event: dict[str, Any] = {
            "action": "click", "item_id": event_id, "session_id": self._session_id,
            "event_id": event_id,
        }  # fmt: skip
        if self._random.random() < 0.5:
            event["user_id"] = f"chaos-user-{self._random.randrange(USERS)}"
        if self._random.random() < 0.5:
            event["timestamp"] = time.time()
        with self._ledger.lock:
            self._ledger.sent[self._session_id].add(event_id)
        answer = self._until_done("POST", "/v1/events", event)
        if self._random.random() < 0.2:  # again, although it was acknowledged
            self._ask("POST", "/v1/events", event)
        with self._ledger.lock:
            note = answer["items"][0].get("note") or ""
            self._ledger.events[self._session_id][event_id] = note

    def _item(self) -> None:
        self._price += 1
        item_id = f"chaos-item-{self._number}"
        item = {"title": f"green lamp {self._number}", "price": self._price, "brand": "Acme"}
        self._until_done("PUT", f"/v1/items/{quote(item_id)}", item)
        with self._ledger.lock:
            self._ledger.items[item_id] = self._price

    def _until_done(self, method: str, path: str, body: object) -> Any:
        """The answer of the first try that is acknowledged. Raises TimeoutError."""
        while True:
            status, answer = self._ask(method, path, body)
            if status is not None and status < 300:
                return answer
            if status not in (None, 429, 500, 503, 507):
                raise ValueError(f"{method} {path} answered {status}: {answer}")
            if time.monotonic() > self._give_up_at:
                raise TimeoutError(f"{method} {path} is not acknowledged: {status} {answer}")
            time.sleep(0.1 + self._random.random() * 0.3)

    def _ask(self, method: str, path: str, body: object) -> tuple[int | None, Any]:
        """Status and body; None where the connection broke."""
        request = urllib.request.Request(
            self._random.choice(self._urls) + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        began = time.monotonic()
        status: int | None = None
        answer: Any = None
        try:
            with self._opener.open(request, timeout=REQUEST_S) as response:
                status, answer = response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                status, answer = error.code, error.read().decode(errors="replace")[:300]
        except (OSError, ValueError, HTTPException):
            pass
        kind = f"{method} /{'/'.join(path.split('/')[1:3])}"
        self._ledger.note(kind, status or "broken", time.monotonic() - began)
        return status, answer
