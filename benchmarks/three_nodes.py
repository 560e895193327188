"""Three OpenSearch nodes on one machine: one is killed, hangs, or takes a shard away with it.

    python -m benchmarks.three_nodes [--items 1000]

It starts three nodes of 512 MB of heap with the files of Maven Central, indexes items of the sample
catalogue in three shards, and searches all the while. It prints what was answered, and notes it for
the table of docs/faults.md (LIVE_INTENT_TEST_FAULTS=write writes it).
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.fault_table import FaultTable, degraded
from benchmarks.served import rebuild
from live_intent.demo.service import BackgroundService
from live_intent.sample.catalogue import sample_items
from plugin_config.client import connect
from plugin_config.node import node_process
from plugin_config.node.distribution import installed, locked
from plugin_config.node.java import find_java
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import default_state_dir, make_state_dir

QUERIES = ("coffee", "desk lamp", "running shoes", "red jacket", "wireless headphones")
FAULT_S, GREEN_S = 12.0, 180.0


@dataclass(frozen=True)
class Answer:
    """A search's answer, for the table of faults."""

    status: int
    body: dict[str, Any]
    seconds: float


@dataclass
class Cluster:
    """Three nodes below one folder."""

    folder: Path
    ports: list[int] = field(default_factory=lambda: [node_process.free_port() for _ in range(6)])
    pids: dict[int, int] = field(default_factory=dict)

    @property
    def urls(self) -> str:
        return ",".join(f"http://127.0.0.1:{port}" for port in self.ports[:3])

    def start(self, number: int) -> None:
        """Start one node, also one that was killed."""
        java, state = find_java(), make_state_dir(default_state_dir())
        with locked(state):
            home = installed(state, java, print)
        folder = self.folder / f"n{number}"
        folder.mkdir(exist_ok=True)
        own = {
            "cluster.name": "live-intent-three", "discovery.type": None,
            "transport.port": self.ports[3 + number],
            "discovery.seed_hosts": json.dumps([f"127.0.0.1:{p}" for p in self.ports[3:]]),
            "cluster.initial_cluster_manager_nodes": '["n0","n1","n2"]',
        }  # fmt: skip
        port, name = self.ports[number], f"n{number}"
        pid = node_process.spawn(home, folder, name, port, java, "512m", own=own)
        self.pids[number] = pid

    def signal(self, number: int, what: signal.Signals) -> None:
        os.kill(self.pids[number], what)

    def end(self) -> None:
        for number, pid in self.pids.items():
            node_process.end(pid, self.folder / f"n{number}", timeout_s=20)


class Load:
    """Searches one after the other in two threads, until the end."""

    def __init__(self, url: str) -> None:
        self._url, self._ended = url, threading.Event()
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)
        self.answers: list[tuple[float, str, Answer]] = []

    def search(self, query: str) -> Answer:
        body = {"query": query, "session_id": "three", "deadline_ms": 2000, "personalize": False}
        started = time.monotonic()
        response = self._pool.request("POST", f"{self._url}/v1/search", json=body)
        return Answer(response.status, json.loads(response.data), time.monotonic() - started)

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            query = QUERIES[number % len(QUERIES)]
            self.answers.append((time.monotonic(), query, self.search(query)))
            number += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.run) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()


def trial(
    load_on: Load, table: FaultTable, fault: str, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Make a fault for a while, then end it; print and note what was answered meanwhile."""
    expected = {query: hit_ids(load_on.search(query)) for query in QUERIES}
    begun = time.monotonic()
    begin()
    time.sleep(FAULT_S)
    end()
    ended = time.monotonic()
    while True:
        after = [load_on.search(query) for query in QUERIES]
        whole = all(a.status == 200 and not a.body["degraded"] for a in after)
        if whole or time.monotonic() - ended > GREEN_S:
            break
    recovered = time.monotonic() - ended
    during = [(q, a) for at, q, a in load_on.answers if begun <= at < ended]
    kinds = Counter((a.status, degraded(a.body)) for _, a in during)
    seconds = sorted(a.seconds for _, a in during)
    others = [q for q, a in during if a.status == 200 and hit_ids(a) != expected[q]]
    print(f"{fault}: {len(during)} searches, of which {len(others)} had other hits")
    for (status, stages), count in kinds.most_common():
        slowest = max((a for _, a in during if (a.status, degraded(a.body)) == (status, stages)),
                      key=lambda a: a.seconds)  # fmt: skip
        print(f"  {count} x {status} {stages or 'whole'}, at most {slowest.seconds:.2f} s")
        table.note(fault, f"search, {count} of {len(during)}", slowest, slowest.seconds)
    print(f"  median {statistics.median(seconds):.3f} s, as before {recovered:.1f} s after its end")
    table.recovered(fault, recovered)


def hit_ids(answer: Answer) -> list[str]:
    return [hit["item_id"] for hit in answer.body.get("hits", ())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    items = parser.parse_args().items
    table = FaultTable("three nodes")
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="three-nodes-", dir="/var/tmp"))
        folder.chmod(0o755)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = Cluster(folder)
        stack.callback(cluster.end)
        for number in range(3):
            cluster.start(number)
        client = connect(load(ClusterSettings, opensearch_url=cluster.urls))
        green = {"wait_for_nodes": "3", "wait_for_status": "green", "timeout": "170s"}
        wait_for(lambda: client.cluster.health(params={**green, "request_timeout": 175}))
        catalogue = folder / "items.jsonl"
        catalogue.write_text(
            "".join(json.dumps(row) + "\n" for row in islice(sample_items(), items))
        )
        os.environ |= {
            "LIVE_INTENT_OPENSEARCH_URL": cluster.urls, "LIVE_INTENT_SHARDS": "3",
            "LIVE_INTENT_BUNDLES_DIR": str(folder / "bundles"), "LIVE_INTENT_DEVICE": "cpu",
        }  # fmt: skip
        rebuild(catalogue)
        wait_for(lambda: client.cluster.health(params={**green, "request_timeout": 175}))
        service = BackgroundService(folder)
        url = service.start(node_process.free_port(), os.environ).url
        stack.callback(service.stop)
        load_on = Load(url)

        def kill() -> None:
            cluster.signal(2, signal.SIGKILL)

        def stop() -> None:
            cluster.signal(1, signal.SIGSTOP)

        def go_on() -> None:
            cluster.signal(1, signal.SIGCONT)

        def bring_back() -> None:
            node_process.end(cluster.pids[2], folder / "n2")
            cluster.start(2)

        with load_on.running():
            trial(load_on, table, "one of three nodes is killed", kill, bring_back)
            client.cluster.health(params={**green, "request_timeout": 175})
            trial(load_on, table, "one of three nodes hangs", stop, go_on)
            client.cluster.health(params={**green, "request_timeout": 175})
            none = {"index.auto_expand_replicas": "false", "index.number_of_replicas": 0}
            client.indices.put_settings(index="live-intent-items", body=none)
            trial(load_on, table, "the only copy of a shard is killed", kill, bring_back)
    print("\n".join(table.settle()))


def wait_for(ready: Callable[[], object]) -> None:
    """Return when `ready` raises no error any more."""
    deadline = time.monotonic() + GREEN_S
    while True:
        try:
            ready()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


if __name__ == "__main__":
    main()
