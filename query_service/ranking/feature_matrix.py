"""The learned re-ranker's view of the candidates: named columns in named groups, pure numpy.

A signal is one number per candidate. It is given in FORMS: as it is, and how far from the list's
mean, in standard deviations, so that a learned model needs no list-wide sums of its own. Signals
without input are 0 for all candidates. (How far below the list's best, and its place, added
nothing: NDCG@10 .3240 without, .3233 with them, on 2,000 validation lists of games.)
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.cooccurrence import AFTER, COUNT, LAST, LATELY, TOGETHER, Neighbours
from query_service.ranking.reranker import Features
from query_service.ranking.title_features import (
    ANSWER,
    SHARED,
    Titles,
    answers,
    in_common,
    shared_signals,
)
from query_service.retrieval.candidates import LEGS, MEANING, PERSON, WORDS

Floats = NDArray[np.float32]
FORMS = ("value", "z")
TEMPERATURE = 0.1  # of the softmax over events
MOST_EVENTS = 50  # the newest, that a candidate is compared with one by one
SIGNALS: Mapping[str, tuple[str, ...]] = {
    "words": ("bm25",),
    "meaning": ("query",),
    "person": ("R", "D_b", "D_B", "D_a", "D_u"),
    "attention": tuple(
        f"{half}_{how}"
        for half in ("behaviour", "meaning")
        for how in ("max", "top3", "last", "mean", "softmax")
    ),
    "affinity": ("affinity_max", "affinity"),
    "popularity": ("popularity",),
    "neighbours": (
        "together", "together_even", "together_last", "after", "after_even", "after_last",
        "count", "lately", "last", "trend",
    ),
    "era": ("era", "era_last", "era_gap", "era_mean", "era_newest", "era_near"),
    "wording": ANSWER,
    "shared words": SHARED,
    "fixed": ("fixed",),
}  # fmt: skip
PLAIN: Mapping[str, tuple[str, ...]] = {
    "words": ("in_words",),
    "meaning": ("in_meaning",),
    "person": ("in_person",),
    "attention": ("behaviour_against", "meaning_against"),
    "session": ("breadth", "query_terms", "has_query", "given", "events", "candidates"),
}
COLUMNS = tuple(
    [f"{signal}.{form}" for form in FORMS for signals in SIGNALS.values() for signal in signals]
    + [name for names in PLAIN.values() for name in names]
)
GROUPS = ("words", "meaning", "person", "attention", "affinity", "popularity", "neighbours", "era",
          "wording", "shared words", "session")  # fmt: skip
PAIRS = ("behaviour", "meaning", "weight", "log_weight", "affinity", "together", "after", "era",
         "shared")  # fmt: skip
PAIR_GROUPS = ("attention", "attention", "session", "session", "affinity", "neighbours",
               "neighbours", "era", "shared words")  # fmt: skip


@dataclass(frozen=True)
class Inputs:
    """`matrix` float32 [n, len(COLUMNS)]; `pairs` float32 [n, E, len(PAIRS)] with each event.

    E: the newest MOST_EVENTS at most.
    """

    matrix: Floats
    pairs: Floats


def columns_of(group: str) -> list[int]:
    """The places in COLUMNS that belong to a group."""
    names = {f"{signal}.{form}" for signal in SIGNALS.get(group, ()) for form in FORMS}
    names |= set(PLAIN.get(group, ()))
    return [place for place, name in enumerate(COLUMNS) if name in names]


def pairs_of(group: str) -> list[int]:
    """Likewise in PAIRS."""
    return [place for place, name in enumerate(PAIR_GROUPS) if name == group]


def inputs(features: Features, fixed: Floats, neighbours: Neighbours | None = None) -> Inputs:
    """Everything that is learned from, of n >= 1 candidates; `fixed` [n]: the fixed weights' score.

    An event that counts against (a dislike) has a negative weight: likeness to it is in `against`,
    and lowers the sums over events.
    """
    weights = features.event_weights
    f = features
    candidates, E = f.candidates, len(weights)
    sims = [f.behaviour @ f.event_vectors.T, f.meaning @ f.event_meaning.T]  # each [n, E]
    near = np.zeros((len(candidates), E, 2), dtype=np.float32)
    tally = np.zeros((len(candidates), 3), dtype=np.float32)
    era, event_eras = (np.full(size, np.nan, dtype=np.float32) for size in (len(candidates), E))
    if neighbours is not None:
        near = neighbours.between(candidates.ids, f.event_ids)
        tally = neighbours.tallied(candidates.ids)
        era = neighbours.eras(candidates.ids)
        event_eras = neighbours.eras(f.event_ids)
    titles = Titles.of(candidates.titles)
    common = in_common(titles, f.event_titles, f.query_text)

    bm25 = np.nan_to_num(candidates.legs[:, LEGS.index(WORDS)])
    query = f.meaning @ f.query if f.query is not None else np.zeros(len(bm25))
    person = [candidates.vectors @ f.contributions.sum(axis=0), *(f.behaviour @ f.tastes.T).T,
              f.meaning @ f.demand]  # fmt: skip
    attention = [signal for sim in sims for signal in _attention(sim, weights)]
    shared = [f.affinity[:, weights > 0].max(axis=1, initial=0), f.affinity @ weights]
    signals = np.stack([bm25, query, *person, *attention, *shared, f.popularity,
                        *_neighbours(near, tally, weights), *_eras(era, event_eras),
                        *answers(titles, f.query_text).T,
                        *shared_signals(titles, common, weights).T, fixed], axis=1)  # fmt: skip

    found = np.isfinite(candidates.legs)
    disliked = weights < 0
    against = [sim[:, disliked].max(axis=1, initial=0) for sim in sims]
    plain = [
        *(found[:, LEGS.index(leg)] for leg in (WORDS, MEANING, PERSON)),
        *against,
        f.breadth,
        *(
            np.full(len(bm25), value)
            for value in (
                min(f.query_terms, 10), f.query_terms > 0, f.given, np.log1p(E),
                np.log1p(len(bm25)),
            )
        ),
    ]  # fmt: skip
    matrix = np.concatenate([*_forms(signals), np.stack(plain, axis=1)], axis=1)
    pairs = np.empty((len(bm25), E, len(PAIRS)), dtype=np.float32)
    pairs[:, :, 0], pairs[:, :, 1] = sims
    pairs[:, :, 2], pairs[:, :, 3] = weights * E, np.log(np.maximum(np.abs(weights), 1e-4))
    pairs[:, :, 4] = f.affinity
    pairs[:, :, 5:7] = np.log1p(near)
    pairs[:, :, 7], pairs[:, :, 8] = era[:, None] - event_eras, common
    newest = np.nan_to_num(pairs[:, max(E - MOST_EVENTS, 0) :])
    return Inputs(np.nan_to_num(matrix).astype(np.float32), newest)


def _attention(sim: Floats, weights: Floats) -> list[Floats]:
    """max, mean of the best 3, last, weighted mean and softmax over the events of sim [n, E]."""
    n = len(sim)
    counting = np.flatnonzero(weights)
    liked = sim[:, weights > 0]
    if not len(counting):
        return [np.zeros(n, dtype=np.float32)] * 5
    best = -np.sort(-liked, axis=1)[:, :3]
    top = best[:, 0] if best.shape[1] else np.zeros(n, dtype=np.float32)
    mean_top = best.mean(axis=1) if best.shape[1] else top
    last = sim[:, counting[-1]] * np.sign(weights[counting[-1]])
    strength = sim / TEMPERATURE + np.log(np.maximum(np.abs(weights), 1e-9))
    strength = np.exp(strength - strength.max(axis=1, keepdims=True))
    share = strength / strength.sum(axis=1, keepdims=True)
    softmax = (share * np.sign(weights) * sim).sum(axis=1)
    return [top, mean_top, last, sim @ weights, softmax]


def _neighbours(near: Floats, tally: Floats, weights: Floats) -> list[Floats]:
    """Sums over events of near [n, E, 2], plain and evened out by the item's own count; tally."""
    n, E = near.shape[:2]
    # Candidates that few visits hold have few chances to be a neighbour: sums over the root of
    # the count are the cosine of Linden et al. (2003).
    even = 1 / np.sqrt(tally[:, COUNT] + 5.0)
    found: list[Floats] = []
    for kind in (TOGETHER, AFTER):
        total = near[:, :, kind] @ (weights * E)
        of_last = near[:, -1, kind] if E else np.zeros(n, dtype=np.float32)
        found += [np.sign(total) * np.log1p(np.abs(total)), total * even, of_last * even]
    logs = np.log1p(tally)
    trend = (tally[:, LAST] + 2.0) / (tally[:, COUNT] + 10.0)
    return [*found, logs[:, COUNT], logs[:, LATELY], logs[:, LAST], trend]


def _eras(era: Floats, event_eras: Floats) -> list[Floats]:
    """How new candidates [n] are, and how much newer than the events [E]; NaN where unknown.

    A candidate of no known era is taken to be as the list's others.
    """
    known = np.isfinite(era)
    middle = era[known].mean() if known.any() else 0.0
    era = np.where(known, era, middle).astype(np.float32)
    later = era[:, None] - event_eras[np.isfinite(event_eras)]  # [n, known events]
    if not later.shape[1]:
        return [era, *[np.zeros_like(era)] * 5]
    last = later[:, -1]
    near = -np.abs(later).min(axis=1)
    return [era, last, -np.abs(last), later.mean(axis=1), later.min(axis=1), near]


def _forms(signals: Floats) -> list[Floats]:
    """Each of FORMS of signals [n, S], float32 [n, S]."""
    spread = signals.std(axis=0)
    return [signals, (signals - signals.mean(axis=0)) / np.where(spread > 1e-6, spread, 1.0)]
