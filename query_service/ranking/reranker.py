"""The fixed re-ranker: one score per candidate from legs, R, each event and the item's attributes.

In torch, the same code on CPU and GPU, which long lists go to. Its weights need no training. Every
term belongs to a source (the query, an earlier query, an event, the item), so the shares of a score
add up to the score.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
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

Floats = NDArray[np.float32]
ToTensor = Callable[[Floats], Tensor]
# Fewer candidates are scored faster on the CPU than copied to a GPU: on an H100 300 take 1.7 ms for
# .75, 3,000 as long, 30,000 23 for 38.
LEAST_ON_GPU = 10_000
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
    # What a one-word query adds to the weight of everything personal: it matches hundreds of items
    # alike, and only the visitor tells them apart. n words add this divided by n.
    breadth: float = 3.0
    # Likewise for popularity, divided by n squared: of hundreds of matches, most want the known.
    broad_popularity: float = 1.0
    temperature: float = 0.1  # of the attention from a candidate to the events

    def without(self, group: str) -> "RerankerWeights":
        """The same weights, with 0 for one of FEATURE_GROUPS."""
        return replace(self, **dict.fromkeys(FEATURE_GROUPS[group], 0.0))


# What an ablation can switch off, and the weights that this sets to 0.
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
    """Scores candidates: the fixed re-ranker, or a learned one."""

    @property
    def name(self) -> str: ...
    @property
    def weights(self) -> RerankerWeights: ...
    @property
    def reads_titles(self) -> bool: ...
    def score(self, inputs: RerankInput) -> Scores: ...


class Reranker:
    """Scores by fixed weights. A leg without a term here adds its weighted, normalised score."""

    name = "fixed"
    groups = tuple(FEATURE_GROUPS)
    reads_titles = False

    def __init__(
        self,
        weights: RerankerWeights | None = None,
        device: str = "cpu",
        least_on_gpu: int = LEAST_ON_GPU,
    ) -> None:
        """Lists of `least_on_gpu` candidates and more are scored on `device`, others on the CPU."""
        self.weights = weights or RerankerWeights()
        self.device, self.least_on_gpu = device, least_on_gpu

    def without(self, group: str) -> "Reranker":
        """The same re-ranker without one of `groups`, for an ablation."""
        return Reranker(self.weights.without(group), self.device, self.least_on_gpu)

    @torch.inference_mode()
    def score(self, inputs: RerankInput) -> Scores:
        """Scores of n >= 1 candidates, as numpy. Non-finite sums sink to the end of the list."""
        weights, candidates = self.weights, inputs.candidates
        on_gpu = len(candidates) >= self.least_on_gpu
        tensor = partial(_tensor, device=self.device if on_gpu else "cpu")
        breadth, bm25 = tensor(inputs.breadth), tensor(candidates.scores_of(WORDS))
        personal = (1 + weights.breadth * breadth)[:, None]  # [n, 1]
        popularity = weights.popularity + weights.broad_popularity * breadth**2
        similarity = torch.zeros_like(bm25)  # to the query's meaning
        if inputs.query_meaning is not None:
            similarity = tensor(inputs.meaning) @ tensor(inputs.query_meaning)
        similarity = (similarity - similarity.min()) / _range(similarity)
        bm25 = torch.nan_to_num(bm25, nan=0.0)
        bm25 = bm25 / bm25.max().clamp_min(1e-6)
        legs = {WORDS: _numpy(weights.words * bm25), MEANING: _numpy(weights.meaning * similarity)}
        person = _numpy(self._person(inputs, personal, tensor))
        events = _numpy(personal * self._events(inputs, tensor))
        by_popularity = _numpy(popularity * tensor(inputs.popularity))
        total = legs[WORDS] + legs[MEANING] + person.sum(axis=1) + events.sum(axis=1)
        total = total + by_popularity
        for leg in candidates.legs:
            if leg.name not in (*legs, PERSON):
                legs[leg.name] = leg.weight * normalised(candidates.scores_of(leg.name))
                total = total + legs[leg.name]
        return Scores(total, legs, person, events, by_popularity)

    def _person(self, inputs: RerankInput, personal: Tensor, tensor: ToTensor) -> Tensor:
        """The min-max normalised inner product with R, by R's sources, [n, S]."""
        by_source = tensor(inputs.candidates.vectors) @ tensor(inputs.contributions).T
        person_sum = by_source.sum(dim=1)
        lowest = person_sum.argmin()
        # Each source is compared with itself at the weakest candidate, so that the shares of a
        # min-max normalised sum still add up to it.
        weight = personal * self.weights.person
        return weight * (by_source - by_source[lowest]) / _range(person_sum)

    def _events(self, inputs: RerankInput, tensor: ToTensor) -> Tensor:
        """What each event says for or against each candidate, [n, E]."""
        event_weights = tensor(inputs.event_weights)
        similarity = tensor(inputs.behaviour) @ tensor(inputs.event_behaviour).T
        attention = _attention(similarity, event_weights, self.weights.temperature)
        affinity = self.weights.affinity * event_weights * tensor(inputs.affinity)
        return self.weights.attention * attention + affinity


def _attention(similarity: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Target attention, [n, E]: each candidate attends to the events that are like it."""
    if similarity.shape[1] == 0:
        return similarity
    logits = similarity / temperature + torch.log(weights.abs().clamp_min(1e-9))
    return torch.softmax(logits, dim=1) * torch.sign(weights) * similarity


def _range(values: Tensor) -> Tensor:
    """max - min; 1 for constant values."""
    spread = values.max() - values.min()
    return torch.where(spread > 1e-6, spread, torch.ones_like(spread))


def _tensor(array: Floats, device: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)


def _numpy(values: Tensor) -> Floats:
    array: Floats = values.cpu().numpy()
    return array
