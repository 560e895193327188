"""Re-ranking on each device, in turns: time by candidates, fixed and learned.

    python -m benchmarks.inference.rerank [--candidates 300 3000 30000] [--events 30] [--rounds 30]

From arrays in memory to scores in memory, transfers included; random vectors of 384 dimensions,
titles of ten random words, and an untrained network, whose work is that of a trained one. The first
device is the yardstick. `--new-titles`: the titles' hashes are in no memory, as of items that no
earlier list had.
"""

import argparse
import random
import time
from statistics import median
from string import ascii_lowercase

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from indexer.encoder.number_format import torch_threads
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.learned.residual import RerankerConfig
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import Reranker, Scoring
from query_service.ranking.titles.hashed_text import hashed_text
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS

Floats = NDArray[np.float32]
DIMS = 384
WARM_UP = 5
SOURCES = 12  # of R


def main() -> None:
    """Print a row for each number of candidates and re-ranker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, nargs="+", default=[300, 3000, 30_000])
    parser.add_argument("--events", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--new-titles", action="store_true")
    options = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # as in the service
    devices = ["cpu", *(["cpu+cuda", "cuda"] if torch.cuda.is_available() else [])]
    print(
        f"{options.events} events, {options.rounds} rounds, medians, ms; equal: largest difference"
    )
    print("| re-ranker | candidates | " + " | ".join(devices) + " | cpu / last | equal |")
    print("| --- | --- |" + " --- |" * (len(devices) + 2))
    for name in ("fixed", "learned"):
        scorers = [_scorer(name, device) for device in devices]
        for n in options.candidates:
            inputs = random_input(n, options.events)
            new_titles = options.new_titles and name == "learned"
            times, differs = _in_turns(scorers, inputs, options.rounds, new_titles=new_titles)
            shown = " | ".join(f"{each * 1000:.2f}" for each in times)
            print(f"| {name} | {n} | {shown} | {times[0] / times[-1]:.2f} | {differs:.1e} |")


def random_input(n: int, events: int) -> RerankInput:
    """Arrays of n candidates and one visitor, from a fixed seed."""
    draw = np.random.default_rng(7)

    def units(*shape: int) -> Floats:
        rows = draw.normal(size=(*shape, DIMS)).astype(np.float32)
        unit_rows: Floats = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
        return unit_rows

    vectors, event_vectors = units(n), units(events)
    ids = tuple(str(row) for row in range(n))
    titles = _titles(n)
    candidates = Candidates(
        ids=ids,
        legs=LEGS,
        leg_scores=draw.random((n, len(LEGS)), dtype=np.float32),
        vectors=vectors,
        has_words=np.ones(n, dtype=bool),
        popularity=draw.random(n, dtype=np.float32),
        price=draw.random(n, dtype=np.float32) * 100,
        brands=tuple(f"brand {row % 50}" for row in range(n)),
        categories=tuple((f"category {row % 20}",) for row in range(n)),
        titles=titles,
        identified=np.zeros(n, dtype=bool),
        groups=ids,
    )
    return RerankInput(
        candidates=candidates,
        meaning=vectors,
        behaviour=vectors,
        query_meaning=units(1)[0],
        contributions=units(SOURCES),
        affinity=draw.random((n, events), dtype=np.float32),
        popularity=draw.random(n, dtype=np.float32),
        breadth=np.full(n, 0.5, dtype=np.float32),
        event_weights=draw.random(events, dtype=np.float32),
        event_meaning=event_vectors,
        event_behaviour=event_vectors,
        event_ids=ids[:events],
        event_titles=titles[:events],
        demand=units(1)[0],
        tastes=units(3),
        query_text=" ".join(titles[0].split()[:2]),
        query_terms=2,
    )


def _titles(n: int) -> tuple[str, ...]:
    """Titles of ten words or sizes each, some 65 letters."""
    draw = random.Random(7)
    vocabulary = ["".join(draw.choices(ascii_lowercase, k=draw.randint(3, 8))) for _ in range(3000)]
    vocabulary += [f"{draw.randint(1, 99)} in." for _ in range(300)]
    return tuple(" ".join(draw.choices(vocabulary, k=10)) for _ in range(n))


def _scorer(name: str, device: str) -> Scoring:
    if name == "fixed":
        return Reranker(None, device.partition("+")[0], 0)
    torch.manual_seed(7)
    fixed, _, network = device.rpartition("+")
    model = LearnedReranker(RerankerConfig(), fixed=Reranker(None, fixed or network, 0))
    torch.nn.init.normal_(model.residual.wide.weight, std=0.1)
    torch.nn.init.normal_(model.residual.deep.weight, std=0.1)
    return model.to(network)


def _in_turns(
    scorers: list[Scoring], inputs: RerankInput, rounds: int, *, new_titles: bool
) -> tuple[list[float], float]:
    """Median seconds of each, and how far the last one's scores are from the first one's."""
    seconds: list[list[float]] = [[] for _ in scorers]
    for turn in range(WARM_UP + rounds):
        for scorer, times in zip(scorers, seconds, strict=True):
            vars(inputs).pop("title_table", None)  # each request has its own
            if new_titles:
                hashed_text.cache_clear()
            start = time.perf_counter()
            with torch_threads(1):  # as a request does
                scorer.score(inputs)
            if turn >= WARM_UP:
                times.append(time.perf_counter() - start)
    first, last = scorers[0].score(inputs).total, scorers[-1].score(inputs).total
    return [median(times) for times in seconds], float(np.abs(first - last).max())


if __name__ == "__main__":
    main()
