"""The fused order of the legs, in plain numpy: what is answered when the re-ranker cannot be."""

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.scores import Scores
from query_service.retrieval.plan import PERSON

Floats = NDArray[np.float32]


def fused(inputs: RerankInput) -> Scores:
    """A weighted sum of each leg's min-max normalised scores; an item a leg lacks gets 0 of it."""
    candidates = inputs.candidates
    legs, person = {}, np.zeros(len(candidates), dtype=np.float32)
    for leg in candidates.legs:
        weighted = normalised(candidates.scores_of(leg.name)) * leg.weight
        if leg.name == PERSON:
            person = weighted
        else:
            legs[leg.name] = weighted
    by_source = _by_source(person, inputs)
    events = np.zeros((len(candidates), len(inputs.event_weights)), dtype=np.float32)
    nothing = np.zeros(len(candidates), dtype=np.float32)
    total = sum(legs.values(), nothing) + by_source.sum(axis=1)
    return Scores(total, legs, by_source, events, popularity=nothing)


def normalised(scores: Floats) -> Floats:
    """A leg's scores in [0.1, 1], float32 [n]; 0 for the items that it did not return (NaN)."""
    returned = np.isfinite(scores)
    result = np.zeros_like(scores)
    if not returned.any():
        return result
    low, high = float(scores[returned].min()), float(scores[returned].max())
    spread = high - low
    # The last of a leg is still better than an item that the leg did not return.
    result[returned] = 1.0 if spread < 1e-6 else 0.1 + 0.9 * (scores[returned] - low) / spread
    return result


def _by_source(person: Floats, inputs: RerankInput) -> Floats:
    """The person leg's score over R's sources, by what each adds to the inner product."""
    products = inputs.candidates.vectors @ inputs.contributions.T
    sums = products.sum(axis=1, keepdims=True)
    share = np.divide(products, sums, out=np.zeros_like(products), where=np.abs(sums) > 1e-6)
    by_source: Floats = (person[:, None] * share).astype(np.float32)
    return by_source
