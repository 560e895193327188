"""Items that visitors act on, with vectors of their own, and what visitors do."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.documents import KnownItem
from query_service.user.visitor import PastQuery, Visitor

DIMS = 384


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMS)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


ITEMS = {
    f"i{number}": KnownItem(f"Item {number}", ("brand:acme",), vector, "space")
    for number, vector in enumerate(unit_vectors(300))
}


def lookup(item_ids: Sequence[str]) -> dict[str, KnownItem]:
    return {item_id: ITEMS[item_id] for item_id in item_ids if item_id in ITEMS}


def encode(texts: Sequence[str]) -> np.ndarray:
    return unit_vectors(len(texts), seed=7)


def event(item_id: str = "i1", session_id: str = "s", action: str = "click", **fields: Any):
    return ReceivedEvent(action=action, item_id=item_id, session_id=session_id, **fields)


def query(text: str, session_id: str = "s", **fields: Any) -> PastQuery:
    return PastQuery(text, time.time(), session_id, **fields)


def item_ids(visitor: Visitor) -> list[str]:
    return [event.item_id for event in visitor.events]
