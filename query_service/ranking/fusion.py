"""The fused order of the legs, in plain numpy: the answer when the re-ranker fails or is late."""

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.scores import Scores
from query_service.retrieval.plan import PERSON

Floats = NDArray[np.float32]


def fused(inputs: RerankInput) -> Scores:
    """A weighted sum of each leg's min-max normalised scores; an item a leg lacks gets 0 of it.

    The person leg's score is divided among R's sources by what each adds to the inner product.
    """
    candidates = inputs.candidates
    legs = {leg.name: normalised(candidates.scores_of(leg.name)) * leg.weight
            for leg in candidates.legs}  # fmt: skip
    zeros = np.zeros(len(candidates), dtype=np.float32)
    person = legs.pop(PERSON, zeros)
    products = candidates.vectors @ inputs.contributions.T  # [n, S]
    sums = products.sum(axis=1, keepdims=True)
    share = np.divide(products, sums, out=np.zeros_like(products), where=np.abs(sums) > 1e-6)
    by_source = (person[:, None] * share).astype(np.float32)
    events = np.zeros((len(candidates), len(inputs.event_weights)), dtype=np.float32)
    total = sum(legs.values(), zeros) + by_source.sum(axis=1)
    return Scores(total, legs, by_source, events, popularity=zeros)


def normalised(scores: Floats) -> Floats:
    """A leg's scores in [0.1, 1], float32 [n]; 0 for the items that it did not return (NaN)."""
    returned = np.isfinite(scores)
    result = np.zeros_like(scores)
    if not returned.any():
        return result
    low, high = float(scores[returned].min()), float(scores[returned].max())
    spread = high - low
    # The last item of a leg still ranks above an item that the leg did not return.
    result[returned] = 1.0 if spread < 1e-6 else 0.1 + 0.9 * (scores[returned] - low) / spread
    return result
