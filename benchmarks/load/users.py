"""Locust users: visits of a shop, searches alone, and the bare engine's `_msearch`.

Each user sends about one request a second (exponential pauses), so N users offer N requests a
second as long as answers come in time.
"""

import json
import os
import random
import time
import uuid
from typing import Any

import gevent
from locust import FastHttpUser, task

from benchmarks.load.plan import LoadPlan

PACE_S = 1.0
MOST_SEARCHES = 8  # of one visit
CLICKS = 0.6  # share of searches with a click
SAME_QUERY = 0.3  # share of next searches that repeat the query, after a click
LEAVES = 0.2  # share of visits that end after a search
TYPED = (3, 6)  # letters after which completions are asked for


class Paced(FastHttpUser):
    """A user that sends at most one request a second on average."""

    abstract = True
    plan: LoadPlan
    network_timeout = 30.0
    connection_timeout = 30.0

    def on_start(self) -> None:
        """Users begin at different moments."""
        self.rng = random.Random(os.urandom(8))
        self.due = time.monotonic() + self.rng.uniform(0, PACE_S)

    def pause(self) -> None:
        """Wait until the next request is due; one that is late is not caught up with."""
        gevent.sleep(max(0.0, self.due - time.monotonic()))
        self.due = max(self.due, time.monotonic()) + self.rng.expovariate(1 / PACE_S)

    def post(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST JSON; an answer with a degraded stage counts as a failure, named after it."""
        self.pause()
        with self.client.post(route, json=body, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"HTTP {response.status_code}")
                return {}
            answer: dict[str, Any] = json.loads(response.content)
            for degradation in answer.get("degraded", ()):
                response.failure(f"degraded: {degradation['stage']}")
                break
            return answer


class Visit(Paced):
    """Type, search, click, search again, leave; the next visit is a new session."""

    @task
    def visit(self) -> None:
        """One session from its first letters to its end."""
        session = {"session_id": f"load-{uuid.uuid4().hex}"}
        query = self.plan.queries[self.plan.draw(self.rng)]
        for letters in TYPED:
            if letters < len(query):
                self.post("/v1/suggest", session | {"prefix": query[:letters]})
        for _ in range(MOST_SEARCHES):
            hits = self.post("/v1/search", session | {"query": query}).get("hits", ())
            clicked = bool(hits) and self.rng.random() < CLICKS
            if clicked:
                row = min(int(self.rng.expovariate(0.5)), len(hits) - 1)
                event = session | {"action": "click", "item_id": hits[row]["item_id"]}
                self.post("/v1/events", {"events": [event]})
            if self.rng.random() < LEAVES:
                break
            if not (clicked and self.rng.random() < SAME_QUERY):
                query = self.plan.queries[self.plan.draw(self.rng)]


class Searches(Paced):
    """Searches alone, by sessions that have events: what the bare engine is compared with."""

    @task
    def search(self) -> None:
        """One search of ten hits."""
        query = self.plan.queries[self.plan.draw(self.rng)]
        session_id = self.rng.choice(self.plan.sessions)
        self.post("/v1/search", {"query": query, "session_id": session_id, "size": 10})


class Bare(Paced):
    """BM25 and k-NN in one `_msearch`, straight to the engine; their sum is left to the client."""

    @task
    def msearch(self) -> None:
        """One request of both legs."""
        body = self.plan.bare[self.plan.draw(self.rng)]
        self.pause()
        headers = {"Content-Type": "application/x-ndjson"}
        with self.client.post(
            "/_msearch", data=body, headers=headers, catch_response=True
        ) as response:
            if response.status_code != 200:
                response.failure(f"HTTP {response.status_code}")
            elif any("error" in each for each in json.loads(response.content)["responses"]):
                response.failure("an error of the engine")


USERS = {"visits": Visit, "searches": Searches, "bare": Bare}
