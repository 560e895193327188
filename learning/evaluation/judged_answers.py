"""NDCG of answers to judged queries, for a rebuild's gate."""

from collections.abc import Sequence
from pathlib import Path

from indexer.gate.replay import DEPTH, IndexAnswer
from learning.data.datasets import Judgments, read_judgments
from learning.data.tables import DatasetError
from learning.evaluation.measures.metrics import Values, ndcg, padded


class JudgedAnswers:
    """Queries with an item of a grade above 0; an item's gain is its grade."""

    def __init__(self, judgments: Judgments) -> None:
        self._grades = {
            query: grades for query, grades in judgments.grades.items() if any(grades.values())
        }

    @classmethod
    def read(cls, path: Path) -> "JudgedAnswers":
        """Those of a file, as `live-intent evaluate search` reads it. Raises DatasetError."""
        judged = cls(read_judgments(path, None))
        if not judged.queries:
            raise DatasetError(f"no query of {path} has an item with a grade above 0")
        return judged

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries, in the file's order."""
        return tuple(self._grades)

    def ndcg(self, answers: Sequence[IndexAnswer]) -> Values:
        """NDCG@10 of the answer to each query, float64 [n]; an unjudged item is worth 0."""
        pairs = list(zip(self.queries, answers, strict=True))
        gains = [[self._grades[q].get(each, 0.0) for each in a.item_ids] for q, a in pairs]
        ideal = [list(self._grades[query].values()) for query, _ in pairs]
        return ndcg(padded(gains, DEPTH), padded(ideal), DEPTH)
