"""The plugin's `_search` beside the plain one and the query service's /v1/search, taking turns.

    python -m benchmarks.engine_plugin [--items 5000] [--events 50] [--pairs 200] [--seconds 10]

Needs a node with the plugin. "person leg" and "rank" are the window 200 with the person leg, and
with the query service asked for the order of the page. Titles of homedepot, the first that there
are; sessions whose events came through the service. "After a click": of a session that has just got
another event, so that the node has to read it. Each request is for the top 100. Then 8 threads
ask for some seconds, each kind of request in turns. Once with the index merged to one segment, once
to at most 8.
"""

import argparse
import gzip
import itertools
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import urllib3
from opensearchpy import OpenSearch

from benchmarks.datasets import DATASETS
from benchmarks.served import COMMAND, Api, own_index, rebuild, served
from plugin_config.engine_plugin.search_pipeline import pipeline_body
from plugin_config.engine_plugin.settings import PipelineSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load

SESSIONS, THREADS, ROUNDS, SIZE = 20, 8, 2, 100
SERVICE_DEADLINE_MS = 60_000
LEG, RANK = "-leg", "-rank"  # endings of the names of pipelines
CLICKED = "plugin 200, after a click"  # the node has nothing of the session in memory
Ask = Callable[[int], None]


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keep", action="store_true", help="keep the index")
    options = parser.parse_args()
    titles = _titles(options.items)
    with (
        own_index("engine", keep=options.keep) as (client, names),
        served_index(titles) as url,
        other_pipelines(client, names, url),
    ):
        api = Api(url)

        def click(number: int) -> None:
            session = number % SESSIONS
            api.click(f"s{session}", f"h{(number // SESSIONS * 97 + session * 31) % len(titles)}")

        for number in range(options.events * SESSIONS):
            click(number)
        requests = Requests(url, names, _queries(titles), click)
        for segments in (8, 1):
            client.indices.forcemerge(
                index=names.items, params={"max_num_segments": segments, "request_timeout": 600}
            )
            client.indices.refresh(index=names.items)
            figures = {
                "segments": _segments(client, names),
                "latency": requests.latencies(options.pairs),
                "throughput": requests.throughput(options.seconds),
            }
            print(json.dumps(figures, indent=2), flush=True)


@contextmanager
def served_index(titles: Sequence[str]) -> Iterator[str]:
    """The titles, indexed, with the pipeline; the URL of the service over them."""
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder) / "items.jsonl"
        rows = ({"item_id": f"h{number}", "title": each} for number, each in enumerate(titles))
        catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        subprocess.run([*COMMAND, "config", "apply"], check=True)
        rebuild(catalogue, ["--no-merge"])
    subprocess.run([*COMMAND, "config", "apply", "--pipeline"], check=True)
    try:
        with served(None) as url:
            yield url
    finally:
        subprocess.run([*COMMAND, "config", "apply", "--no-pipeline"], check=True)


@contextmanager
def other_pipelines(client: OpenSearch, names: IndexNames, service_url: str) -> Iterator[None]:
    """Pipelines with the person leg and with the service's order, beside that of `config apply`."""
    rank = {"pipeline_rank_url": service_url, "pipeline_rank_timeout_ms": 10_000}
    bodies = {
        LEG: pipeline_body(names, load(PipelineSettings, pipeline_person_leg=True)),
        RANK: pipeline_body(names, load(PipelineSettings, **rank)),
    }
    paths = {ending: f"/_search/pipeline/{names.search_pipeline}{ending}" for ending in bodies}
    for ending, body in bodies.items():
        client.transport.perform_request("PUT", paths[ending], body=body)
    try:
        yield
    finally:
        for path in paths.values():
            client.transport.perform_request("DELETE", path)


