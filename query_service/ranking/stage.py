"""From candidates to scores: the re-ranker within the deadline, else the fused order."""

import threading
import time
from collections.abc import Sequence

from query_service.progress import RequestProgress
from query_service.ranking.fusion import fused
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import Scoring
from query_service.ranking.scores import Scores
from query_service.retrieval.candidates import Candidates


class RerankStage:
    """A re-ranker (None: the fused order alone), and how long it takes."""

    def __init__(self, reranker: Scoring | None) -> None:
        self._reranker = reranker
        self._time = RunTime()

    def score(self, inputs: RerankInput, progress: RequestProgress) -> Scores:
        """Scores by the re-ranker; the fused order when it fails or would be late."""
        scores: Scores | None = None
        if self._reranker is not None and len(inputs.candidates):
            with progress.stage("rerank"):
                if progress.clock.left_ms() < self._time.ms:
                    raise TimeoutError
                started = time.perf_counter()
                scores = self._reranker.score(inputs)
                self._time.learn((time.perf_counter() - started) * 1000)
        return scores if scores is not None else fused(inputs)


class RunTime:
    """How long the next run will take, from the earlier ones: ms, exponentially weighted."""

    def __init__(self, first_guess_ms: float = 5.0) -> None:
        self._ms = first_guess_ms
        self._lock = threading.Lock()

    @property
    def ms(self) -> float:
        """The estimate for the next run."""
        return self._ms

    def learn(self, ms: float) -> None:
        """Takes one run into account; a single slow one (the first) does not dominate."""
        with self._lock:
            self._ms += 0.2 * (min(ms, 10 * self._ms) - self._ms)


def varied(candidates: Candidates, ranked_rows: Sequence[int], limit: int) -> list[int]:
    """`ranked_rows` with the categories taken in turn, best first: a start page of many kinds."""
    queues: dict[str, list[int]] = {}
    for row in ranked_rows:
        queues.setdefault(max(candidates.categories[row], key=len, default=""), []).append(row)
    rows: list[int] = []
    while queues and len(rows) < limit:
        for name in list(queues):
            rows.append(queues[name].pop(0))
            if not queues[name]:
                del queues[name]
    return rows[:limit]
