"""The re-ranker: one score per candidate from legs, R, each event and the item's own features.

A torch module, the same code on CPU and GPU. Untrained it is a fixed weighted sum: sensible from
the first minute. Every term belongs to a source (the query, an earlier query, an event, the item),
so the shares of a score add up to the score.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from query_service.retrieval.candidates import Candidates


@dataclass(frozen=True)
class RerankerWeights:
    """The fixed weights, until they are learned."""

    # On validation queries of homedepot, NDCG@10: .403 so; .399 with 0.6 and 0.4; .393 with 0.5
    # each; .396 by words alone.
    words: float = 0.7
    meaning: float = 0.3
    person: float = 0.4
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


@dataclass(frozen=True)
class Features:
    """The re-ranker's input for n candidates and one visitor.

    `query` float32 [M] or None: the meaning vector that candidates' meaning halves are compared
    with; `contributions` float32 [S, dims] add up to R; `event_vectors` float32 [E, K] behaviour
    halves; `event_weights` float32 [E], signed; `affinity` float32 [n, E]; `popularity` float32
    [n] in [0, 1]; `breadth` float32 [n], 1 / the query's number of terms where the item has its
    words, else 0; `meaning` float32 [n, M], `behaviour` float32 [n, K]: the candidates' halves.

    For what is learned: `event_meaning` float32 [E, M], `event_ids` and `event_titles` [E] of the
    events; `demand` float32 [M] is D_u, `tastes` float32 [3, K] are D_b, D_B and D_a (zero where
    unknown); `query_text`, and how many terms it has; `given`: the caller named the items, no leg
    found them.
    """

    candidates: Candidates
    meaning: NDArray[np.float32]
    behaviour: NDArray[np.float32]
    query: NDArray[np.float32] | None
    contributions: NDArray[np.float32]
    event_vectors: NDArray[np.float32]
    event_weights: NDArray[np.float32]
    affinity: NDArray[np.float32]
    popularity: NDArray[np.float32]
    breadth: NDArray[np.float32]
    event_meaning: NDArray[np.float32]
    event_ids: tuple[str, ...]
    event_titles: tuple[str, ...]
    demand: NDArray[np.float32]
    tastes: NDArray[np.float32]
    query_text: str = ""
    query_terms: int = 0
    given: bool = False


@dataclass(frozen=True)
class Scores:
    """`total` float32 [n] = words + meaning + person.sum(1) + events.sum(1) + popularity + model.

    `words`, `meaning`, `popularity` float32 [n]; `person` float32 [n, S]; `events` float32 [n, E];
    `model` float32 [n], what a learned re-ranker adds, None without one.
    """

    total: NDArray[np.float32]
    words: NDArray[np.float32]
    meaning: NDArray[np.float32]
    person: NDArray[np.float32]
    events: NDArray[np.float32]
    popularity: NDArray[np.float32]
    model: NDArray[np.float32] | None = None


class Scoring(Protocol):
    """Anything that scores candidates: the fixed re-ranker, or a learned one."""

    @property
    def reads_titles(self) -> bool: ...
    def score(self, features: Features) -> Scores: ...


class Reranker(nn.Module):
    """Fixed weights as buffers: they move with `.to(device)` and save with the module."""

    groups = tuple(FEATURE_GROUPS)
    reads_titles = False

    def __init__(self, weights: RerankerWeights | None = None, device: str = "cpu") -> None:
        super().__init__()
        self.fixed = weights = weights or RerankerWeights()
        values = [weights.words, weights.meaning, weights.person]
        values += [weights.attention, weights.affinity, weights.popularity]
        values += [weights.breadth, weights.broad_popularity]
        self.weights: Tensor
        self.temperature = weights.temperature
        self.register_buffer("weights", torch.tensor(values))
        self.to(device)

    def without(self, group: str) -> "Reranker":
        """The same without one of `groups`, for an ablation."""
        return Reranker(self.fixed.without(group), str(self.weights.device))

    def forward(
        self,
        bm25: Tensor,  # [n], NaN where the words leg did not return the candidate
        meaning: Tensor,  # [n, M]
        query: Tensor | None,  # [M]
        vectors: Tensor,  # [n, dims]
        contributions: Tensor,  # [S, dims]
        behaviour: Tensor,  # [n, K]
        event_vectors: Tensor,  # [E, K]
        event_weights: Tensor,  # [E]
        affinity: Tensor,  # [n, E]
        popularity: Tensor,  # [n]
        breadth: Tensor,  # [n]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The five terms of the score: words, meaning, person, events, popularity."""
        w_words, w_meaning, w_person, w_attention, w_affinity, w_popularity = self.weights[:6]
        personal = (1 + self.weights[6] * breadth)[:, None]  # [n, 1]
        w_popularity = w_popularity + self.weights[7] * breadth**2
        words = w_words * _by_largest(torch.nan_to_num(bm25, nan=0.0))
        similarity = torch.zeros_like(words) if query is None else meaning @ query
        to_query = w_meaning * _min_max(similarity)

        by_source = vectors @ contributions.T  # [n, S]
        person_sum = by_source.sum(dim=1)
        lowest = person_sum.argmin()
        # Each source is compared with itself at the weakest candidate, so that the shares of a
        # min-max normalised sum still add up to it.
        person = personal * w_person * (by_source - by_source[lowest]) / _range(person_sum)

        attention = _attention(behaviour @ event_vectors.T, event_weights, self.temperature)
        events = w_attention * attention + w_affinity * event_weights * affinity  # [n, E]
        return words, to_query, person, personal * events, w_popularity * popularity

    @torch.inference_mode()
    def score(self, features: Features) -> Scores:
        """Scores of n >= 1 candidates, as numpy. Non-finite sums sink to the end of the list."""
        device = self.weights.device

        def tensor(array: NDArray[np.float32]) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

        terms = self(
            tensor(features.candidates.legs[:, 0]),
            tensor(features.meaning),
            None if features.query is None else tensor(features.query),
            tensor(features.candidates.vectors),
            tensor(features.contributions),
            tensor(features.behaviour),
            tensor(features.event_vectors),
            tensor(features.event_weights),
            tensor(features.affinity),
            tensor(features.popularity),
            tensor(features.breadth),
        )
        words, meaning, person, events, popularity = (term.cpu().numpy() for term in terms)
        total = words + meaning + person.sum(axis=1) + events.sum(axis=1) + popularity
        return Scores(total, words, meaning, person, events, popularity)


def order(scores: NDArray[np.float32], ids: tuple[str, ...]) -> NDArray[np.intp]:
    """Places by falling score; ties by item id, so that an answer can be repeated; NaN last."""
    finite = np.where(np.isfinite(scores), scores, -np.inf)
    return np.lexsort((np.array(ids), -finite))


def _attention(similarity: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Target attention, [n, E]: each candidate looks at the events that are like it."""
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
