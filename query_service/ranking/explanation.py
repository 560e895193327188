"""Why a hit is where it is: shares of its score by source, which add up to the score."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.scores import Scores
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.plan import WORDS
from query_service.schemas.search.answers import Explanation, Share, ShareKind
from query_service.user.intent import Intent

ShareKey = tuple[ShareKind, int]
VERBS = {
    "view": "viewed", "click": "clicked", "add_to_cart": "put in the cart", "purchase": "bought",
    "watch": "watched", "like": "liked", "comment": "commented on", "share": "shared",
    "dislike": "disliked", "remove_from_cart": "took out of the cart",
}  # fmt: skip
RERANKER = -2  # the index of the learned re-ranker's share; the user model's is -1
MIN_SHARE = 0.02  # `why` leaves out shares below this fraction of the score


def explain(
    row: int,
    candidates: Candidates,
    scores: Scores,
    intent: Intent,
    *,
    pinned: str = "",
    pinned_by: str | None = None,
) -> Explanation:
    """The explanation of the candidate in `row`: `shares` sum to its score (up to rounding).

    `pinned` says which rule put it where it is, `pinned_by` is its id; the score is what it has
    without.
    """
    keys, values = share_values([row], candidates, scores, intent)
    shares = [
        _share(kind, index, value, intent, scores.model_note)
        for (kind, index), value in zip(keys, values[0].tolist(), strict=True)
        if value or kind in ("query", "item")
    ]
    for title, values_of_rule in scores.rules.items():
        if value := float(values_of_rule[row]):
            shares.append(Share(kind="rule", label=title, value=value))
    shares.sort(key=lambda share: -abs(share.value))
    reasons = why(shares, float(scores.total[row]), has_words=bool(candidates.has_words[row]))
    by_leg = {leg.name: float(candidates.scores_of(leg.name)[row]) for leg in candidates.legs}
    return Explanation(
        score=float(scores.total[row]),
        legs={name: score if math.isfinite(score) else None for name, score in by_leg.items()},
        shares=shares,
        why=f"{pinned}; {reasons}" if pinned else reasons,
        pinned_by=pinned_by,
    )


def share_values(
    rows: Sequence[int], candidates: Candidates, scores: Scores, intent: Intent
) -> tuple[list[ShareKey], NDArray[np.float64]]:
    """The shares of candidates but those of rules: the source of each column, and values [r, C].

    A source is a kind and the index of the event or query; -1: neither.
    """
    columns: dict[ShareKey, NDArray[np.float64]] = {}

    def add(kind: ShareKind, index: int, values: NDArray[Any]) -> None:
        known = columns.get((kind, index))
        columns[kind, index] = values.astype(np.float64) + (0.0 if known is None else known)

    for kind, of_legs in _leg_shares(rows, candidates, scores).items():
        if intent.query_text or kind != "query":
            add(kind, -1, of_legs)
    if intent.user_vector is not None:
        person, events = scores.person[rows].T, scores.events[rows].T
        for source, values in zip(intent.user_vector.sources, person, strict=True):
            add(source.kind, source.index, values)
        for index in np.flatnonzero(np.any(events, axis=1)).tolist():
            add(intent.visitor.event_kind(index), index, events[index])
    add("item", -1, scores.popularity[rows])
    of_all: tuple[tuple[ShareKind, int, NDArray[np.float32] | None], ...] = (
        ("model", RERANKER, scores.model),
        ("identifier", -1, scores.identified),
        ("diversity", -1, scores.diversity),
        ("exposure", -1, scores.exposure),
    )
    for kind, index, of_kind in of_all:
        if of_kind is not None:
            add(kind, index, of_kind[rows])
    return list(columns), np.stack(list(columns.values()), axis=1)


def explain_below(score: float, engine_score: float, intent: Intent) -> Explanation:
    """The explanation of a match below the re-ranked candidates: one share, the whole score."""
    kind: ShareKind = "query" if intent.query_text else "item"
    share = _share(kind, -1, score, intent)
    has = f"has words of “{intent.query_text}”" if intent.query_text else "is in the catalogue"
    return Explanation(
        score=score,
        legs={WORDS: engine_score},
        shares=[share],
        why=f"{has}; below the candidates that were re-ranked for you",
    )


def explain_kept(score: float) -> Explanation:
    """The explanation of a hit that keeps its place of the first page, though things changed."""
    label = "its place on the first page's list"
    share = Share(kind="item", label=label, value=score)
    why = "it keeps its place of the first page; what led there has changed since"
    return Explanation(score=score, legs={}, shares=[share], why=why)


def explain_sorted(why: str) -> Explanation:
    """The explanation of a hit whose place comes from a field of the item, not from a score."""
    return Explanation(score=0.0, legs={}, shares=[], why=why)


def _leg_shares(
    rows: Sequence[int], candidates: Candidates, scores: Scores
) -> dict[ShareKind, NDArray[np.float32]]:
    """The scores of the legs with a share of their own, float32 [r], by the kind of share."""
    sums: dict[ShareKind, NDArray[np.float32]] = {}
    for leg in candidates.legs:
        if leg.share is not None:
            of_leg = scores.legs[leg.name][rows]
            sums[leg.share] = sums[leg.share] + of_leg if leg.share in sums else of_leg
    return sums


def why(shares: list[Share], score: float, *, has_words: bool = True) -> str:
    """One line for people: the query, then the strongest reasons for and against.

    An item that `has_words` answers the query; any other is only close to it in meaning.
    """
    least = MIN_SHARE * max(abs(score), 1e-6)
    # The identifier decides the place, however small its share is beside a learned one.
    large = [s for s in shares if abs(s.value) >= least or (s.kind == "identifier" and s.value)]
    large.sort(key=lambda s: (s.kind != "query", s.kind != "identifier", -abs(s.value)))
    reasons = dict.fromkeys(_reason(share, has_words) for share in large[:3])
    return "; ".join(reasons) or "nothing in particular speaks for it"


def _reason(share: Share, has_words: bool) -> str:
    against = "" if share.value > 0 else ", which counts against it"
    reasons: dict[ShareKind, str] = {
        "query": f"{'answers' if has_words else 'close in meaning to'} “{share.label}”",
        "search_history": f"you searched for “{share.label}”{against}",
        "event": f"you {share.label}{against}",
        "user_history": f"earlier you {share.label}{against}",
        "item": "popular",
        "model": "learned from other visitors",
        "identifier": f"its number is “{share.label}”",
        "diversity": "like hits above it, which counts against it",
        "exposure": "of a group that is to be shown more",
        "rule": f"{'raised' if share.value > 0 else 'lowered'} by the rule “{share.label}”",
    }
    return reasons[share.kind]


def _share(kind: ShareKind, index: int, value: float, intent: Intent, note: str = "") -> Share:
    visitor = intent.visitor
    if kind in ("event", "user_history"):
        event = visitor.events[index]
        label = f"{VERBS.get(event.action, event.action)} “{_short(event.title or event.item_id)}”"
        return Share(
            kind=kind, label=label, value=value, item_id=event.item_id, action=event.action
        )
    if kind == "search_history":
        text = visitor.queries[index].query_text
        return Share(kind=kind, label=text, value=value, text=text)
    learned = f"learned re-ranker{note}" if index == RERANKER else "user model"
    labels = {
        "query": intent.query_text, "identifier": intent.query_text, "item": "popularity",
        "model": learned, "diversity": "likeness to hits above",
        "exposure": "floor of exposure",
    }  # fmt: skip
    label = labels[kind]
    return Share(kind=kind, label=label, value=value)


def _short(title: str, limit: int = 60) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
