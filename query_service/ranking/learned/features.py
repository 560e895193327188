"""The features of a learned re-ranker, each declared once: name, group, forms and function.

A new feature is a line in FEATURES (or PAIR_FEATURES), or a field of one of the families. The
matrix, the column lists, the groups of an ablation and the check of a bundle follow from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.learned.cooccurrence import AFTER, TOGETHER
from query_service.ranking.learned.feature_source import (
    EraFeatures,
    EventSimilarity,
    FeatureSource,
    VisitFeatures,
    most_similar,
)
from query_service.ranking.titles.title_features import TitleMatch, TitleOverlap
from query_service.retrieval.plan import MEANING, PERSON, WORDS

Column = NDArray[Any] | float
# The forms of a feature: the value, and how far it is from the list's mean, in standard deviations,
# so that a learned model needs no list-wide sums of its own. (How far below the list's best, and
# its rank, added nothing: NDCG@10 .3240 without, .3233 with them, on 2,000 validation lists of
# games.)
STANDARDISED = ("value", "z")
AS_IT_IS = ("",)


@dataclass(frozen=True)
class Feature:
    """One number per candidate, [n], or one for all; 0 without input. `forms`: its columns.

    `group`: what an ablation switches off; "" is never switched off.
    """

    name: str
    group: str
    compute: Callable[[FeatureSource], Column]
    forms: tuple[str, ...] = STANDARDISED

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(f"{self.name}.{form}" if form else self.name for form in self.forms)


@dataclass(frozen=True)
class PairFeature:
    """One number per candidate and event, [n, E], or what broadcasts to it."""

    name: str
    group: str
    compute: Callable[[FeatureSource], NDArray[Any]]


def _family(group: str, attribute: str, family: type, prefix: str = "") -> tuple[Feature, ...]:
    """A feature for each field of a dataclass that the source has as `attribute`."""
    return tuple(
        Feature(prefix + each.name, group, attrgetter(f"{attribute}.{each.name}"))
        for each in fields(family)
    )


def _in_leg(leg_name: str) -> Callable[[FeatureSource], Column]:
    return lambda source: np.isfinite(source.inputs.candidates.scores_of(leg_name))


FEATURES: tuple[Feature, ...] = (
    Feature("bm25", "words", lambda s: np.nan_to_num(s.inputs.candidates.scores_of(WORDS))),
    Feature("query", "meaning", lambda s: s.query_similarity),
    Feature("R", "person",
            lambda s: s.inputs.candidates.vectors @ s.inputs.contributions.sum(axis=0)),
    Feature("D_b", "person", lambda s: s.tastes[0]),
    Feature("D_B", "person", lambda s: s.tastes[1]),
    Feature("D_a", "person", lambda s: s.tastes[2]),
    Feature("D_u", "person", lambda s: s.inputs.meaning @ s.inputs.demand),
    *_family("attention", "behaviour_events", EventSimilarity, "behaviour_"),
    *_family("attention", "meaning_events", EventSimilarity, "meaning_"),
    Feature("affinity_max", "affinity",
            lambda s: most_similar(s.inputs.affinity, s.inputs.event_weights > 0)),
    Feature("affinity", "affinity", lambda s: s.inputs.affinity @ s.inputs.event_weights),
    Feature("popularity", "popularity", lambda s: s.inputs.popularity),
    *_family("co-occurrence", "visits", VisitFeatures),
    *_family("era", "eras", EraFeatures),
    *_family("title match", "title_match", TitleMatch),
    *_family("title overlap", "title_overlap", TitleOverlap),
    Feature("fixed", "", lambda s: s.fixed),
    Feature("in_words", "words", _in_leg(WORDS), AS_IT_IS),
    Feature("in_meaning", "meaning", _in_leg(MEANING), AS_IT_IS),
    Feature("in_person", "person", _in_leg(PERSON), AS_IT_IS),
    Feature("behaviour_against", "attention",
            lambda s: most_similar(s.behaviour_similarity, s.inputs.event_weights < 0), AS_IT_IS),
    Feature("meaning_against", "attention",
            lambda s: most_similar(s.meaning_similarity, s.inputs.event_weights < 0), AS_IT_IS),
    Feature("breadth", "session", lambda s: s.inputs.breadth, AS_IT_IS),
    Feature("query_terms", "session", lambda s: min(s.inputs.query_terms, 10), AS_IT_IS),
    Feature("has_query", "session", lambda s: s.inputs.query_terms > 0, AS_IT_IS),
    Feature("given", "session", lambda s: s.inputs.given, AS_IT_IS),
    Feature("events", "session", lambda s: np.log1p(s.E), AS_IT_IS),
    Feature("candidates", "session", lambda s: np.log1p(s.n), AS_IT_IS),
)  # fmt: skip
PAIR_FEATURES: tuple[PairFeature, ...] = (
    PairFeature("behaviour", "attention", lambda s: s.behaviour_similarity),
    PairFeature("meaning", "attention", lambda s: s.meaning_similarity),
    PairFeature("weight", "session", lambda s: s.inputs.event_weights * s.E),
    PairFeature("log_weight", "session",
                lambda s: np.log(np.maximum(np.abs(s.inputs.event_weights), 1e-4))),
    PairFeature("affinity", "affinity", lambda s: s.inputs.affinity),
    PairFeature("together", "co-occurrence", lambda s: np.log1p(s.pair_weights[:, :, TOGETHER])),
    PairFeature("after", "co-occurrence", lambda s: np.log1p(s.pair_weights[:, :, AFTER])),
    PairFeature("era", "era", lambda s: s.candidate_eras[:, None] - s.event_eras),
    PairFeature("shared", "title overlap", lambda s: s.shared_rarity),
)  # fmt: skip
