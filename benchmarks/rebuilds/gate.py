"""What the gate before the swap costs and says of ordinary rebuilds, and what warming up brings.

    .venv/bin/python -m benchmarks.rebuilds.gate [--items 3019] [--rounds 3] [--queries 100]

Rebuilds of the sample catalogue by the encoder of the settings: the first, one that changes
nothing, and some that change a share of the items, each with its gate. The log holds titles' first
words as queries. Then rounds of rebuilds, without warming up, with that of the gate, and with that
of the service too, each followed by 20 searches on the new index and 60 more, of other queries; the
ratio is between their medians.
"""

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import click
from opensearchpy.helpers import bulk
from threadpoolctl import threadpool_limits

from benchmarks.served import own_index
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.encoder.loading import load_encoder
from indexer.gate.gate import Gate
from indexer.gate.settings import GateSettings
from indexer.gate.warm_up import warm_up
from indexer.index.context import IndexContext
from indexer.index.rebuilding.before_swap import Check, FilledIndex
from indexer.index.rebuilding.rebuild import rebuild
from indexer.settings import EncoderSettings, IndexSettings
from live_intent.sample.catalogue import sample_items, write_json_lines
from live_intent.search_tools import search_tools
from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from plugin_config.provisioning.provisioning import apply
from plugin_config.settings import ClusterSettings, load
from query_service.schemas.search.requests import SearchRequest
from query_service.serving.assembly import make_service
from query_service.settings import ServiceSettings

FIRST, LATER = 20, 60  # searches on a new index


class TimedGate:
    """The gate, with the seconds that it took; it never refuses."""

    def __init__(self) -> None:
        self.gate = Gate(load(GateSettings), search_tools(), force=True)
        self.seconds = 0.0

    def __call__(self, filled: FilledIndex) -> Sequence[Check]:
        begun = time.monotonic()
        checks = self.gate(filled)
        self.seconds = time.monotonic() - begun
        return checks


def queries_of(rows: Sequence[dict[str, Any]], count: int, seed: int) -> list[str]:
    """The first words of some titles."""
    some = random.Random(seed).sample(list(rows), min(count, len(rows)))
    return [" ".join(row["title"].split()[:3]) for row in some]


def changed(
    rows: Sequence[dict[str, Any]], share: float, seed: int = 1
) -> Iterator[dict[str, Any]]:
    """The rows, a share of them replaced by new items with mixed words, and as many repriced."""
    rng = random.Random(seed)
    for number, row in enumerate(rows):
        if rng.random() < share:
            words = rng.choice(rows)["title"].split()[:4] + row["title"].split()[2:]
            yield {**row, "item_id": f"new-{number}", "title": " ".join(words)}
        elif rng.random() < share:
            yield {**row, "price": 1.0, "popularity": 0.5}
        else:
            yield row


@click.command()
@click.option("--items", default=3019, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--queries", default=100, show_default=True)
def main(items: int, rounds: int, queries: int) -> None:
    """Print the figures."""
    encoder = load_encoder(load(EncoderSettings))
    with tempfile.TemporaryDirectory() as folder, own_index("gate", keep=False) as (client, names):
        apply(client, names)
        rows = [dict(row) for row in sample_items()][:items]
        catalogue = Path(folder) / "items.jsonl"
        context = IndexContext(
            client, names, load(IndexSettings, keep_indexes=0), Path(folder) / "bundles"
        )
        logged = queries_of(rows, queries, seed=3)
        now = time.time_ns() // 1_000_000
        log = [
            {"user_query": q, "session_id": f"s{n}", "query_id": f"{q}{n}", "timestamp": now}
            for q in logged
            for n in range(5)
        ]
        bulk(client, [{"_index": names.ubi_queries, "_source": row} for row in log], refresh=True)
        cases = {"first": rows, "unchanged": rows}
        cases |= {f"{share:.0%} replaced": list(changed(rows, share)) for share in (0.01, 0.1, 0.3)}
        for name, of_case in cases.items():
            write_json_lines(catalogue, of_case)
            gate = TimedGate()
            report = rebuild(
                context, encoder, CatalogueSource(catalogue), merge=None, before_swap=gate
            )
            click.echo(f"{name}: {report.seconds:.1f} s, of these the gate {gate.seconds:.1f} s")
            for check in report.checks:
                click.echo(f"  {check.line}")
        write_json_lines(catalogue, rows)
        for line in first_searches(context, encoder, catalogue, rounds, rows):
            click.echo(line)


def first_searches(
    context: IndexContext,
    encoder: Any,
    catalogue: Path,
    rounds: int,
    rows: Sequence[dict[str, Any]],
) -> Iterator[str]:
    """Rebuilds without and with warming up in turns, and the searches that follow each."""

    def cold(filled: FilledIndex) -> Sequence[Check]:
        return ()

    def warm(filled: FilledIndex) -> Sequence[Check]:
        warm_up(filled, search_tools().replay(filled.context, filled.vectors.encoder))
        return ()

    cluster = replace_bundles(load(ClusterSettings), context.bundles_dir)
    ways = {"without": (cold, False), "with the gate": (warm, False), "with both": (warm, True)}
    ratios: dict[str, list[list[float]]] = {name: [] for name in ways}
    service = make_service(load(ServiceSettings, swap_poll_s=3600), cluster)
    service.pipeline.views.refresh()
    try:
        for number in range(rounds):
            for name, (before_swap, by_service) in ways.items():
                source = CatalogueSource(catalogue)
                rebuild(context, encoder, source, merge=None, before_swap=before_swap)
                # A request waits for what has a deadline: nothing is searched then.
                token = ENGINE_DEADLINE.set(None if by_service else time.perf_counter() + 60)
                service.pipeline.views.refresh()
                ENGINE_DEADLINE.reset(token)
                texts = queries_of(rows, FIRST + LATER, seed=10 + number)
                with threadpool_limits(1, user_api="blas"):
                    ms = [_ms(service, text) for text in texts]
                later = median(ms[FIRST:])
                ratios[name].append([ms[0] / later, max(ms[:FIRST]) / later,
                                     median(ms[:FIRST]) / later])  # fmt: skip
    finally:
        service.close()
    for name, each in ratios.items():
        first, highest, middle = (median(column) for column in zip(*each, strict=True))
        yield (
            f"{name} warming up: the first search takes {first:.2f} x the later ones' median, the "
            f"slowest of {FIRST} {highest:.2f} x, their median {middle:.2f} x"
        )


def replace_bundles(settings: ClusterSettings, bundles: Path) -> ClusterSettings:
    """The settings with another folder of bundles."""
    return settings.model_copy(update={"bundles_dir": bundles})


def _ms(service: Any, text: str) -> float:
    request = SearchRequest(
        query=text, session_id="bench", deadline_ms=60_000, facets=["brand", "category"]
    )
    begun = time.perf_counter()
    service.pipeline.search(request)
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
