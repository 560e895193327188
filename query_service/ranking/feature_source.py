"""What the features of a learned re-ranker are computed from, each part once per list."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.cooccurrence import AFTER, COUNT, LAST, RECENT, TOGETHER, Cooccurrence
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.title_features import (
    TitleMatch,
    TitleOverlap,
    TitleTable,
    shared_rarity,
    title_match,
    title_overlap,
)
from query_service.retrieval.plan import WORDS

Floats = NDArray[np.float32]
TEMPERATURE = 0.1  # of the softmax over events


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
    item that few visits hold has few chances to co-occur; `last`: with the last event alone.
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


class FeatureSource:
    """The re-ranker's input for n >= 1 candidates, the fixed score, and co-occurrence."""

    def __init__(
        self, inputs: RerankInput, fixed: Floats, cooccurrence: Cooccurrence | None = None
    ) -> None:
        """`fixed` float32 [n]: the score by fixed weights."""
        self.inputs = inputs
        self.fixed = fixed
        self.cooccurrence = cooccurrence
        self.n, self.E = len(inputs.candidates), len(inputs.event_weights)

    def repeated(self, value: float) -> NDArray[np.floating]:
        """One number of the whole list for each candidate, [n]."""
        return np.full(self.n, value)

    @property
    def bm25(self) -> Floats:
        """BM25, 0 where the words leg lacks the item, float32 [n]."""
        return np.nan_to_num(self.inputs.candidates.scores_of(WORDS))

    @property
    def query_similarity(self) -> NDArray[np.floating]:
        """To the query's meaning, [n]; 0 without a query."""
        query = self.inputs.query_meaning
        return np.zeros(self.n) if query is None else self.inputs.meaning @ query

    @cached_property
    def behaviour_similarity(self) -> Floats:
        """Of behaviour halves of candidates and events, float32 [n, E]."""
        similarity: Floats = self.inputs.behaviour @ self.inputs.event_behaviour.T
        return similarity

    @cached_property
    def meaning_similarity(self) -> Floats:
        """Of meaning halves of candidates and events, float32 [n, E]."""
        similarity: Floats = self.inputs.meaning @ self.inputs.event_meaning.T
        return similarity

    @cached_property
    def behaviour_events(self) -> EventSimilarity:
        """Similarity of behaviour halves, over the events."""
        return event_similarity(self.behaviour_similarity, self.inputs.event_weights)

    @cached_property
    def meaning_events(self) -> EventSimilarity:
        """Similarity of meaning halves, over the events."""
        return event_similarity(self.meaning_similarity, self.inputs.event_weights)

    @cached_property
    def tastes(self) -> Floats:
        """Similarity to D_b, D_B and D_a, float32 [3, n]."""
        similarity: Floats = (self.inputs.behaviour @ self.inputs.tastes.T).T
        return similarity

    @cached_property
    def pair_weights(self) -> Floats:
        """Co-occurrence of candidates and events, float32 [n, E, 2]."""
        if self.cooccurrence is None:
            return np.zeros((self.n, self.E, 2), dtype=np.float32)
        return self.cooccurrence.between(self.inputs.candidates.ids, self.inputs.event_ids)

    @cached_property
    def visits(self) -> VisitFeatures:
        """Co-occurrence and visit counts of the candidates."""
        counts = np.zeros((self.n, 3), dtype=np.float32)
        if self.cooccurrence is not None:
            counts = self.cooccurrence.visit_counts_of(self.inputs.candidates.ids)
        return visit_features(self.pair_weights, counts, self.inputs.event_weights)

    @cached_property
    def candidate_eras(self) -> Floats:
        """Eras of the candidates, float32 [n]; NaN unknown."""
        return self._eras_of(self.inputs.candidates.ids)

    @cached_property
    def event_eras(self) -> Floats:
        """Eras of the events' items, float32 [E]; NaN unknown."""
        return self._eras_of(self.inputs.event_ids)

    @cached_property
    def eras(self) -> EraFeatures:
        """Eras of the candidates, also beside those of the events."""
        return era_features(self.candidate_eras, self.event_eras)

    @cached_property
    def titles(self) -> TitleTable:
        """The candidates' titles."""
        return TitleTable.of(self.inputs.candidates.titles)

    @cached_property
    def title_match(self) -> TitleMatch:
        """How the titles match the query."""
        return title_match(self.titles, self.inputs.query_text)

    @cached_property
    def shared_rarity(self) -> Floats:
        """What titles share with the events' titles, float32 [n, E]."""
        return shared_rarity(self.titles, self.inputs.event_titles, self.inputs.query_text)

    @cached_property
    def title_overlap(self) -> TitleOverlap:
        """The same, over the events."""
        return title_overlap(self.titles, self.shared_rarity, self.inputs.event_weights)

    def _eras_of(self, ids: tuple[str, ...]) -> Floats:
        if self.cooccurrence is None:
            return np.full(len(ids), np.nan, dtype=np.float32)
        return self.cooccurrence.eras_of(ids)


