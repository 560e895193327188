"""Answers of the API to a fixed set of requests: shows that a change of the code changes none.

    python -m benchmarks.recorded_answers record answers.json
    python -m benchmarks.recorded_answers compare answers.json

Both ask the index behind the alias (of the sample catalogue, or any other) with the settings of the
environment, a learned bundle too where LIVE_INTENT_BUNDLE names one. Sessions begin empty, and the
clock stands still between requests, so that two runs of the same code give the same scores to the
last digit. Left out: what varies by nature (query ids, times).
"""

import argparse
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from opensearchpy.helpers import scan

from plugin_config.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app

START = 1_800_000_000.0  # the clock of the first request
VISITORS = 24
# Ids and times that no two runs share; queries are written some time after the answer.
NOT_COMPARED = frozenset({"query_id", "timing_ms", "received_at", "updated_at", "instance"})
FIXED_QUERIES = (
    "headphones", "headphons", "running shoes", "coffee machine", "2 in. x 4 in. board",
    "desk lamp", "1/2\" hose", "手机", "小米手机", "phone 128gb", "rain jacket women",
    "wireless mouse", "zzxqvw",
    "The", "shower head", "usb c cable 2m", "blue", "office chair ergonomic black mesh high back",
)  # fmt: skip
ACTIONS = ("click", "view", "add_to_cart", "purchase", "like", "dislike", "watch", "comment")


class SteppedClock:
    """`time.time` for the whole process: one second later at each `step`."""

    def __init__(self) -> None:
        self._now = START
        time.time = lambda: self._now
        time.time_ns = lambda: int(self._now * 1e9)

    def step(self) -> None:
        """Moves on by a second."""
        self._now += 1.0


def main() -> None:
    """Record or compare, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["record", "compare"])
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    answers = ask_all()
    text = json.dumps(answers, ensure_ascii=False, indent=1)
    if given.command == "record":
        given.file.write_text(text + "\n", "utf-8")
        print(f"{len(answers)} answers recorded in {given.file}")
        return
    earlier = json.loads(given.file.read_text("utf-8"))
    different = list(differences(earlier, json.loads(text)))
    print("\n".join(different[:40]))
    print(f"{len(answers)} answers, {len(different)} differ from {given.file}")
    sys.exit(bool(different))


def ask_all() -> list[Any]:
    """The answers to all requests, in order; what earlier runs left of the sessions is erased."""
    settings, cluster = load(ServiceSettings), load(ClusterSettings)
    client = connect(cluster)
    names = IndexNames(cluster.index_prefix)
    fields = ["title", "brand", "category"]
    items = [
        hit["_source"] | {"item_id": hit["_id"]}
        for hit in scan(client, index=names.items, query={"_source": fields})
    ]
    items.sort(key=lambda item: hashlib.sha256(item["item_id"].encode()).digest())
    clock = SteppedClock()
    app = create_app(settings, cluster)
    http, service = app.test_client(), app.extensions["live_intent"]
    answers = []
    try:
        for number in range(VISITORS):
            http.delete(f"/v1/sessions/recorded-{number}")
        for request in requests(items):
            clock.step()
            answers.append(_ask(http, *request))
            service.store.flush()  # else when a query is written would be left to chance
    finally:
        service.close()
    return answers


def requests(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of each request; items in an order that tells nothing."""
    drawn = itertools.cycle(items)
    queries = itertools.cycle([
        *FIXED_QUERIES, *(" ".join(item["title"].split()[:n % 4 + 1]) for n, item in
                          enumerate(items[:60])),
    ])  # fmt: skip
    for number in range(VISITORS):
        visitor: dict[str, Any] = {"session_id": f"recorded-{number}", "deadline_ms": 60_000,
                                   "explain": True}  # fmt: skip
        if number % 3 == 2:
            visitor["user_id"] = f"recorded-user-{number % 2}"
        scenario = ("shop", "feed", "video")[number % 3]
        for step in range(4):
            query = next(queries)
            yield "POST", "/v1/search", {**visitor, "query": query, "scenario": scenario}
            yield "POST", "/v1/events", {"events": _events(number, step, drawn)}
            yield "POST", "/v1/search", {**visitor, "query": query, "size": 30, "from": 10 * step}
            yield "POST", "/v1/recommend", {**visitor, "size": 20, "scenario": scenario}
            given = [next(drawn)["item_id"] for _ in range(20)]
            asked = {"query": query} if step % 2 else {}
            yield "POST", "/v1/rank", {**visitor, **asked, "item_ids": [*given, "missing-1"]}
        item = next(drawn)
        filters = {"brand": [item["brand"]] if item.get("brand") else None, "price": {"lte": 500},
                   "available": True}  # fmt: skip
        yield "POST", "/v1/search", {**visitor, "query": next(queries), "filters": filters}
        yield "POST", "/v1/search", {**visitor, "query": next(queries), "personalize": False}
        yield "POST", "/v1/recommend", {**visitor, "filters": {"category": item["category"][:1]}}
    yield from _malformed()


