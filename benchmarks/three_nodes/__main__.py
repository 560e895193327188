"""Three nodes, one killed under load: python -m benchmarks.three_nodes [--items 2000 --seconds 60].

It starts three nodes of 512 MB of heap and a service on all three, rebuilds items of the sample
catalogue in three shards with a copy each, and compares the answers to known searches while a node
is away, and after it is back. It prints JSON, and ends with status 1 where an answer that says it
is whole had other items or another total, or where an acknowledged event is lost or doubled.
"""

import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import click
from opensearchpy import OpenSearch

from benchmarks.chaos.verdict import problems
from benchmarks.chaos.visitors import Ledger
from benchmarks.served import rebuild
from benchmarks.three_nodes.cluster import NODES, PORTS, ThreeNodes
from benchmarks.three_nodes.traffic import KnownSearch, Observed, Traffic
from live_intent.demo.service import BackgroundService
from live_intent.sample.catalogue import SampleRow, sample_items
from plugin_config.schema import IndexNames

QUERIES, SESSIONS = 25, 5
PREFIX = "three-"
Results = Mapping[KnownSearch, tuple[Any, ...]]


def known_searches(rows: Sequence[SampleRow]) -> list[KnownSearch]:
    """Queries of the words of items, each of somebody new and of a known session."""
    titles = [str(row["title"]).split() for row in rows[:: max(len(rows) // QUERIES, 1)]]
    texts = list(dict.fromkeys(" ".join(words[-2:]) for words in titles[:QUERIES]))
    with_session = [KnownSearch(text, f"reader-{n % SESSIONS}") for n, text in enumerate(texts)]
    return [KnownSearch(text, "somebody-new") for text in texts] + with_session


def first_results(traffic: Traffic, searches: Sequence[KnownSearch]) -> Results:
    """The results of whole answers, before anything fails."""
    results: dict[KnownSearch, tuple[Any, ...]] = {}
    for search in searches:
        for _ in range(20):
            if (answer := traffic.ask(search)).is_whole:
                results[search] = answer.result
                break
        else:
            raise SystemExit(f"no whole answer to {search}: {answer.status} {answer.body}")
    return results


def summary(observed: Sequence[Observed], begun: float, expected: Results) -> dict[str, Any]:
    """Counts and times of what was answered since `begun`."""
    searches = [each for each in observed if each.search is not None]
    events = [each for each in observed if each.search is None]
    whole = [each for each in searches if each.is_whole]
    broken = [each for each in observed if not each.is_whole]
    stages = Counter(part["stage"] for each in searches for part in each.body.get("degraded") or ())
    return {
        "searches": len(searches),
        "whole": len(whole),
        "unequal": sum(each.search is None or each.result != expected[each.search]
                       for each in whole),
        "degraded": dict(stages),
        "search_statuses": dict(Counter(each.status for each in searches)),
        "details": dict(Counter(each.body.get("detail") for each in broken if each.status != 200)),
        "median_s": round(statistics.median(each.seconds for each in searches), 3),
        "slowest_search_s": round(max(each.seconds for each in searches), 2),
        "events": dict(Counter(each.status for each in events)),
        "slowest_event_s": round(max((each.seconds for each in events), default=0.0), 2),
        "whole_again_s": round(max((e.at + e.seconds - begun for e in broken), default=0.0), 1),
    }  # fmt: skip


def trial(
    nodes: ThreeNodes,
    client: OpenSearch,
    traffic: Traffic,
    expected: Results,
    fault: tuple[Callable[[], None], Callable[[], None], float],
) -> dict[str, Any]:
    """Begin the fault, end it after some seconds, wait for green; what was answered."""
    begin, end, seconds = fault
    begun = time.monotonic()
    begin()
    time.sleep(seconds)
    ended = time.monotonic()
    end()
    nodes.wait_until_green(client)
    green_s = time.monotonic() - ended
    during = [each for each in traffic.observed if each.at >= begun]
    after = [traffic.ask(search) for search in expected]
    return {
        "load_average": round(os.getloadavg()[0], 1),
        **summary(during, begun, expected),
        "green_after_s": round(green_s, 1),
        "afterwards": summary(after, after[0].at, expected),
    }


def trials(
    nodes: ThreeNodes, client: OpenSearch, traffic: Traffic, expected: Results, seconds: float
) -> dict[str, Any]:
    """What was answered without a fault, and with each."""
    manager = nodes.manager(client)
    data = next(name for name in nodes.pids if name != manager)

    def nothing() -> None:
        pass

    def of(fault: str, begin: Callable[[], None], end: Callable[[], None]) -> Any:
        print(f"{time.strftime('%H:%M:%S')} {fault}", file=sys.stderr)
        return trial(nodes, client, traffic, expected, (begin, end, seconds))

    return {
        "no fault": of("no fault", nothing, nothing),
        "a data node killed": of(
            "a data node killed", lambda: nodes.kill(data), lambda: nodes.start(data)
        ),
        "the cluster manager killed": of(
            "the cluster manager killed",
            lambda: nodes.kill(manager),
            lambda: nodes.start(manager),
        ),
    }


@click.command(help=__doc__)
@click.option("--items", default=2000, show_default=True)
@click.option("--seconds", default=60.0, show_default=True, help="How long each node is away.")
@click.option("--first-port", default=9491, show_default=True, help="Of seven in a row.")
def main(items: int, seconds: float, first_port: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that was started ends
    rows = list(islice(sample_items(), items))
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="three-nodes-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # a node that root starts runs as `nobody`
        nodes = ThreeNodes(folder, first_port)
        os.environ |= {
            "LIVE_INTENT_OPENSEARCH_URL": nodes.urls,
            "LIVE_INTENT_INDEX_PREFIX": PREFIX,
            "LIVE_INTENT_SHARDS": "3",
            "LIVE_INTENT_REPLICAS": "1",
            "LIVE_INTENT_SESSION_MAX_QUERIES": "0",  # a kept query changes the next answers
            "LIVE_INTENT_BUNDLES_DIR": str(folder / "bundles"),
        }
        client = stack.enter_context(nodes.running())
        catalogue = folder / "items.jsonl"
        catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        rebuild(catalogue)
        service = BackgroundService(folder)
        stack.callback(service.stop)
        url = service.start(first_port + PORTS, os.environ).url
        nodes.wait_until_green(client)
        searches, ledger = known_searches(rows), Ledger()
        traffic = Traffic(url, searches, ledger)
        for number in range(SESSIONS * 3):
            row = rows[number * len(rows) // (SESSIONS * 3)]
            if not traffic.acknowledged(f"reader-{number % SESSIONS}", str(row["item_id"])):
                raise SystemExit("an event was not acknowledged before any fault")
        expected = first_results(traffic, searches)
        with traffic.running():
            found = trials(nodes, client, traffic, expected, seconds)
        time.sleep(2)  # the log is written in the background
        lost = problems(client, IndexNames(PREFIX), ledger)
        events = sum(map(len, ledger.events.values()))
        report = {"nodes": NODES, "items": len(rows), "seconds": seconds, "known": len(searches),
                  "faults": found, "events_acknowledged": events, "problems": lost}  # fmt: skip
        click.echo(json.dumps(report, indent=2))
    unequal = sum(each["unequal"] + each["afterwards"]["unequal"] for each in found.values())
    raise SystemExit(1 if lost or unequal else 0)


if __name__ == "__main__":
    main()
