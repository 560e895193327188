"""The documents of sessions and users: stored forms of events and queries, and a `Visitor` of them.

`session:<session_id>` holds the newest events and queries of a session; `user:<user_id>` those of
all sessions of a user. Vectors are base64 of little-endian float16: half the bytes, and a cosine
that differs from the float32 one by less than 0.001.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.index.documents import float16_base64, from_float16_base64
from query_service.privacy.consent import Consent
from query_service.sessions.limits import SessionLimits
from query_service.user.engine_vectors import QueryMeaning
from query_service.user.visitor import Event, PastQuery, Visitor

VECTORS = ("vector", "text_vector", "attribute_vector", "meaning")  # of a stored event or query


@dataclass(frozen=True)
class KnownItem:
    """The item data that is stored with each event on it. `vector` is g_i, float32 [dims].

    `attribute_vector`: see `engine_vectors`, float32 [K].
    """

    title: str = ""
    features: tuple[str, ...] = ()
    vector: NDArray[np.float32] | None = None
    vector_space: str = ""
    attribute_vector: NDArray[np.float32] | None = None


def document_id(kind: str, name: str) -> str:
    """The document id of the session ("session") or user ("user") with the id `name`."""
    # One id of more than 512 bytes makes OpenSearch refuse the whole request.
    return f"{kind}:{name if len(name.encode()) <= 480 else digest(name)}"


def milliseconds(seconds: float) -> int:
    """Seconds since 1970 in whole milliseconds, the unit of all stored times."""
    return round(seconds * 1000)


def now_ms() -> int:
    """Now, in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def digest(*parts: object) -> str:
    """32 hex digits of a SHA-256 over `parts`."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def vector_text(vector: NDArray[np.float32] | None) -> str:
    """A float32 [n] vector as base64 of little-endian float16; "" for None."""
    if vector is None or vector.size == 0:
        return ""
    return float16_base64(vector)


def text_vector(text: str | None) -> NDArray[np.float32] | None:
    """The inverse of `vector_text`: float32 [n], or None for ""."""
    return from_float16_base64(text) if text else None


def event_to_stored(
    event: Event,
    *,
    event_id: str,
    received_at: int,
    attribute_vector: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """The stored form of an event; fields without a value are left out.

    `attribute_vector`: of its item, float32 [K], for the plugin inside OpenSearch.
    """
    stored: dict[str, Any] = {
        "event_id": event_id,
        "action": event.action,
        "item_id": event.item_id,
        "timestamp": milliseconds(event.timestamp),
        "received_at": received_at,
        "session_id": event.session_id,
        "title": event.title,
        "features": list(event.features),
        "vector": vector_text(event.vector),
        "vector_space": event.vector_space,
        "attribute_vector": vector_text(attribute_vector),
        "text": event.text,
        "text_vector": vector_text(event.text_vector),
        "watched_fraction": event.watched_fraction,
        "query_id": event.query_id,
        "position": event.position,
    }
    return {name: value for name, value in stored.items() if value not in ("", None, [])}


def event_from_stored(stored: Mapping[str, Any]) -> Event:
    """The inverse of `event_to_stored`, but for what only the plugin reads."""
    return Event(
        action=stored["action"],
        item_id=stored.get("item_id", ""),
        timestamp=stored["timestamp"] / 1000,
        session_id=stored["session_id"],
        title=stored.get("title", ""),
        features=tuple(stored.get("features", ())),
        vector=text_vector(stored.get("vector")),
        vector_space=stored.get("vector_space", ""),
        text=stored.get("text", ""),
        text_vector=text_vector(stored.get("text_vector")),
        watched_fraction=stored.get("watched_fraction"),
        query_id=stored.get("query_id", ""),
        position=stored.get("position"),
    )


def query_to_stored(
    query: PastQuery, received_at: int, meaning: QueryMeaning | None = None
) -> dict[str, Any]:
    """The stored form of a query; fields without a value are left out.

    `meaning`: for the plugin inside OpenSearch.
    """
    meaning = meaning or QueryMeaning(None, "")
    stored: dict[str, Any] = {
        "query_id": query.query_id,
        "query_text": query.query_text,
        "timestamp": milliseconds(query.timestamp),
        "received_at": received_at,
        "session_id": query.session_id,
        "vector": vector_text(query.vector),
        "fingerprint": query.fingerprint,
        "meaning": vector_text(meaning.vector),
        "vector_space": meaning.vector_space,
        "typed": query.typed or "",
    }
    return {name: value for name, value in stored.items() if value != ""}


def query_from_stored(stored: Mapping[str, Any]) -> PastQuery:
    """The inverse of `query_to_stored`, but for what only the plugin reads."""
    return PastQuery(
        query_text=stored.get("query_text", ""),
        timestamp=stored["timestamp"] / 1000,
        session_id=stored["session_id"],
        query_id=stored.get("query_id", ""),
        vector=text_vector(stored.get("vector")),
        fingerprint=stored.get("fingerprint", ""),
        typed=bool(stored.get("typed")),
    )


def _union(
    lists: Iterable[Iterable[Mapping[str, Any]]], id_field: str, scope: "Scope"
) -> list[Mapping[str, Any]]:
    """The rows of all lists that `scope` admits, sorted by time, one per id."""
    rows: dict[str, Mapping[str, Any]] = {}
    for row in chain.from_iterable(lists):
        if scope.admits(row):
            rows.setdefault(row[id_field], row)
    return sorted(rows.values(), key=lambda row: int(row["timestamp"]))


def _without_repeats(queries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of a query that is repeated in one session, in any letter case, only the last one."""
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for query in queries:
        key = (str(query.get("query_text", "")).casefold(), query["session_id"])
        last.pop(key, None)
        last[key] = query
    return list(last.values())


