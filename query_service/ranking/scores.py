"""Scores of candidates, separate for each source, and the order of the candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """`total` float32 [n] is the sum of all others.

    `legs`: float32 [n] by the leg's name, except the person leg: `person` float32 [n, S] by the
    sources of R; `events` float32 [n, E]; `popularity` float32 [n]; `model` float32 [n], the
    residual of a learned re-ranker, None without one; `model_note`: how far it was let act.
    `identified` float32 [n]: what puts items first whose identifier is the query, None without such
    items. `diversity` float32 [n], at most 0: what likeness to hits above costs, None without.
    `exposure` float32 [n], at least 0: what brings items of groups to their share of exposure.
    `rules`: by the title of each rule that boosts or buries, float32 [n].
    """

    total: Floats
    legs: Mapping[str, Floats]
    person: Floats
    events: Floats
    popularity: Floats
    model: Floats | None = None
    model_note: str = ""
    identified: Floats | None = None
    diversity: Floats | None = None
    exposure: Floats | None = None
    rules: Mapping[str, Floats] = field(default_factory=dict)

    def has(self, row: int, score: float) -> bool:
        """Whether the candidate in `row` has this score, up to rounding."""
        return not abs(float(self.total[row]) - score) > 1e-4 * max(abs(score), 1)


@dataclass(frozen=True)
class Boost:
    """What a rule does to the score of the candidates in `rows`, bool [n].

    `by` in [-1, 1]: a share of what lies between the best score and the lowest.
    """

    title: str
    rows: NDArray[np.bool_]
    by: float


def boosted(scores: Scores, boosts: Sequence[Boost]) -> Scores:
    """The scores with what the rules add to them, and take from them."""
    if not boosts:
        return scores
    finite = scores.total[np.isfinite(scores.total)]
    spread = float(finite.max() - finite.min()) if len(finite) else 0.0
    rules: dict[str, Floats] = dict(scores.rules)
    total = scores.total
    for boost in boosts:
        value = np.where(boost.rows, boost.by * (spread or 1.0), 0).astype(np.float32)
        rules[boost.title] = rules[boost.title] + value if boost.title in rules else value
        total = total + value
    return replace(scores, total=total, rules=rules)


def identified_first(scores: Scores, identified: NDArray[np.bool_]) -> Scores:
    """The scores with as much for the `identified` items, bool [n], as puts them before all others.

    It holds for any re-ranker: who types an item's number wants that item.
    """
    if not identified.any():
        return scores
    finite = np.where(np.isfinite(scores.total), scores.total, 0)
    bonus = np.where(identified, 1 + finite.max() - finite.min(), 0).astype(np.float32)
    total = np.where(identified, finite, scores.total) + bonus
    return replace(scores, total=total.astype(np.float32), identified=bonus)


def below_candidates(lowest: float, engine_score: float) -> float:
    """The score of a match below the candidates: under their `lowest`, in the engine's order.

    lowest - 1 + s / (1 + s), for s = `engine_score` >= 0.
    """
    return lowest - 1.0 / (1.0 + max(engine_score, 0.0))


def leaders(rows: NDArray[np.intp], keys: Sequence[str]) -> NDArray[np.intp]:
    """For each row the first of `rows` with its key, int [n]; `rows` are all, in ranked order."""
    result = np.zeros(len(keys), dtype=np.intp)
    first: dict[str, int] = {}
    for row in rows.tolist():
        result[row] = first.setdefault(keys[row], row)
    return result


def ranked_rows(scores: Floats, ids: tuple[str, ...]) -> NDArray[np.intp]:
    """Rows by descending score, intp [n]; ties by item id, so that an answer can be repeated.

    `scores` float32 [n]; NaN comes last, with what is infinite.
    """
    finite = np.where(np.isfinite(scores), scores, -np.inf)
    return np.lexsort((np.array(ids), -finite))
