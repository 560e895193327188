"""The values that the features of a learned re-ranker are computed from, each once per list."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.learned.cooccurrence import (
    AFTER,
    COUNT,
    LAST,
    RECENT,
    TOGETHER,
    Cooccurrence,
)
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.titles.title_features import (
    shared_rarity,
    title_match,
    title_overlap,
)

Floats = NDArray[np.float32]
TEMPERATURE = 0.1  # of the softmax over events


class FeatureSource:
    """The re-ranker's input for n >= 1 candidates and E events, and what follows from it."""

    def __init__(
        self, inputs: RerankInput, fixed: Floats, cooccurrence: Cooccurrence | None = None
    ) -> None:
        """`fixed` float32 [n]: the score by fixed weights."""
        self.inputs, self.fixed = inputs, fixed
        self.n, self.E = len(inputs.candidates), len(inputs.event_weights)
        weights, ids = inputs.event_weights, inputs.candidates.ids
        query = inputs.query_meaning
        self.query_similarity = np.zeros(self.n) if query is None else inputs.meaning @ query  # [n]
        # Inner products of candidates and events, float32 [n, E].
        self.behaviour_similarity: Floats = inputs.behaviour @ inputs.event_behaviour.T
        self.meaning_similarity: Floats = inputs.meaning @ inputs.event_meaning.T
        self.behaviour_events = event_similarity(self.behaviour_similarity, weights)
        self.meaning_events = event_similarity(self.meaning_similarity, weights)
        # With D_b, D_B and D_a, float32 [3, n].
        self.tastes: Floats = (inputs.behaviour @ inputs.tastes.T).T
        counts = cooccurrence or Cooccurrence.none()
        self.pair_weights = counts.between(ids, inputs.event_ids)  # float32 [n, E, 2]
        self.visits = visit_features(self.pair_weights, counts.visit_counts_of(ids), weights)
        # Eras of candidates, float32 [n], and of the events' items, float32 [E]; NaN unknown.
        self.candidate_eras = counts.eras_of(ids)
        self.event_eras = counts.eras_of(inputs.event_ids)
        self.eras = era_features(self.candidate_eras, self.event_eras)
        titles = inputs.title_table
        self.title_match = title_match(titles, inputs.query_text)
        self.shared_rarity = shared_rarity(titles, inputs.event_titles, inputs.query_text)  # [n, E]
        self.title_overlap = title_overlap(titles, self.shared_rarity, weights)


@dataclass(frozen=True)
class EventSimilarity:
    """A candidate's similarity to the events, float32 [n] each.

    An event that counts against (a dislike) has a negative weight, and lowers the sums over events.
    """

    max: Floats  # to the most similar positive event
    top3: Floats  # mean of the three most similar ones
    last: Floats  # to the last event that counts
    mean: Floats  # weighted
    softmax: Floats  # attention pooling with a fixed temperature


@dataclass(frozen=True)
class VisitFeatures:
    """Co-occurrence of a candidate with the events, and its visit counts; float32 [n] each.

    `even`: over the root of the candidate's own count, the cosine of Linden et al. (2003), since an
    item of few visits has few chances to co-occur; `last`: with the last event alone.
    """

    together: Floats
    together_even: Floats
    together_last: Floats
    after: Floats
    after_even: Floats
    after_last: Floats
    count: Floats
    lately: Floats
    last: Floats
    trend: Floats


@dataclass(frozen=True)
class EraFeatures:
    """How new a candidate is, and how much newer than the events; float32 [n] each."""

    era: Floats
    era_last: Floats  # later than the last event
    era_gap: Floats  # minus the distance to it
    era_mean: Floats  # later than the mean event
    era_newest: Floats  # later than the newest event
    era_near: Floats  # minus the distance to the nearest event


def event_similarity(similarity: Floats, weights: Floats) -> EventSimilarity:
    """From similarities [n, E] to events of these weights [E]."""
    zeros = np.zeros(len(similarity), dtype=np.float32)
    counting = np.flatnonzero(weights)
    if not len(counting):
        return EventSimilarity(*[zeros] * 5)
    best = -np.sort(-similarity[:, weights > 0], axis=1)[:, :3]
    logits = similarity / TEMPERATURE + np.log(np.maximum(np.abs(weights), 1e-9))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    attention = exponentials / exponentials.sum(axis=1, keepdims=True)
    return EventSimilarity(
        max=best[:, 0] if best.shape[1] else zeros,
        top3=best.mean(axis=1) if best.shape[1] else zeros,
        last=similarity[:, counting[-1]] * np.sign(weights[counting[-1]]),
        mean=similarity @ weights,
        softmax=(attention * np.sign(weights) * similarity).sum(axis=1),
    )


def most_similar(similarity: Floats, events: NDArray[np.bool_]) -> Floats:
    """The largest similarity [n, E] to the events of a mask [E], float32 [n]; 0 without any."""
    largest: Floats = similarity[:, events].max(axis=1, initial=0)
    return largest


def visit_features(pair_weights: Floats, counts: Floats, weights: Floats) -> VisitFeatures:
    """From co-occurrence [n, E, 2], visit counts [n, 3] and the events' weights [E]."""
    n, E = pair_weights.shape[:2]
    even = 1 / np.sqrt(counts[:, COUNT] + 5.0)
    together, after = (pair_weights[:, :, kind] @ (weights * E) for kind in (TOGETHER, AFTER))
    of_last = pair_weights[:, -1] if E else np.zeros((n, 2), dtype=np.float32)
    logs = np.log1p(counts)
    return VisitFeatures(
        together=_signed_log(together),
        together_even=together * even,
        together_last=of_last[:, TOGETHER] * even,
        after=_signed_log(after),
        after_even=after * even,
        after_last=of_last[:, AFTER] * even,
        count=logs[:, COUNT],
        lately=logs[:, RECENT],
        last=logs[:, LAST],
        trend=(counts[:, LAST] + 2.0) / (counts[:, COUNT] + 10.0),
    )


def era_features(eras: Floats, event_eras: Floats) -> EraFeatures:
    """From the eras of candidates [n] and events [E]; NaN where unknown.

    A candidate of unknown era gets the mean of the list's others.
    """
    known = np.isfinite(eras)
    mean = eras[known].mean() if known.any() else 0.0
    era = np.where(known, eras, mean).astype(np.float32)
    later = era[:, None] - event_eras[np.isfinite(event_eras)]  # [n, known events]
    if not later.shape[1]:
        return EraFeatures(era, *[np.zeros_like(era)] * 5)
    last = later[:, -1]
    return EraFeatures(
        era=era,
        era_last=last,
        era_gap=-np.abs(last),
        era_mean=later.mean(axis=1),
        era_newest=later.min(axis=1),
        era_near=-np.abs(later).min(axis=1),
    )


def _signed_log(values: Floats) -> Floats:
    logs: Floats = np.sign(values) * np.log1p(np.abs(values))
    return logs