@dataclass(frozen=True)
class Scope:
    """Which stored rows count: those received in [`oldest`, `newest`], ms since 1970.

    `live_query`: repeats of it do not count, whatever their letter case.
    """

    oldest: int = 0
    newest: int | None = None
    live_query: str = ""

    def admits(self, row: Mapping[str, Any]) -> bool:
        """Whether an event or query was received in the scope's time."""
        received: int = row["received_at"]
        return received >= self.oldest and (self.newest is None or received <= self.newest)

    def queries(
        self, document: Mapping[str, Any], pending: Sequence[Mapping[str, Any]], kept: int
    ) -> list[Mapping[str, Any]]:
        """The newest `kept` - 1 queries of a document, with `pending`, without the live query.

        One less than is kept: the answer's own query, once stored, displaces the oldest one, and
        the next page of the same answer must count the same queries.
        """
        live = self.live_query.casefold()
        rows = _union((document.get("queries") or (), pending), "query_id", self)
        others = [row for row in rows if str(row.get("query_text", "")).casefold() != live]
        if not live:
            return others
        return others[-(kept - 1) :] if kept > 1 else []


def visitor_from_documents(
    session_id: str,
    user_id: str,
    documents: Sequence[Mapping[str, Any]],
    limits: SessionLimits,
    *,
    pending: Sequence[Mapping[str, Any]] = (),
    scope: Scope = Scope(),
) -> Visitor:
    """The visitor with the events and queries of the session's and the user's document.

    `pending` are stored forms of queries that wait to be written. Each event and query within
    `scope` appears once, oldest first.
    """
    erased_at = max((document.get("erased_at") or -1 for document in documents), default=-1)
    pending = [row for row in pending if row["timestamp"] > erased_at]  # late, see `erasure`
    events = _union((d.get("events") or () for d in documents), "event_id", scope)
    query_lists = [
        scope.queries(document, pending, limits.max_rows(document.get("kind", "session"))[1])
        for document in documents or ({},)
    ]
    queries = _without_repeats(_union(query_lists, "query_id", scope))
    return Visitor(
        session_id=session_id,
        user_id=user_id,
        events=tuple(event_from_stored(row) for row in events),
        queries=tuple(query_from_stored(row) for row in queries),
        consent=session_consent(documents),
    )


def session_consent(documents: Iterable[Mapping[str, Any]]) -> Consent | None:
    """The choice in the session's document among `documents`; None where there is none."""
    chosen = (Consent.from_stored(document.get("consent")) for document in documents)
    return next((consent for consent in chosen if consent is not None), None)


def without_vectors(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored event or query with the length of each vector in place of the vector."""
    readable = dict(row)
    for name in VECTORS:
        vector = text_vector(readable.pop(name, ""))
        if vector is not None:
            readable[f"{name}_length"] = int(vector.size)
    return readable
