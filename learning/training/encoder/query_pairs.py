"""What an encoder is tuned on: queries and the items that answer them, or the catalogue alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learning.data.splits import split_of

Side = Literal["train", "validation"]
WORD_DROPOUT = 0.3  # share of the words that a view of a text loses
PSEUDO_WORDS = (2, 5)  # words of a pseudo query: at least, and below


@dataclass(frozen=True)
class Pair:
    """A query and the row of an item that answers it; `weight` in (0, 1], from its grade."""

    query: str
    row: int
    weight: float = 1.0


@dataclass(frozen=True)
class QueryPairs:
    """Pairs of one side. `relevant`, `irrelevant`: rows of the items judged so, by query.

    `hard`: rows of hard negatives by query: near it, and not judged to be an answer.
    """

    pairs: Sequence[Pair]
    relevant: Mapping[str, frozenset[int]]
    irrelevant: Mapping[str, Sequence[int]] = field(default_factory=dict)
    hard: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def queries(self) -> list[str]:
        """The queries, each once, in order."""
        return list(self.relevant)


@dataclass(frozen=True)
class ValidationPool:
    """Validation queries, each compared with all items at `rows`, which hold all its answers."""

    queries: Sequence[str]
    rows: Sequence[int]
    gains: NDArray[np.float64]  # [q, rows]: 1 where the item answers the query

    @classmethod
    def draw(
        cls, pairs: QueryPairs, items: int, most: int, queries: int, seed: int
    ) -> "ValidationPool":
        """Draws up to `queries` queries, and `most` of the `items` rows of the catalogue.

        The rows are all answers, then hard negatives, then any others.
        """
        rng = np.random.default_rng([seed, 1])
        chosen = pairs.queries
        if len(chosen) > queries:
            chosen = [chosen[index] for index in np.sort(rng.permutation(len(chosen))[:queries])]
        answers = {row for query in chosen for row in pairs.relevant[query]}
        hard = sorted({row for query in chosen for row in pairs.hard.get(query, ())} - answers)
        rng.shuffle(hard)
        candidates = dict.fromkeys([*sorted(answers), *hard, *rng.permutation(items).tolist()])
        rows = list(candidates)[: max(most, len(answers))]
        gains = np.array([[float(row in pairs.relevant[q]) for row in rows] for q in chosen])
        return cls(chosen, rows, gains)


def from_grades(
    grades: Mapping[str, Mapping[str, float]], rows: Mapping[str, int], least: float, side: Side
) -> QueryPairs:
    """Pairs of grade `least` or more among the queries of a side; lower grades are irrelevant.

    A pair weighs its grade over the highest grade of all. `rows` gives an item's row by its id.
    """
    top = max((g for of_query in grades.values() for g in of_query.values()), default=0.0) or 1.0
    pairs, relevant, irrelevant = [], {}, {}
    for query, of_query in grades.items():
        answers = {rows[i]: grade for i, grade in of_query.items() if grade >= least}
        if answers and split_of(query) == side:
            pairs += [Pair(query, row, grade / top) for row, grade in answers.items()]
            relevant[query] = frozenset(answers)
            irrelevant[query] = [rows[i] for i, grade in of_query.items() if grade < least]
    return QueryPairs(pairs, relevant, irrelevant)


def from_catalogue(texts: Sequence[str], ids: Sequence[str], side: Side, seed: int) -> QueryPairs:
    """A pseudo query of each item's own words, for the items of a side (by a hash of the id).

    For training `view` draws new ones at each step; those here are for validation.
    """
    rng = np.random.default_rng(seed)
    pairs, relevant = [], {}
    for row, (item_id, text) in enumerate(zip(ids, texts, strict=True)):
        query = pseudo_query(text, rng)
        if query and split_of(item_id) == side and query not in relevant:
            pairs.append(Pair(query, row))
            relevant[query] = frozenset({row})
    return QueryPairs(pairs, relevant)


def view(text: str, rng: np.random.Generator) -> str:
    """An augmented text of an item: a pseudo query, or the text without some words (half each)."""
    if rng.random() < 0.5:
        return pseudo_query(text, rng)
    words = text.split()
    remaining = [word for word in words if rng.random() >= WORD_DROPOUT]
    return " ".join(remaining or words)


def pseudo_query(text: str, rng: np.random.Generator) -> str:
    """2 to 4 of the text's words in their order, in small letters: as somebody might ask."""
    words = text.split()
    count = min(int(rng.integers(*PSEUDO_WORDS)), len(words))
    chosen = np.sort(rng.choice(len(words), count, replace=False)).tolist() if words else []
    return " ".join(words[index] for index in chosen).lower()
