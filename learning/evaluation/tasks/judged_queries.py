"""Judged queries, asked of the real system: real index, real legs, real re-ranker."""

from collections.abc import Sequence

from indexer.progress import Progress
from learning.data.datasets import Judgments
from learning.data.tables import DatasetError
from learning.evaluation.concurrent_requests import (
    ALWAYS,
    DEPTH,
    SESSION,
    HitList,
    ask_all,
    lacking,
    search_request,
)
from learning.evaluation.measures.measured_ranking import MeasuredRanking, Values
from learning.evaluation.measures.metrics import binary_table, ndcg, recall
from query_service.pipeline import Pipeline
from query_service.schemas.search import RankRequest

MOST_RANKED = 500  # items that one request to rank may name


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
    pipeline: Pipeline,
    judgments: Judgments,
    relevant: float,
    *,
    label: str,
    threads: int,
    progress: Progress,
) -> MeasuredRanking:
    """Searches the whole catalogue: NDCG@10, Recall@10 and Recall@100, binary gain.

    An item of grade `relevant` or more is worth 1, any other and an unjudged one 0. The ideal
    order holds all the query's relevant items.
    """

    def ask(query: str) -> HitList:
        return HitList.of(pipeline.search(search_request(query)))

    answers, seconds = ask_all(ask, judgments.queries, f"search by {label}", threads, progress)
    gains = _gains(answers, judgments, relevant, DEPTH)
    ideal = _ideal(judgments, relevant)
    values = {
        "NDCG@10": ndcg(gains, ideal, 10),
        "Recall@10": recall(gains, ideal, 10),
        "Recall@100": recall(gains, ideal, 100),
    }
    return MeasuredRanking(label, values, seconds, lacking(answers), judgments.queries)


def judged_lists(
    pipeline: Pipeline,
    judgments: Judgments,
    relevant: float,
    *,
    label: str,
    threads: int,
    progress: Progress,
) -> MeasuredRanking:
    """Orders each query's judged items alone, as `/v1/rank` does: NDCG@5, binary gain."""

    def ask(query: str) -> HitList:
        item_ids = list(judgments.grades[query])[:MOST_RANKED]
        given = {"item_ids": item_ids, "query": query, "session_id": SESSION}
        request = RankRequest.model_validate(given | ALWAYS)
        return HitList.of(pipeline.rank(request))

    answers, seconds = ask_all(ask, judgments.queries, f"rank by {label}", threads, progress)
    gains = _gains(answers, judgments, relevant, 5)
    values = {"judged NDCG@5": ndcg(gains, _ideal(judgments, relevant), 5)}
    return MeasuredRanking(label, values, seconds, lacking(answers), judgments.queries)


def _gains(answers: Sequence[HitList], judgments: Judgments, relevant: float, width: int) -> Values:
    grades = [
        [judgments.grades[query].get(item_id, -1.0) for item_id in answer.ids]
        for query, answer in zip(judgments.queries, answers, strict=True)
    ]
    return binary_table(grades, relevant, width)


def _ideal(judgments: Judgments, relevant: float) -> Values:
    rows = [list(judgments.grades[query].values()) for query in judgments.queries]
    return binary_table(rows, relevant)
