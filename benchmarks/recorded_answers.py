"""Answers of the API to a fixed set of requests: shows that a change of the code changes none.

    python -m benchmarks.recorded_answers record|compare answers.json

Uses the index and the settings (also LIVE_INTENT_BUNDLE) of the environment. Sessions begin empty,
the clock stands still between requests: equal code gives equal scores to the last digit.
"""

import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from opensearchpy.helpers import scan

from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app

START, VISITORS = 1_800_000_000.0, 24  # the clock before the first request; number of sessions
# Ids and times that no two runs share; the service writes a query some time after its answer.
LEFT_OUT = frozenset({"query_id", "timing_ms", "received_at", "updated_at", "instance"})
QUERIES = (
    "headphones", "headphons", "running shoes", "coffee machine", "2 in. x 4 in. board",
    "desk lamp", "1/2\" hose", "手机", "小米手机", "phone 128gb", "rain jacket women",
    "wireless mouse", "zzxqvw", "The", "shower head", "usb c cable 2m", "blue",
    "office chair ergonomic black mesh high back",
)  # fmt: skip
ACTIONS = ("click", "view", "add_to_cart", "purchase", "like", "dislike", "watch", "comment")


@click.command()
@click.argument("command", type=click.Choice(["record", "compare"]))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def main(command: str, file: Path) -> None:
    """Record the answers in FILE, or compare them with those in FILE: status 1 if they differ."""
    now = list(answers())
    if command == "record":
        file.write_text(json.dumps(now, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"{len(now)} answers recorded in {file}")
        return
    before, after = dict(leaves(json.loads(file.read_text("utf-8")))), dict(leaves(now))
    different = [path for path in before | after if before.get(path) != after.get(path)]
    for path in different[:40]:
        print(f"{path}: {str(before.get(path))[:200]} -> {str(after.get(path))[:200]}")
    print(f"{len(now)} answers, {len(different)} differ from {file}")
    raise SystemExit(bool(different))


def answers() -> Iterator[dict[str, Any]]:
    """Erase the sessions and send all requests in order; yield each with its answer."""
    cluster = load(ClusterSettings)
    source = {"_source": ["title", "brand", "category"]}
    hits = scan(connect(cluster), index=IndexNames(cluster.index_prefix).items, query=source)
    items = [hit["_source"] | {"item_id": hit["_id"]} for hit in hits]
    items.sort(key=lambda item: hashlib.sha256(item["item_id"].encode()).digest())
    now = START
    time.time, time.time_ns = (lambda: now), (lambda: int(now * 1e9))
    app = create_app(load(ServiceSettings), cluster)
    http = app.test_client()
    with closing(app.extensions["live_intent"]) as service:
        for number in range(VISITORS):
            http.delete(f"/v1/sessions/recorded-{number}")
        # The tombstones too: they keep events from before the erasure out, which all of these are.
        names = [f"session:recorded-{number}" for number in range(VISITORS)]
        names += [f"user:recorded-user-{number}" for number in range(2)]
        sessions = IndexNames(cluster.index_prefix).sessions
        for name in names:
            connect(cluster).delete(index=sessions, id=name, params={"ignore": 404})
        for path, body in requests(items):
            now += 1.0
            request = ["GET" if body is None else "POST", path, body]
            response = http.open(path, method=request[0], json=body)
            answer = json.loads(response.data, object_hook=comparable)
            yield {"request": request, "status": response.status_code, "answer": answer}
            service.store.flush()  # writes the query before the next request, not at some time


def comparable(value: dict[str, Any]) -> dict[str, Any]:
    """Drop LEFT_OUT, and sort the rows of a session: rows of one time have no order."""
    if isinstance(rows := value.get("rows"), list):
        rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return {name: each for name, each in value.items() if name not in LEFT_OUT}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each number, text or empty container with its path."""
    if isinstance(value, dict | list) and value:
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, f"{path}.{name}")
    else:
        yield path, value


def requests(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the path and body of each request (None: a GET); `items` in an arbitrary order."""
    drawn = itertools.cycle(items)
    item_ids = (item["item_id"] for item in drawn)
    titles = (item["title"].split()[: n % 4 + 1] for n, item in enumerate(items[:60]))
    queries = itertools.cycle([*QUERIES, *map(" ".join, titles)])
    for number in range(VISITORS):
        user = {"user_id": f"recorded-user-{number % 2}"} if number % 3 == 2 else {}
        ids = {"session_id": f"recorded-{number}"} | user
        visitor: dict[str, Any] = ids | {"deadline_ms": 60_000, "explain": True}
        scenario = {"scenario": ("shop", "feed", "video")[number % 3]}
        for step in range(4):
            query = {"query": next(queries)}
            yield "/v1/search", visitor | query | scenario
            yield "/v1/events", {"events": [*events(number, step, ids, item_ids)]}
            yield "/v1/search", visitor | query | {"size": 30, "from": 10 * step}
            yield "/v1/recommend", visitor | scenario | {"size": 20}
            ranked = [*itertools.islice(item_ids, 20), "missing-1"]
            yield "/v1/rank", visitor | (query if step % 2 else {}) | {"item_ids": ranked}
        item = next(drawn)
        brand = [item["brand"]] if item.get("brand") else None
        filters = {"brand": brand, "price": {"lte": 500}, "available": True}
        yield "/v1/search", visitor | {"query": next(queries), "filters": filters}
        yield "/v1/search", visitor | {"query": next(queries), "personalize": False}
        yield "/v1/recommend", visitor | {"filters": {"category": item["category"][:1]}}
    # What the API refuses, in whole or in part; then what it has stored.
    ids, invalid = {"session_id": "recorded-0"}, {"price": {"gte": 2, "lte": 1}}
    for more in ({"query": ""}, {"size": 1000}, {"filters": invalid}, {"unknown": 1}):
        yield "/v1/search", ids | {"query": "x"} | more
    yield "/v1/rank", ids | {"item_ids": ["a", "a"]}
    yield "/v1/events", ids | {"action": "jump", "item_id": "a"}
    click = ids | {"action": "click"}
    yield "/v1/events", [click | {"item_id": "none-such", "event_id": "unknown"}, click, 7]
    yield "/v1/events", {"action_name": "click", "client_id": "c", "event_attributes": {}}
    yield from ((f"/v1/sessions/recorded-{number}", None) for number in range(VISITORS))
    yield from (("/v1/sessions/nobody", None), ("/openapi.json", None))


def events(number: int, step: int, ids: dict[str, str], item_ids: Iterator[str]) -> Iterator[Any]:
    """Yield `step` + 1 events in the API's form, and one in UBI's."""
    more: dict[str, Any] = {"comment": {"text": "quiet and light"}}
    more["watch"] = {"watched_fraction": number % 10 / 10}
    for n in range(step + 1):
        action = ACTIONS[(number + 3 * step + n) % len(ACTIONS)]
        age = 86_400 * ((number * 7 + step * 5 + n) % 11) + 10 * number  # in seconds
        event = {**ids, "action": action, "item_id": next(item_ids), "timestamp": START - age}
        yield {**event, "event_id": f"{number}-{step}-{n}", **more.get(action, {})}
    target = {"object": {"object_id": next(item_ids)}, "position": {"ordinal": step}}
    yield {"action_name": "item_click", "client_id": f"client-{number}",
           "session_id": ids["session_id"], "event_id": f"ubi-{number}-{step}",
           "timestamp": int((START - 60 * step) * 1000), "event_attributes": target}  # fmt: skip


if __name__ == "__main__":
    main()
