"""From candidates to scores: the re-ranker within the deadline, else the fused order."""

import threading
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from query_service.progress import RequestProgress
from query_service.ranking.diversity import diversified
from query_service.ranking.exposure import at_work, exposed
from query_service.ranking.fusion import fused
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import Scoring
from query_service.ranking.scores import (
    Boost,
    Scores,
    boosted,
    identified_first,
    leaders,
    ranked_rows,
)
from query_service.retrieval.candidates.candidates import Candidates
from query_service.setting_texts.exposure_floors import NO_FLOORS, ExposureFloors


@dataclass(frozen=True)
class Adjustments:
    """What acts on any re-ranker's scores: rules, and a `diversity`.

    None is the default diversity for one term and without a query, 0 for longer queries. `exposure`
    None: the default floors; `pivot` of the popularities, below which is the long tail.
    `attribute_groups`: item ids by the floors' groups that are of an attribute.
    `keys`: of the items' groups, of which one item each is shown; None: all are.
    """

    diversity: float | None = 0.0
    exposure: ExposureFloors | None = NO_FLOORS
    pivot: float = 0.0
    attribute_groups: Mapping[str, Set[str]] = field(default_factory=dict)
    boosts: Sequence[Boost] = ()
    keys: Sequence[str] | None = None


AS_SCORED = Adjustments()


class RerankStage:
    """A re-ranker (None: the fused order alone), and an estimate of its running time."""

    def __init__(
        self,
        reranker: Scoring | None,
        *,
        diversity: float = 0.0,
        exposure: ExposureFloors = NO_FLOORS,
    ) -> None:
        """`diversity` and `exposure`: of the requests that name none."""
        self.reranker = reranker
        self.diversity, self.exposure = diversity, exposure
        self._expected_ms = 5.0  # exponentially weighted mean of earlier runs
        self._lock = threading.Lock()

    def floors(self, of_request: ExposureFloors | None) -> ExposureFloors:
        """The floors of a request; None: it names none, so the default ones."""
        return self.exposure if of_request is None else of_request

    def score(
        self,
        inputs: RerankInput,
        progress: RequestProgress,
        adjustments: Adjustments = AS_SCORED,
    ) -> Scores:
        """Scores by the re-ranker; the fused order when it fails or would be late.

        Either way rules boost and bury, items lose what likeness to those before them costs, groups
        get their floor of exposure, and an item whose identifier is the query comes first.
        """
        scores: Scores | None = None
        if self.reranker is not None and len(inputs.candidates):
            with progress.stage("rerank"):
                if progress.clock.left_ms() < self._expected_ms:
                    raise TimeoutError
                started = time.perf_counter()
                scores = self.reranker.score(inputs)
                ms = (time.perf_counter() - started) * 1000
                with self._lock:  # a single slow run (the first) does not dominate
                    self._expected_ms += 0.2 * (min(ms, 10 * self._expected_ms) - self._expected_ms)
        scores = scores if scores is not None else fused(inputs)
        scores = boosted(scores, adjustments.boosts)
        diversity, keys = adjustments.diversity, adjustments.keys
        if diversity is None:  # a precise query wants what it names: see docs/measurements.md
            diversity = self.diversity if inputs.query_terms <= 1 else 0.0
        candidates = inputs.candidates
        exposure = self.floors(adjustments.exposure)
        if diversity > 0 or exposure.floors:
            rows = ranked_rows(scores.total, candidates.ids)
            leading = leaders(rows, candidates.ids if keys is None else keys)
            scores = diversified(scores, inputs.meaning, diversity, leading)
            floors = at_work(exposure, candidates, adjustments.pivot, adjustments.attribute_groups)
            scores = exposed(scores, candidates.ids, floors, leading)
        return identified_first(scores, inputs.candidates.identified)


def varied(candidates: Candidates, ranked_rows: Sequence[int]) -> list[int]:
    """`ranked_rows` with the categories in turn, best first, for a varied start page."""
    queues: dict[str, list[int]] = {}
    for row in ranked_rows:
        queues.setdefault(max(candidates.categories[row], key=len, default=""), []).append(row)
    rows: list[int] = []
    while queues:
        rows += [rows_of_category.pop(0) for rows_of_category in queues.values()]
        queues = {category: queue for category, queue in queues.items() if queue}
    return rows
