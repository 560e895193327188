"""Re-ranking on each device, in turns: time by candidates, fixed and learned.

    python -m benchmarks.inference.rerank [--candidates 300 3000 30000] [--events 30] [--rounds 30]

From arrays in memory to scores in memory, transfers included; random vectors of 384 dimensions, and
an untrained network, whose work is that of a trained one. The first device is the yardstick.
"""

import argparse
import time
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray

from indexer.encoder.number_format import torch_threads
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.learned.residual import RerankerConfig
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import Reranker, Scoring
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
    options = parser.parse_args()
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
            times, differs = _in_turns(scorers, inputs, options.rounds)
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
    titles = tuple(f"red lamp number {row % 997}" for row in range(n))
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
        query_text="red lamp",
        query_terms=2,
    )


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
    scorers: list[Scoring], inputs: RerankInput, rounds: int
) -> tuple[list[float], float]:
    """Median seconds of each, and how far the last one's scores are from the first one's."""
    seconds: list[list[float]] = [[] for _ in scorers]
    for turn in range(WARM_UP + rounds):
        for scorer, times in zip(scorers, seconds, strict=True):
            start = time.perf_counter()
            with torch_threads(1):  # as a request does
                scorer.score(inputs)
            if turn >= WARM_UP:
                times.append(time.perf_counter() - start)
    first, last = scorers[0].score(inputs).total, scorers[-1].score(inputs).total
    return [median(times) for times in seconds], float(np.abs(first - last).max())


if __name__ == "__main__":
    main()
