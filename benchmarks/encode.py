"""The encoder against sentence-transformers, taking turns in one run.

    python -m benchmarks.encode [--items 2000] [--rounds 5] [--peer PYTHON:BACKEND:FORMAT ...]

Items per second on real titles (homedepot, else the sample catalogue) and the time of one query
(p50 and p95), for this project's encoder and for each peer; the default peer is what
`SentenceTransformer(model).encode` does without options. A peer in another environment, such as
`/path/to/venv/bin/python:openvino:auto`, runs under that Python. Each round starts with another
one, ratios are taken within a round, and the table shows their median and spread.
"""

import argparse
import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.served import DATASETS
from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.encoder.model_names import model_folder
from indexer.settings import EncoderSettings
from plugin_config.settings import load

Timed = tuple[list[float], NDArray[np.float32]]  # seconds, and the last text's vector
Runner = Callable[[Sequence[str], bool], Timed]  # texts, and whether one at a time
WARM_UP = 40
BATCH = 32  # sentence-transformers' default


@dataclass
class Figures:
    """One contestant's times, a value a round."""

    items_per_s: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)
    cosine: float = 1.0  # of its last vector to ours


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=BATCH, help="peers' batch size")
    parser.add_argument("--peer", action="append", default=[], metavar="PYTHON:BACKEND:FORMAT")
    given = parser.parse_args()
    settings = load(EncoderSettings, encoder=given.encoder, query_cache_size=0)
    encoder = load_encoder(settings)
    folder = model_folder(settings.encoder, settings.models_dir)
    runners: dict[str, Runner] = {"live-intent": lambda texts, alone: ours(encoder, texts, alone)}
    for peer in [f"{sys.executable}:torch:float32", *given.peer]:
        python, backend, number_format = peer.rsplit(":", 2)
        runners[f"sentence-transformers, {backend} {number_format}"] = Peer(
            python, folder, backend, number_format, given.batch, encoder.spec.item_prefix
        )
    titles, queries = some_texts(given.items, given.queries)
    print(
        f"{encoder.spec.model}, {str(encoder.dtype).removeprefix('torch.')} on {encoder.device}, "
        f"{encoder.threads} threads, {len(titles)} titles, {len(queries)} queries"
    )
    print_table(take_turns(runners, titles, queries, given.rounds))


def ours(encoder: Encoder, texts: Sequence[str], alone: bool) -> Timed:
    """Seconds of this project's encoder."""
    if not alone:
        start = time.perf_counter()
        vectors = encoder.encode_items(texts)
        return [time.perf_counter() - start], vectors[-1]
    times = []
    for text in texts:
        start = time.perf_counter()
        vector = encoder.encode_query(text)
        times.append(time.perf_counter() - start)
    return times, vector


class Peer:
    """sentence-transformers in a process of its own."""

    def __init__(
        self, python: str, folder: Path, backend: str, number_format: str, batch: int, prefix: str
    ) -> None:
        self._batch = batch
        self._prefix = prefix
        script = Path(__file__).with_name("encode_peer.py")
        self._process = subprocess.Popen(
            [python, str(script), str(folder), backend, number_format],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, texts: Sequence[str], alone: bool) -> Timed:
        """Seconds of the peer, as it measures them itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = list(texts) if alone else [self._prefix + text for text in texts]
        task = {"texts": asked, "alone": alone, "batch": self._batch}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a peer ended: {' '.join(map(str, self._process.args))}")
        answer = json.loads(line)
        return answer["seconds"], np.array(answer["last"], np.float32)


def some_texts(items: int, queries: int) -> tuple[list[str], list[str]]:
    """Titles and queries, drawn with a fixed seed."""
    folder = DATASETS / "homedepot"
    if folder.is_dir():
        titles = _read(folder / "items.jsonl.gz", "title")
        searches = _read(folder / "judgments.jsonl.gz", "query")
    else:
        from live_intent.sample.catalogue import sample_items

        titles = sorted({item["title"] for item in sample_items()})
        searches = [" ".join(title.split()[:3]) for title in titles]
    draw = random.Random(1)
    searches = sorted(set(searches))
    return draw.sample(titles, min(items, len(titles))), draw.sample(
        searches, min(queries, len(searches))
    )


def _read(path: Path, name: str) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)[name] for line in lines]


def take_turns(
    runners: dict[str, Runner], titles: list[str], queries: list[str], rounds: int
) -> dict[str, Figures]:
    """Figures of each contestant; the order turns from round to round."""
    figures = {name: Figures() for name in runners}
    for run in runners.values():
        run(titles[:WARM_UP], False)
        run(queries[:WARM_UP], True)
    names = list(runners)
    for turn in range(rounds):
        last = {}
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            seconds, last[name] = runners[name](titles, False)
            figures[name].items_per_s.append(len(titles) / seconds[0])
            times, _ = runners[name](queries, True)
            figures[name].p50_ms.append(float(np.percentile(times, 50)) * 1000)
            figures[name].p95_ms.append(float(np.percentile(times, 95)) * 1000)
        for name in names:
            figures[name].cosine = float(last[name] @ last[names[0]])
    return figures


def print_table(figures: dict[str, Figures]) -> None:
    """Medians over the rounds, and how many times quicker ours is (median, least to most)."""
    mine = next(iter(figures.values()))
    print("| encoder | items/s | ours is | query p50 ms | ours is | p95 ms | cosine |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, their in figures.items():
        more = [a / b for a, b in zip(mine.items_per_s, their.items_per_s, strict=True)]
        quicker = [b / a for a, b in zip(mine.p50_ms, their.p50_ms, strict=True)]
        print(
            f"| {name} | {median(their.items_per_s):.0f} | {_times(more)} | "
            f"{median(their.p50_ms):.2f} | {_times(quicker)} | {median(their.p95_ms):.2f} | "
            f"{their.cosine:.4f} |"
        )


def _times(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
