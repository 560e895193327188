"""Evaluates the real system: real index, real legs, real re-ranker, over a file of judgments."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.datasets import Judgments
from learning.intervals import Interval, bootstrap
from learning.metrics import binary_gains, ndcg, padded, recall
from learning.offline_service import OfflineService
from learning.tables import DatasetError
from query_service import recommend
from query_service.requests import RankRequest, SearchRequest, SearchResponse

Values = NDArray[np.float64]
Row = TypeVar("Row")
DEPTH = 100  # hits asked for a query
DEADLINE_MS = 60_000  # nothing may be left out for want of time
SESSION = "evaluation"


@dataclass(frozen=True)
class Measured:
    """One way of ranking, measured. `values`: by measure, float64 [queries], NaN left out.

    `keys` names the queries in the same order, so that a later run can be compared with this one,
    query by query. A measure in `weights`, float64 [queries], is a weighted mean.
    """

    label: str
    values: Mapping[str, Values]
    seconds: float
    degraded: Mapping[str, int] = field(default_factory=dict)
    keys: Sequence[str] = ()
    weights: Mapping[str, Values] = field(default_factory=dict)

    def intervals(self, seed: int = 0) -> dict[str, Interval]:
        """Each measure's mean with its 95 % interval over queries."""
        return {
            name: bootstrap(values, weights=self.weights.get(name), seed=seed)
            for name, values in self.values.items()
        }


def check_asked(judgments: Judgments, relevant: float, split: str) -> Judgments:
    """The queries that have a relevant item. Raises DatasetError when there is none."""
    asked = judgments.with_relevant(relevant)
    if not asked.queries:
        raise DatasetError(
            f"none of the {len(judgments.queries)} queries of the split {split} has an item of "
            f"grade {relevant:g} or more: see --split and --relevant"
        )
    return asked


def full_catalogue(
    service: OfflineService,
    judgments: Judgments,
    relevant: float,
    *,
    label: str,
    threads: int,
    progress: Progress,
) -> Measured:
    """Searches the whole catalogue: NDCG@10, Recall@10 and Recall@100, binary gain.

    An item of grade `relevant` or more is worth 1, any other and an unjudged one 0. The ideal
    order holds all the query's relevant items.
    """

    def ask(query: str) -> SearchResponse:
        request = SearchRequest.model_validate(
            {
                "query": query,
                "session_id": SESSION,
                "size": DEPTH,
                "personalize": False,
                "deadline_ms": DEADLINE_MS,
            }
        )
        return recommend.search(service, request, service.legs)

    answers, seconds = _timed(ask, judgments.queries, f"search by {label}", threads, progress)
    gains = _gains(answers, judgments, relevant, DEPTH)
    ideal = _ideal(judgments, relevant)
    return Measured(
        label,
        {
            "NDCG@10": ndcg(gains, ideal, 10),
            "Recall@10": recall(gains, ideal, 10),
            "Recall@100": recall(gains, ideal, 100),
        },
        seconds,
        _degraded(answers),
        judgments.queries,
    )


def judged_lists(
    service: OfflineService,
    judgments: Judgments,
    relevant: float,
    *,
    label: str,
    threads: int,
    progress: Progress,
) -> Measured:
    """Orders each query's judged items alone, as `/v1/rank` does: NDCG@5, binary gain."""

    def ask(query: str) -> SearchResponse:
        request = RankRequest.model_validate(
            {
                "item_ids": list(judgments.grades[query])[:500],
                "query": query,
                "session_id": SESSION,
                "deadline_ms": DEADLINE_MS,
            }
        )
        return recommend.rank(service, request)

    answers, seconds = _timed(ask, judgments.queries, f"rank by {label}", threads, progress)
    gains = _gains(answers, judgments, relevant, 5)
    values = {"judged NDCG@5": ndcg(gains, _ideal(judgments, relevant), 5)}
    return Measured(label, values, seconds, _degraded(answers), judgments.queries)


def _timed(
    ask: Callable[[str], Row],
    queries: Sequence[str],
    stage: str,
    threads: int,
    progress: Progress,
) -> tuple[list[Row], float]:
    """The answers in the queries' order, and the seconds that they took."""

    def counted() -> Iterator[Row]:
        for answer in pool.map(ask, queries):
            progress.advance()
            yield answer

    begun = time.monotonic()
    progress.start(stage, len(queries))
    with ThreadPoolExecutor(threads) as pool:
        try:
            answers = list(counted())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.close()
    return answers, time.monotonic() - begun


def _gains(
    answers: Sequence[SearchResponse], judgments: Judgments, relevant: float, width: int
) -> Values:
    grades = [
        [judgments.grades[query].get(hit.item_id, -1.0) for hit in answer.hits]
        for query, answer in zip(judgments.queries, answers, strict=True)
    ]
    return padded([binary_gains(row, relevant).tolist() for row in grades], width)


def _ideal(judgments: Judgments, relevant: float) -> Values:
    rows = [list(judgments.grades[query].values()) for query in judgments.queries]
    return padded([binary_gains(row, relevant).tolist() for row in rows])


def _degraded(answers: Sequence[SearchResponse]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for answer in answers:
        for each in answer.degraded:
            counts[each.stage] = counts.get(each.stage, 0) + 1
    return counts