def event_similarity(similarity: Floats, weights: Floats) -> EventSimilarity:
    """From similarities [n, E] to events of these weights [E]."""
    nothing = np.zeros(len(similarity), dtype=np.float32)
    counting = np.flatnonzero(weights)
    if not len(counting):
        return EventSimilarity(*[nothing] * 5)
    best = -np.sort(-similarity[:, weights > 0], axis=1)[:, :3]
    strength = similarity / TEMPERATURE + np.log(np.maximum(np.abs(weights), 1e-9))
    strength = np.exp(strength - strength.max(axis=1, keepdims=True))
    attention = strength / strength.sum(axis=1, keepdims=True)
    return EventSimilarity(
        max=best[:, 0] if best.shape[1] else nothing,
        top3=best.mean(axis=1) if best.shape[1] else nothing,
        last=similarity[:, counting[-1]] * np.sign(weights[counting[-1]]),
        mean=similarity @ weights,
        softmax=(attention * np.sign(weights) * similarity).sum(axis=1),
    )


def most_similar(similarity: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """The largest of the similarities [n, E] to the chosen events, float32 [n]; 0 without any."""
    largest: Floats = similarity[:, chosen].max(axis=1, initial=0)
    return largest


def visit_features(pair_weights: Floats, counts: Floats, weights: Floats) -> VisitFeatures:
    """From co-occurrence [n, E, 2], visit counts [n, 3] and the events' weights [E]."""
    n, E = pair_weights.shape[:2]
    even = 1 / np.sqrt(counts[:, COUNT] + 5.0)
    sums, of_last = {}, {}
    for kind in (TOGETHER, AFTER):
        sums[kind] = pair_weights[:, :, kind] @ (weights * E)
        of_last[kind] = pair_weights[:, -1, kind] if E else np.zeros(n, dtype=np.float32)
    logs = np.log1p(counts)
    return VisitFeatures(
        together=_signed_log(sums[TOGETHER]),
        together_even=sums[TOGETHER] * even,
        together_last=of_last[TOGETHER] * even,
        after=_signed_log(sums[AFTER]),
        after_even=sums[AFTER] * even,
        after_last=of_last[AFTER] * even,
        count=logs[:, COUNT],
        lately=logs[:, RECENT],
        last=logs[:, LAST],
        trend=(counts[:, LAST] + 2.0) / (counts[:, COUNT] + 10.0),
    )


def era_features(era: Floats, event_eras: Floats) -> EraFeatures:
    """From the eras of candidates [n] and events [E]; NaN where unknown.

    A candidate of no known era is taken to be as the list's others.
    """
    known = np.isfinite(era)
    middle = era[known].mean() if known.any() else 0.0
    era = np.where(known, era, middle).astype(np.float32)
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
