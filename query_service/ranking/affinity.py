"""How much a candidate shares with each event of the visitor: brand, category, price."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.terms import price_band
from query_service.retrieval.candidates import Candidates
from query_service.user.visitor import Event

BRAND, CATEGORY, PRICE = 0.5, 0.3, 0.2  # the weight of each attribute; they sum to 1


def affinity(candidates: Candidates, events: Sequence[Event]) -> NDArray[np.float32]:
    """float32 [n, E] in [0, 1]: likeness of candidate and event by their attribute features."""
    table = np.zeros((len(candidates), len(events)), dtype=np.float32)
    if not table.size:
        return table
    brands = np.array([f"brand:{brand.lower()}" if brand else "" for brand in candidates.brands])
    leaves = [max(paths, key=len, default="").lower() for paths in candidates.categories]
    categories = np.array([f"category:{leaf}" if leaf else "" for leaf in leaves])
    bands = np.array([price_band(p) if p > 0 else np.nan for p in candidates.price])
    for column, event in enumerate(events):
        features = list(event.features)
        table[:, column] += BRAND * np.isin(brands, features)
        table[:, column] += CATEGORY * np.isin(categories, features)
        price = next((feature for feature in features if feature.startswith("price:")), "")
        if price:
            gap = np.abs(bands - int(price.rsplit(":", 1)[1]))
            table[:, column] += PRICE * np.nan_to_num(np.exp2(-gap / 2), nan=0.0)
    return table
