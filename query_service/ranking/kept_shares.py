"""The shares of a score in the short form that is kept of an answer: quick, and without texts.

It names no other session's items (what they did is one sum) and no text of an earlier query (only
its id), so that an erasure of those leaves nothing here.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from query_service.ranking.explanation import RERANKER, share_values
from query_service.ranking.scores import Scores
from query_service.retrieval.candidates.candidates import Candidates
from query_service.user.intent import Intent

MOST_SHARES = 6  # of a hit; smaller ones are one share, `others`


def kept_shares(
    rows: Sequence[int], candidates: Candidates, scores: Scores, intent: Intent
) -> list[dict[str, Any]]:
    """What is kept of the candidates in `rows`.

    `legs`: the score of each leg that found the candidate; `shares`: the largest six, and sums.
    The shares add up to the score. A `rule` is named by its title.
    """
    keys, values = share_values(rows, candidates, scores, intent)
    kinds = np.array([kind for kind, _ in keys])
    history = values[:, kinds == "user_history"].sum(axis=1).tolist()
    sources = [_source(kind, index, scores, intent) for kind, index in keys]
    sources += [{"kind": "rule", "rule": title} for title in scores.rules]
    of_rules = [of_rule[rows].astype(np.float64) for of_rule in scores.rules.values()]
    named = np.column_stack([np.where(kinds == "user_history", 0.0, values), *of_rules])
    largest = np.argsort(-np.abs(named), axis=1, kind="stable")[:, :MOST_SHARES]
    rest = (named.sum(axis=1) - np.take_along_axis(named, largest, axis=1).sum(axis=1)).tolist()
    counts = np.count_nonzero(named, axis=1).tolist()
    by_leg = {leg.name: candidates.scores_of(leg.name)[rows].tolist() for leg in candidates.legs}
    kept = []
    for number in range(len(rows)):
        shares: list[dict[str, Any]] = [
            {**sources[column], "value": short(value)}
            for column in largest[number].tolist()
            if (value := float(named[number, column]))
        ]
        if history[number]:
            shares.append({"kind": "user_history", "value": short(history[number])})
        if counts[number] > MOST_SHARES and rest[number]:
            shares.append({"kind": "others", "value": short(rest[number])})
        legs = {
            name: short(of_leg[number])
            for name, of_leg in by_leg.items()
            if math.isfinite(of_leg[number])
        }
        kept.append({"legs": legs, "shares": shares})
    return kept


def short(value: float) -> float:
    """Five digits are enough to read, and to add up."""
    return float(f"{value:.5g}")


def _source(kind: str, index: int, scores: Scores, intent: Intent) -> dict[str, Any]:
    """What a share comes from, by ids."""
    source = {"kind": kind}
    if kind == "event":
        event = intent.visitor.events[index]
        return source | {"action": event.action, "item_id": event.item_id}
    if kind == "search_history":
        return source | {"query_id": intent.visitor.queries[index].query_id}
    if kind == "model":
        learned = f"learned re-ranker{scores.model_note}"
        return source | {"by": learned if index == RERANKER else "user model"}
    return source
