"""What the vectors that only the plugin reads cost the intake and the service: size and time.

    python -m benchmarks.engine_plugin.stored_rows [--pairs 300]

Sessions of 50 events and 20 queries, once as they are stored and once without `attribute_vector`
and `meaning`. An event is written, and a session read, in turns.
"""

import argparse
import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.pairs import medians_ms
from plugin_config.connection.client import connect
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.documents import KnownItem, document_id
from query_service.sessions.store import SessionStore
from query_service.user.engine_vectors import QueryMeaning
from query_service.user.visitor import PastQuery

EVENTS, QUERIES = 50, 20
FEATURES = ("brand:acme", "category:lamps", "price:7", "word:desk", "word:lamp", "word:black")
LAYOUTS = {"sum": (384, 0, 384), "concat": (384, 128, 128)}  # by name: D, M of `concat`, K


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    pairs = parser.parse_args().pairs
    client = connect(load(ClusterSettings))
    names = IndexNames(f"test-{uuid.uuid4().hex[:8]}-")
    ensure_indexes(client, names)
    store = SessionStore(client, names)
    try:
        for layout, dims in LAYOUTS.items():
            sessions = {kind: f"{layout}-{kind}" for kind in ("plain", "engine")}
            for kind, session_id in sessions.items():
                _fill(store, session_id, dims, engine=kind == "engine")
            figures = _figures(store, sessions, dims, pairs)
            print(json.dumps({"layout": layout, **figures}, indent=2))
    finally:
        store.close()
        client.indices.delete(index=",".join((*names.stores, names.rules)), ignore_unavailable=True)


def _vector(dims: int) -> Any:
    return np.random.default_rng().standard_normal(dims).astype(np.float32)


def _lookup(dims: tuple[int, int, int], engine: bool) -> Callable[..., dict[str, KnownItem]]:
    D, M, K = dims

    def lookup(ids: Sequence[str]) -> dict[str, KnownItem]:
        vector, extra = _vector(M + K if M else D), _vector(K) if engine else None
        return {i: KnownItem(f"A black lamp {i}", FEATURES, vector, "s" * 16, extra) for i in ids}

    return lookup


def _fill(store: SessionStore, session_id: str, dims: tuple[int, int, int], engine: bool) -> None:
    D, M, _ = dims
    clicks = [ReceivedEvent("click", session_id, f"i{number}") for number in range(EVENTS)]
    store.record_events(clicks, _lookup(dims, engine))
    meaning = QueryMeaning(_vector(M) if M else None, "s" * 16) if engine else None
    for number in range(QUERIES):
        query = PastQuery(f"lamp {number}", time.time(), session_id, "", _vector(D), "f" * 16)
        store.record_query(query, meaning=meaning)
    store.flush(60)


def _figures(
    store: SessionStore, sessions: dict[str, str], dims: tuple[int, int, int], pairs: int
) -> dict[str, float]:
    def document(name: str) -> Any:
        stored = store.client.get(index=store.names.sessions, id=document_id("session", name))
        return stored["_source"]

    sizes = {kind: len(json.dumps(document(name))) for kind, name in sessions.items()}

    def write(kind: str) -> None:
        event = ReceivedEvent("click", sessions[kind], uuid.uuid4().hex)
        store.record_events([event], _lookup(dims, kind == "engine"))

    def read(kind: str) -> None:
        store.read(sessions[kind])

    for _ in range(30):
        for kind in sessions:
            write(kind)
            read(kind)
    plain, engine = medians_ms(pairs, lambda: write("plain"), lambda: write("engine"))
    read_plain, read_engine = medians_ms(pairs, lambda: read("plain"), lambda: read("engine"))
    return {
        "bytes_plain": sizes["plain"],
        "bytes_ratio": round(sizes["engine"] / sizes["plain"], 3),
        "event_ms_plain": round(plain, 2),
        "event_ratio": round(engine / plain, 3),
        "read_ms_plain": round(read_plain, 2),
        "read_ratio": round(read_engine / read_plain, 3),
    }


if __name__ == "__main__":
    main()
