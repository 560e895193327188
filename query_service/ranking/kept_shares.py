"""The shares of a score in the short form that is kept of an answer: quick, and without texts.

It names no other session's items (what they did is one sum) and no text of an earlier query (only
its id), so that an erasure of those leaves nothing here.
"""

import math
from heapq import nlargest
from typing import Any

from query_service.ranking.explanation import RERANKER, share_values
from query_service.ranking.scores import Scores
from query_service.retrieval.candidates.candidates import Candidates
from query_service.user.intent import Intent

MOST_SHARES = 6  # of a hit; smaller ones are one share, `others`


def kept_shares(row: int, candidates: Candidates, scores: Scores, intent: Intent) -> dict[str, Any]:
    """`legs`: the score of each leg that found the candidate; `shares`: the largest six, and sums.

    The shares add up to the score. A `rule` is named by its title.
    """
    by_leg = {leg.name: float(candidates.scores_of(leg.name)[row]) for leg in candidates.legs}
    history = 0.0
    named: list[tuple[float, dict[str, Any], int]] = []
    for (kind, index), value in share_values(row, candidates, scores, intent).items():
        if kind == "user_history":
            history += value
        elif value:
            named.append((value, {"kind": kind}, index))
    for title, values in scores.rules.items():
        if value := float(values[row]):
            named.append((value, {"kind": "rule", "rule": title}, -1))
    largest = nlargest(MOST_SHARES, named, key=lambda share: abs(share[0]))
    shares: list[dict[str, Any]] = [
        {**source, **_source(source["kind"], index, scores, intent), "value": short(value)}
        for value, source, index in largest
    ]
    if history:
        shares.append({"kind": "user_history", "value": short(history)})
    rest = sum(share[0] for share in named) - sum(share[0] for share in largest)
    if len(named) > MOST_SHARES and rest:
        shares.append({"kind": "others", "value": short(rest)})
    legs = {name: short(score) for name, score in by_leg.items() if math.isfinite(score)}
    return {"legs": legs, "shares": shares}


def short(value: float) -> float:
    """Five digits are enough to read, and to add up."""
    return float(f"{value:.5g}")


def _source(kind: str, index: int, scores: Scores, intent: Intent) -> dict[str, Any]:
    """What a share comes from, by ids."""
    if kind == "event":
        event = intent.visitor.events[index]
        return {"action": event.action, "item_id": event.item_id}
    if kind == "search_history":
        return {"query_id": intent.visitor.queries[index].query_id}
    if kind == "model":
        learned = f"learned re-ranker{scores.model_note}"
        return {"by": learned if index == RERANKER else "user model"}
    return {}
