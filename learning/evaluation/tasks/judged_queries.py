"""Judged queries, asked of the real system: real index, real legs, real re-ranker."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from learning.data.datasets import Judgments
from learning.data.tables import DatasetError
from learning.evaluation.concurrent_requests import (
    DEPTH,
    LONG_DEADLINE,
    SESSION,
    HitList,
    degraded_counts,
    search_request,
)
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.metrics import Values, binary_table, ndcg, recall
from learning.evaluation.workbench import Setup
from query_service.pipeline import Pipeline
from query_service.schemas.search.requests import RankRequest

MOST_RANKED = 500  # items that one request to rank may name


def answerable_queries(judgments: Judgments, relevant: float, split: str) -> Judgments:
    """The queries that have a relevant item. Raises DatasetError when there is none."""
    answerable = judgments.with_relevant(relevant)
    if not answerable.queries:
        raise DatasetError(
            f"none of the {len(judgments.queries)} queries of the split {split} has an item of "
            f"grade {relevant:g} or more: see --split and --relevant"
        )
    return answerable


@dataclass(frozen=True)
class JudgedQueries:
    """The queries to ask. An item of grade `relevant` or more is worth 1, any other one 0.

    `judged_lists`: also order each query's judged items alone. `runs`: filled with the hits by
    ranking and query.
    """

    judgments: Judgments
    relevant: float
    setup: Setup
    judged_lists: bool = False
    runs: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def ranking(self, pipeline: Pipeline, label: str) -> MeasuredRanking:
        """What `searched` measures of the service.

        With `judged_lists` also NDCG@5 of each query's judged items, in the order of `/v1/rank`.
        """
        grades, queries = self.judgments.grades, self.judgments.queries

        def search(query: str) -> HitList:
            return HitList.of(pipeline.search(search_request(query)))

        def rank(query: str) -> HitList:
            item_ids = list(grades[query])[:MOST_RANKED]
            fields = {"item_ids": item_ids, "query": query, "session_id": SESSION}
            return HitList.of(pipeline.rank(RankRequest.model_validate(fields | LONG_DEADLINE)))

        whole = self.searched(search, label)
        if not self.judged_lists:
            return whole
        lists, seconds = self.setup.ask_all(rank, queries, f"rank by {label}")
        judged = {"judged NDCG@5": ndcg(self._gains(lists, 5), self._ideal(), 5)}
        degraded = Counter(degraded_counts(lists)) + Counter(whole.degraded)
        return replace(
            whole,
            values={**whole.values, **judged},
            seconds=whole.seconds + seconds,
            degraded=dict(degraded),
        )

    def searched(self, ask: Callable[[str], HitList], label: str) -> MeasuredRanking:
        """Asks for hits of the whole catalogue: NDCG@10, Recall@10 and Recall@100, binary gain.

        The ideal order holds all the query's relevant items; an unjudged item is worth 0.
        """
        queries = self.judgments.queries
        answers, seconds = self.setup.ask_all(ask, queries, f"search by {label}")
        self.runs[label] = {q: each.ids for q, each in zip(queries, answers, strict=True)}
        gains, ideal = self._gains(answers, DEPTH), self._ideal()
        values = {
            "NDCG@10": ndcg(gains, ideal, 10),
            "Recall@10": recall(gains, ideal, 10),
            "Recall@100": recall(gains, ideal, 100),
        }
        return MeasuredRanking(label, values, seconds, degraded_counts(answers), queries)

    def _ideal(self) -> Values:
        grades = self.judgments.grades
        return binary_table(
            [list(grades[query].values()) for query in self.judgments.queries], self.relevant
        )

    def _gains(self, answers: Sequence[HitList], width: int) -> Values:
        grades = [
            [self.judgments.grades[query].get(item_id, -1.0) for item_id in answer.ids]
            for query, answer in zip(self.judgments.queries, answers, strict=True)
        ]
        return binary_table(grades, self.relevant, width)
