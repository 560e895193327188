"""The re-ranker: one score per candidate from legs, R, each event and the item's own features.

In torch, the same code on CPU and GPU. Its weights are fixed: sensible from the first minute. Every
term belongs to a source (the query, an earlier query, an event, the item), so the shares of a score
add up to the score.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from query_service.ranking.fusion import normalised
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.scores import Scores
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import MEANING, PERSON, WORDS

_LEG_WEIGHTS = {leg.name: leg.weight for leg in LEGS}


@dataclass(frozen=True)
class RerankerWeights:
    """The fixed weights, until they are learned."""

    words: float = _LEG_WEIGHTS[WORDS]
    meaning: float = _LEG_WEIGHTS[MEANING]
    person: float = _LEG_WEIGHTS[PERSON]
    attention: float = 0.2
    affinity: float = 0.3
    popularity: float = 0.05
    # What a one-word query adds to the weight of everything personal: it asks for hundreds of
    # items alike, and only the visitor tells them apart. n words add this divided by n.
    breadth: float = 3.0
    # Likewise for popularity, divided by n squared: of hundreds of matches, most want the known.
    broad_popularity: float = 1.0
    temperature: float = 0.1  # of the attention from a candidate to the events

    def without(self, group: str) -> "RerankerWeights":
        """The same with one of FEATURE_GROUPS counting for nothing."""
        changed = dict.fromkeys(FEATURE_GROUPS[group], 0.0)
        return replace(self, **changed)


# What an evaluation can switch off, and the weights that this sets to 0.
FEATURE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "words": ("words",),
    "meaning": ("meaning",),
    "person": ("person",),
    "attention": ("attention",),
    "affinity": ("affinity",),
    "popularity": ("popularity", "broad_popularity"),
    "breadth": ("breadth", "broad_popularity"),
}


class Scoring(Protocol):
    """Anything that scores candidates: the fixed re-ranker, or a learned one."""

    @property
    def reads_titles(self) -> bool: ...
    def score(self, inputs: RerankInput) -> Scores: ...


@dataclass(frozen=True)
class RerankTensors:
    """What the fixed weights are applied to, on the re-ranker's device."""

    bm25: Tensor  # [n], NaN where the words leg did not return the candidate
    meaning: Tensor  # [n, M]
    behaviour: Tensor  # [n, K]
    vectors: Tensor  # [n, dims]
    query_meaning: Tensor | None  # [M]
    contributions: Tensor  # [S, dims]
    event_behaviour: Tensor  # [E, K]
    event_weights: Tensor  # [E]
    affinity: Tensor  # [n, E]
    popularity: Tensor  # [n]
    breadth: Tensor  # [n]

    @classmethod
    def of(cls, inputs: RerankInput, device: str) -> "RerankTensors":
        """The input's arrays as tensors."""

        def tensor(array: NDArray[np.float32]) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

        query = inputs.query_meaning
        return cls(
            bm25=tensor(inputs.candidates.scores_of(WORDS)),
            meaning=tensor(inputs.meaning),
            behaviour=tensor(inputs.behaviour),
            vectors=tensor(inputs.candidates.vectors),
            query_meaning=None if query is None else tensor(query),
            contributions=tensor(inputs.contributions),
            event_behaviour=tensor(inputs.event_behaviour),
            event_weights=tensor(inputs.event_weights),
            affinity=tensor(inputs.affinity),
            popularity=tensor(inputs.popularity),
            breadth=tensor(inputs.breadth),
        )


class Reranker:
    """Scores by fixed weights. A leg without a term here adds its weighted, normalised score."""

    groups = tuple(FEATURE_GROUPS)
    reads_titles = False

    def __init__(self, weights: RerankerWeights | None = None, device: str = "cpu") -> None:
        self.weights = weights or RerankerWeights()
        self.device = device

    def without(self, group: str) -> "Reranker":
        """The same without one of `groups`, for an ablation."""
        return Reranker(self.weights.without(group), self.device)

    @torch.inference_mode()
    def score(self, inputs: RerankInput) -> Scores:
        """Scores of n >= 1 candidates, as numpy. Non-finite sums sink to the end of the list."""
        weights, x = self.weights, RerankTensors.of(inputs, self.device)
        personal = (1 + weights.breadth * x.breadth)[:, None]  # [n, 1]
        popularity = weights.popularity + weights.broad_popularity * x.breadth**2
        legs = {
            WORDS: _numpy(weights.words * _by_largest(torch.nan_to_num(x.bm25, nan=0.0))),
            MEANING: _numpy(weights.meaning * _min_max(self._similarity(x))),
        }
        person = _numpy(self._person(x, personal))
        events = _numpy(personal * self._events(x))
        by_popularity = _numpy(popularity * x.popularity)
        total = legs[WORDS] + legs[MEANING] + person.sum(axis=1) + events.sum(axis=1)
        total = total + by_popularity
        for leg in inputs.candidates.legs:
            if leg.name not in (*legs, PERSON):
                legs[leg.name] = leg.weight * normalised(inputs.candidates.scores_of(leg.name))
                total = total + legs[leg.name]
        return Scores(total, legs, person, events, by_popularity)

    def _similarity(self, x: RerankTensors) -> Tensor:
        """Of each candidate's meaning to the query's, [n]; 0 without a query."""
        if x.query_meaning is None:
            return torch.zeros_like(x.bm25)
        return x.meaning @ x.query_meaning

    def _person(self, x: RerankTensors, personal: Tensor) -> Tensor:
        """The min-max normalised inner product with R, by R's sources, [n, S]."""
        by_source = x.vectors @ x.contributions.T  # [n, S]
        person_sum = by_source.sum(dim=1)
        lowest = person_sum.argmin()
        # Each source is compared with itself at the weakest candidate, so that the shares of a
        # min-max normalised sum still add up to it.
        weight = personal * self.weights.person
        return weight * (by_source - by_source[lowest]) / _range(person_sum)

    def _events(self, x: RerankTensors) -> Tensor:
        """What each event says for or against each candidate, [n, E]."""
        similarity = x.behaviour @ x.event_behaviour.T
        attention = _attention(similarity, x.event_weights, self.weights.temperature)
        affinity = self.weights.affinity * x.event_weights * x.affinity
        return self.weights.attention * attention + affinity


def _attention(similarity: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Target attention, [n, E]: each candidate attends to the events that are like it."""
    if similarity.shape[1] == 0:
        return similarity
    strength = similarity / temperature + torch.log(weights.abs().clamp_min(1e-9))
    return torch.softmax(strength, dim=1) * torch.sign(weights) * similarity


def _by_largest(values: Tensor) -> Tensor:
    return values / values.max().clamp_min(1e-6)


def _min_max(values: Tensor) -> Tensor:
    return (values - values.min()) / _range(values)


def _range(values: Tensor) -> Tensor:
    spread = values.max() - values.min()
    return torch.where(spread > 1e-6, spread, torch.ones_like(spread))


def _numpy(values: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.cpu().numpy()
    return array
