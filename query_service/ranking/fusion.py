"""The fused order of the legs, in plain numpy: what is answered when the re-ranker cannot be."""

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.reranker import Features, Scores
from query_service.retrieval.candidates import LEGS, MEANING, PERSON, WORDS

WEIGHTS = {WORDS: 0.7, MEANING: 0.3, PERSON: 0.4}  # as the re-ranker's


def fused(features: Features) -> Scores:
    """A weighted sum of each leg's min-max normalised scores; an item a leg lacks gets 0 of it."""
    legs = features.candidates.legs
    count = len(features.candidates)
    normalised = {leg: _normalised(legs[:, LEGS.index(leg)]) * WEIGHTS[leg] for leg in LEGS}
    person = _shared_out(normalised[PERSON], features)
    events = np.zeros((count, len(features.event_weights)), dtype=np.float32)
    nothing = np.zeros(count, dtype=np.float32)
    total = normalised[WORDS] + normalised[MEANING] + person.sum(axis=1)
    return Scores(total, normalised[WORDS], normalised[MEANING], person, events, nothing)


def _normalised(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.isfinite(scores)
    result = np.zeros_like(scores)
    if not found.any():
        return result
    low, high = float(scores[found].min()), float(scores[found].max())
    spread = high - low
    # The last of a leg is still better than an item that the leg did not return.
    result[found] = 1.0 if spread < 1e-6 else 0.1 + 0.9 * (scores[found] - low) / spread
    return result


def _shared_out(person: NDArray[np.float32], features: Features) -> NDArray[np.float32]:
    """The person leg's score over R's sources, by what each adds to the inner product."""
    by_source = features.candidates.vectors @ features.contributions.T
    sums = by_source.sum(axis=1, keepdims=True)
    share = np.divide(by_source, sums, out=np.zeros_like(by_source), where=np.abs(sums) > 1e-6)
    shared: NDArray[np.float32] = (person[:, None] * share).astype(np.float32)
    return shared