class Requests:
    """The kinds of requests, over connections of their own; `ask[name](n)` sends the n-th query."""

    def __init__(
        self, service_url: str, names: IndexNames, queries: Sequence[str], click: Ask
    ) -> None:
        """`click(n)`: a further event of the session of the n-th query."""
        self._engine = load(ClusterSettings).opensearch_url.rstrip("/")
        self._service, self._names, self._queries = service_url, names, queries
        self._click = click
        self._pool = urllib3.PoolManager(maxsize=THREADS, retries=False)
        self.ask: dict[str, Ask] = {
            "plain": lambda n: self._search(n, 0),
            "plugin 200": lambda n: self._search(n, 200),
            CLICKED: lambda n: self._search(n, 200),
            "plugin 500": lambda n: self._search(n, 500),
            "plugin 200, person leg": lambda n: self._search(n, 200, LEG),
            "plugin 200, rank": lambda n: self._search(n, 200, RANK),
            "/v1/search": self._serve,
        }

    def latencies(self, pairs: int) -> dict[str, dict[str, float]]:
        """p50 and p95 of each, ms, and the ratio of its median to the plain one's."""
        times: dict[str, list[float]] = {name: [] for name in self.ask}
        for number in range(-50, pairs):  # the first ones warm up
            for name, ask in self.ask.items():
                if name == CLICKED:
                    self._click(abs(number))
                started = time.perf_counter()
                ask(abs(number))
                if number >= 0:
                    times[name].append((time.perf_counter() - started) * 1000)
        plain = float(np.median(times["plain"]))
        return {
            name: {
                "p50_ms": round(float(np.median(each)), 2),
                "p95_ms": round(float(np.percentile(each, 95)), 2),
                "x_plain": round(float(np.median(each)) / plain, 2),
            }
            for name, each in times.items()
        }

    def throughput(self, seconds: float) -> dict[str, dict[str, float]]:
        """Answers a second by 8 threads, the mean of rounds, and its ratio to the plain one."""
        rates: dict[str, list[float]] = {name: [] for name in self.ask if name != CLICKED}
        for _, name in itertools.product(range(ROUNDS), rates):
            ask = self.ask[name]
            rates[name].append(_rate(ask, seconds))
        plain = float(np.mean(rates["plain"]))
        return {
            name: {
                "per_s": round(float(np.mean(each)), 1),
                "x_plain": round(float(np.mean(each)) / plain, 2),
            }
            for name, each in rates.items()
        }

    def _search(self, number: int, window: int, ending: str = "") -> None:
        body: dict[str, Any] = {
            "query": {"match": {"title": self._query(number)}},
            "size": SIZE,
            "_source": ["title"],
        }
        path = f"/{self._names.items}/_search"
        if window:
            session = f"s{number % SESSIONS}"
            query_text = {"query_text": self._query(number)} if ending == RANK else {}
            visitor = {"session_id": session, "window": window, **query_text}
            body["ext"] = {"live_intent": visitor}
            path += f"?search_pipeline={self._names.search_pipeline}{ending}"
        answer = self._post(self._engine + path, body)
        if window and b'"personalised":true' not in answer:
            raise SystemExit(f"not personalised: {answer[-300:].decode()}")
        if ending == RANK and b'"by":"learned"' not in answer and b"few_hits" not in answer:
            raise SystemExit(f"the service did not rank: {answer[-300:].decode()}")

    def _serve(self, number: int) -> None:
        body = {
            "query": self._query(number),
            "session_id": f"s{number % SESSIONS}",
            "size": SIZE,
            "fields": ["title"],
            "store": False,
            "deadline_ms": SERVICE_DEADLINE_MS,
        }
        self._post(f"{self._service}/v1/search", body)

    def _query(self, number: int) -> str:
        return self._queries[number % len(self._queries)]

    def _post(self, url: str, body: dict[str, Any]) -> bytes:
        answer = self._pool.request(
            "POST", url, body=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        if answer.status >= 300:
            raise SystemExit(f"POST {url} answered {answer.status}: {answer.data.decode()}")
        return answer.data


def _rate(ask: Ask, seconds: float) -> float:
    """Answers a second while all threads ask."""
    counter, counts = itertools.count(), [0] * THREADS
    until = time.perf_counter() + seconds

    def work(thread: int) -> None:
        while time.perf_counter() < until:
            ask(next(counter))
            counts[thread] += 1

    threads = [threading.Thread(target=work, args=(each,)) for each in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def _titles(count: int) -> list[str]:
    with gzip.open(DATASETS / "homedepot" / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["title"] for line in itertools.islice(lines, count)]


def _queries(titles: Sequence[str]) -> list[str]:
    """Two words of titles, as broad as a visitor's query."""
    words = [[word for word in title.split() if word.isalpha()] for title in titles[::23]]
    return [" ".join(each[:2]) for each in words if len(each) > 1]


def _segments(client: OpenSearch, names: IndexNames) -> int:
    rows = client.cat.segments(index=names.items, params={"format": "json"})
    return sum(row["prirep"] == "p" for row in rows)


if __name__ == "__main__":
    main()