def _events(number: int, step: int, drawn: Iterator[Mapping[str, Any]]) -> list[Any]:
    """Some of our own form, some of UBI's."""
    events: list[Any] = []
    for place in range(step + 1):
        action = ACTIONS[(number + 3 * step + place) % len(ACTIONS)]
        event = {
            "action": action, "item_id": next(drawn)["item_id"],
            "session_id": f"recorded-{number}", "event_id": f"{number}-{step}-{place}",
            "timestamp": START - 86_400 * ((number * 7 + step * 5 + place) % 11) - 10 * number,
        }  # fmt: skip
        if number % 3 == 2:
            event["user_id"] = f"recorded-user-{number % 2}"
        if action == "watch":
            event["watched_fraction"] = (number % 10) / 10
        if action == "comment":
            event["text"] = "quiet and light"
        events.append(event)
    events.append({
        "action_name": "item_click", "client_id": f"client-{number}",
        "session_id": f"recorded-{number}", "event_id": f"ubi-{number}-{step}",
        "timestamp": int((START - 60 * step) * 1000),
        "event_attributes": {"object": {"object_id": next(drawn)["item_id"]},
                             "position": {"ordinal": step}},
    })  # fmt: skip
    return events


def _malformed() -> Iterator[tuple[str, str, Any]]:
    """Requests that are refused, in whole or in part, and what is kept of sessions."""
    session = {"session_id": "recorded-0"}
    wrong = {"price": {"gte": 2, "lte": 1}}
    yield "POST", "/v1/search", {**session, "query": ""}
    yield "POST", "/v1/search", {**session, "query": "x", "size": 1000}
    yield (
        "POST",
        "/v1/search",
        {**session, "query": "x", "filters": wrong},
    )
    yield "POST", "/v1/search", {**session, "query": "x", "unknown": 1}
    yield "POST", "/v1/rank", {**session, "item_ids": ["a", "a"]}
    yield "POST", "/v1/events", {"action": "jump", "item_id": "a", **session}
    unknown = {"action": "click", "item_id": "none-such", **session, "event_id": "unknown"}
    yield "POST", "/v1/events", [unknown, {"action": "click", **session}, 7]
    yield "POST", "/v1/events", {"action_name": "click", "client_id": "c", "event_attributes": {}}
    for number in range(VISITORS):
        yield "GET", f"/v1/sessions/recorded-{number}", None
    yield "GET", "/v1/sessions/nobody", None
    yield "GET", "/openapi.json", None


def _ask(http: FlaskClient, method: str, path: str, body: Any) -> Any:
    answer = http.open(path, method=method, json=body)
    return {
        "request": [method, path, body],
        "status": answer.status_code,
        "answer": _comparable(answer.get_json(force=True)),
    }


def _comparable(value: Any) -> Any:
    """Without what differs from run to run; rows of one time have no order."""
    if isinstance(value, dict):
        shown = {k: _comparable(v) for k, v in value.items() if k not in NOT_COMPARED}
        if isinstance(shown.get("rows"), list):
            shown["rows"].sort(key=lambda row: json.dumps(row, sort_keys=True))
        return shown
    return [_comparable(part) for part in value] if isinstance(value, list) else value


def differences(earlier: Any, now: Any, path: str = "") -> Iterator[str]:
    """A line for each place where two answers differ."""
    if isinstance(earlier, dict) and isinstance(now, dict):
        for name in [*earlier, *(set(now) - set(earlier))]:
            yield from differences(earlier.get(name), now.get(name), f"{path}.{name}")
    elif isinstance(earlier, list) and isinstance(now, list) and len(earlier) == len(now):
        for place, (one, other) in enumerate(zip(earlier, now, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif earlier != now:
        yield f"{path}: {str(earlier)[:200]} -> {str(now)[:200]}"


if __name__ == "__main__":
    main()
