"""How much a candidate shares with each event of the visitor: brand, category, price."""

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.words.terms import price_band
from query_service.retrieval.candidates.candidates import Candidates
from query_service.user.visitor import Event

BRAND, CATEGORY, PRICE = 0.5, 0.3, 0.2  # the weight of each attribute; they sum to 1


def affinity(candidates: Candidates, events: Sequence[Event]) -> NDArray[np.float32]:
    """float32 [n, E] in [0, 1]: likeness of candidate and event by their attribute features."""
    if not len(candidates) or not events:
        return np.zeros((len(candidates), len(events)), dtype=np.float32)
    features = [frozenset(event.features) for event in events]
    brands = [f"brand:{brand.lower()}" if brand else "" for brand in candidates.brands]
    leaves = [max(paths, key=len, default="").lower() for paths in candidates.categories]
    categories = [f"category:{leaf}" if leaf else "" for leaf in leaves]
    bands = np.array([price_band(p) if p > 0 else np.nan for p in candidates.price.tolist()])
    gap = np.abs(bands[:, None] - [_price_band_of(event) for event in events])
    near = np.nan_to_num(np.exp2(-gap / 2), nan=0.0)
    table = BRAND * _among(brands, features) + CATEGORY * _among(categories, features)
    return np.asarray(table + PRICE * near, dtype=np.float32)


def _price_band_of(event: Event) -> float:
    """The band of the event's item; NaN where it has no price."""
    price = next((feature for feature in event.features if feature.startswith("price:")), "")
    return int(price.rsplit(":", 1)[1]) if price else np.nan


def _among(values: Sequence[str], features: Sequence[Set[str]]) -> NDArray[np.float32]:
    """float32 [n, E], 1 where a value is among an event's features. Few values are distinct."""
    rows: dict[str, int] = {}
    row_of = [rows.setdefault(value, len(rows)) for value in values]
    distinct = np.zeros((len(rows), len(features)), dtype=np.float32)
    for column, each in enumerate(features):
        distinct[[rows[feature] for feature in each if feature in rows], column] = 1
    return distinct[row_of]
