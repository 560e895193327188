"""The encoder against sentence-transformers, alternating in one run.

    python -m benchmarks.inference.encode [--items 2000] [--rounds 5]
        [--peer PYTHON:BACKEND:FORMAT ...]

Items per second on real titles (homedepot, else the sample catalogue) and the time of one query
(p50 and p95), for this project's encoder and for each peer; the default peer is what
`SentenceTransformer(model).encode` does without options. A peer in another environment, such as
`/path/to/venv/bin/python:openvino:auto`, runs under that Python. The order rotates from round to
round; ratios are taken within a round, and the table shows their median and range.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import DATASETS, homedepot_queries, read
from benchmarks.inference.encode_peer import timed
from indexer.encoder.loading import load_encoder
from indexer.encoder.model_names import model_folder
from indexer.settings import EncoderSettings
from plugin_config.settings import load

Timed = tuple[list[float], NDArray[np.float32]]  # seconds, and the last text's vector
Runner = Callable[[Sequence[str], bool], Timed]  # texts, and whether one at a time
WARM_UP = 40
BATCH = 32  # sentence-transformers' default


@dataclass
class EncoderTimes:
    """The times of one encoder, a value per round."""

    items_per_s: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)
    cosine: float = 1.0  # of its last vector to ours


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=BATCH, help="peers' batch size")
    parser.add_argument("--peer", action="append", default=[], metavar="PYTHON:BACKEND:FORMAT")
    options = parser.parse_args()
    settings = load(EncoderSettings, encoder=options.encoder, query_cache_size=0)
    encoder = load_encoder(settings)
    folder = model_folder(settings.encoder, settings.models_dir)
    script = str(Path(__file__).with_name("encode_peer.py"))

    def ours(texts: Sequence[str], alone: bool) -> Timed:
        return timed(encoder.encode_query if alone else encoder.encode_items, texts, alone)

    runners: dict[str, Runner] = {"live-intent": ours}
    for peer in [f"{sys.executable}:torch:float32", *options.peer]:
        python, backend, number_format = peer.rsplit(":", 2)
        runners[f"sentence-transformers, {backend} {number_format}"] = Peer(
            [
                python,
                script,
                str(folder),
                backend,
                number_format,
                str(options.batch),
                encoder.device,
            ],
            encoder.spec.item_prefix,
        )
    titles, queries = some_texts(options.items, options.queries)
    print(
        f"{encoder.spec.model}, {str(encoder.dtype).removeprefix('torch.')} on {encoder.device}, "
        f"{encoder.threads} threads, {len(titles)} titles, {len(queries)} queries"
    )
    print_table(alternate(runners, titles, queries, options.rounds))


class Peer:
    """sentence-transformers in a process of its own; the peer measures its times itself."""

    def __init__(self, command: Sequence[str], item_prefix: str) -> None:
        """`item_prefix` is prepended to items; queries are encoded as they are."""
        self._item_prefix = item_prefix
        self._command = " ".join(command)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, texts: Sequence[str], alone: bool) -> Timed:
        """Encode the texts; return seconds and the last vector. A dead peer ends the program."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        prefix = "" if alone else self._item_prefix
        task = {"texts": [prefix + text for text in texts], "alone": alone}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a peer ended: {self._command}")
        answer = json.loads(line)
        return answer["seconds"], np.array(answer["last"], np.float32)


def some_texts(items: int, queries: int) -> tuple[list[str], list[str]]:
    """Return titles and queries, drawn with a fixed seed."""
    if (DATASETS / "homedepot").is_dir():
        titles = [row["title"] for row in read(DATASETS / "homedepot" / "items.jsonl.gz")]
        searches = homedepot_queries()
    else:
        from live_intent.sample.catalogue import sample_items

        titles = sorted({str(item["title"]) for item in sample_items()})
        searches = sorted({" ".join(title.split()[:3]) for title in titles})
    draw = random.Random(1)
    few_titles = draw.sample(titles, min(items, len(titles)))
    return few_titles, draw.sample(searches, min(queries, len(searches)))


def alternate(
    runners: dict[str, Runner], titles: list[str], queries: list[str], rounds: int
) -> dict[str, EncoderTimes]:
    """Time each encoder in every round; the order rotates from round to round."""
    figures = {name: EncoderTimes() for name in runners}
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


def print_table(figures: dict[str, EncoderTimes]) -> None:
    """Print medians over the rounds, and our speed as a multiple of each (median, range)."""
    own = next(iter(figures.values()))
    print("| encoder | items/s | ours is | query p50 ms | ours is | p95 ms | cosine |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, peer in figures.items():
        items = [a / b for a, b in zip(own.items_per_s, peer.items_per_s, strict=True)]
        query = [b / a for a, b in zip(own.p50_ms, peer.p50_ms, strict=True)]
        print(
            f"| {name} | {median(peer.items_per_s):.0f} | {_multiple(items)} | "
            f"{median(peer.p50_ms):.2f} | {_multiple(query)} | {median(peer.p95_ms):.2f} | "
            f"{peer.cosine:.4f} |"
        )


def _multiple(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
