"""Stores of several processes of the service on the same indexes, and what visitors do."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.documents import KnownItem
from query_service.sessions.limits import SessionLimits
from query_service.sessions.store import SessionStore
from query_service.user.visitor import PastQuery, Visitor

DIMS = 384
Stores = tuple[SessionStore, SessionStore]


def lookup(item_ids: Sequence[str]) -> dict[str, KnownItem]:
    """Item data of a usual size for every id."""
    vector = np.full(DIMS, DIMS**-0.5, np.float32)
    return {item_id: KnownItem(f"Item {item_id}", (), vector, "space") for item_id in item_ids}


def click(item_id: str, session_id: str, **fields: Any) -> ReceivedEvent:
    return ReceivedEvent(action="click", item_id=item_id, session_id=session_id, **fields)


def query(text: str, session_id: str, at: float | None = None) -> PastQuery:
    return PastQuery(text, time.time() if at is None else at, session_id)


def clicked(visitor: Visitor) -> list[str]:
    return [event.item_id for event in visitor.events]


@contextmanager
def two_stores(
    client: OpenSearch, names: IndexNames, limits: SessionLimits | None = None
) -> Iterator[Stores]:
    """Two stores that know nothing of each other, as of two processes."""
    stores = SessionStore(client, names, limits), SessionStore(client, names, limits)
    try:
        yield stores
    finally:
        for store in stores:
            store.close()
