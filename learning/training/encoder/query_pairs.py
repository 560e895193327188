"""What an encoder is tuned on: queries and the items that answer them, or the catalogue alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from learning.data.splits import split_of

Side = Literal["train", "validation"]
DROPPED = 0.3  # share of words that a view of a title loses
PSEUDO_WORDS = (2, 5)  # words of a pseudo query: at least, and below


@dataclass(frozen=True)
class Pair:
    """A query and an item that answers it; `weight` in (0, 1], from its grade."""

    query: str
    row: int
    weight: float = 1.0


@dataclass(frozen=True)
class QueryPairs:
    """Pairs of one side. `good`, `bad`: rows of items by query, judged to answer it or not.

    `hard`: rows near the query that nobody judged to be an answer, by query.
    """

    pairs: Sequence[Pair]
    good: Mapping[str, frozenset[int]]
    bad: Mapping[str, Sequence[int]] = field(default_factory=dict)
    hard: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def queries(self) -> list[str]:
        """The queries, each once, in order."""
        return list(self.good)


def from_grades(
    grades: Mapping[str, Mapping[str, float]], rows: Mapping[str, int], least: float, side: Side
) -> QueryPairs:
    """Pairs of grade `least` or more among the queries of a side; lower grades are bad answers.

    A pair weighs its grade's share of the highest grade of all.
    """
    top = max((g for of_query in grades.values() for g in of_query.values()), default=0.0) or 1.0
    own = {query: of_query for query, of_query in grades.items() if split_of(query) == side}
    pairs, good, bad = [], {}, {}
    for query, of_query in own.items():
        answers = {rows[i]: grade for i, grade in of_query.items() if grade >= least}
        if not answers:
            continue
        pairs += [Pair(query, row, grade / top) for row, grade in answers.items()]
        good[query] = frozenset(answers)
        bad[query] = [rows[i] for i, grade in of_query.items() if grade < least]
    return QueryPairs(pairs, good, bad)


def from_catalogue(texts: Sequence[str], ids: Sequence[str], side: Side, seed: int) -> QueryPairs:
    """A pseudo query of each item's own words, for the items of a side (by a hash of the id).

    For training `view` makes new ones at each step; those here are for validation.
    """
    rng = np.random.default_rng(seed)
    pairs, good = [], {}
    for row, (item_id, text) in enumerate(zip(ids, texts, strict=True)):
        drawn = pseudo_query(text, rng)
        if drawn and split_of(item_id) == side and drawn not in good:
            pairs.append(Pair(drawn, row))
            good[drawn] = frozenset({row})
    return QueryPairs(pairs, good)


def view(text: str, rng: np.random.Generator) -> str:
    """Another way to say an item: a pseudo query, or the text without some words (half each)."""
    if rng.random() < 0.5:
        return pseudo_query(text, rng)
    words = text.split()
    kept = [word for word in words if rng.random() >= DROPPED]
    return " ".join(kept or words)


def pseudo_query(text: str, rng: np.random.Generator) -> str:
    """2 to 4 of the text's words in their order, in small letters: as somebody might ask."""
    words = text.split()
    count = min(int(rng.integers(*PSEUDO_WORDS)), len(words))
    places = np.sort(rng.choice(len(words), count, replace=False)).tolist() if words else []
    return " ".join(words[place] for place in places).lower()
