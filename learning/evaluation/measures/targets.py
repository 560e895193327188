"""Metrics of answers that have one relevant item each, the target."""

from collections.abc import Sequence

from learning.evaluation.concurrent_requests import HitList
from learning.evaluation.measures.metrics import Values, ndcg, padded, recall, reciprocal_rank


def target_measures(
    answers: Sequence[HitList], targets: Sequence[str], *, deep: bool, prefix: str = ""
) -> dict[str, Values]:
    """NDCG@10, Recall@10 and MRR of each answer, float64 [n]; with `deep` Recall@100 too.

    An answer without its target is worth 0. `prefix` stands before the metrics' names.
    """
    rows = [
        [float(item_id == target) for item_id in answer.ids]
        for answer, target in zip(answers, targets, strict=True)
    ]
    gains, ideal = padded(rows), padded([[1.0]] * len(rows))
    metrics = {
        "NDCG@10": ndcg(gains, ideal, 10),
        "Recall@10": recall(gains, ideal, 10),
        "MRR": reciprocal_rank(gains, ideal),
    }
    if deep:
        metrics["Recall@100"] = recall(gains, ideal, 100)
    return {prefix + name: values for name, values in metrics.items()}
