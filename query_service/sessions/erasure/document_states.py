"""Whose a session is, and until when a session or user is erased: read after a write.

A writer writes its rows and then reads these states; who erases writes the state and then looks
for rows. So one of the two sees the other, whatever the order of their requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from query_service.privacy.consent import Consent
from query_service.sessions.document_writes import STATE_FIELDS, WriteResult


@dataclass(frozen=True)
class DocumentState:
    """What decides whether a row holds. Times are ms since 1970, -1 for never."""

    user_id: str = ""
    erased_at: int = -1  # what happened until then is erased
    split_at: int = -1  # what happened until then is no user's
    joining: bool = False  # the user's document may lack rows of the session
    consent: Consent | None = None

    @classmethod
    def of(cls, source: Mapping[str, Any]) -> "DocumentState":
        return cls(
            source.get("user_id") or "",
            _time(source.get("erased_at")),
            _time(source.get("split_at")),
            bool(source.get("joining")),
            Consent.from_stored(source.get("consent")),
        )


NEW = DocumentState()


def states_after(
    client: OpenSearch, names: IndexNames, written: Mapping[str, WriteResult], others: Sequence[str]
) -> dict[str, DocumentState]:
    """The states of written documents and of `others`, by id, as they are after the writes.

    A document whose sequence number is still that of the write is not read: its state came with the
    write. Raises OpenSearchException.
    """
    states = {id_: DocumentState.of(result.state) for id_, result in written.items()}
    docs: list[dict[str, Any]] = [{"_id": id_, "_source": False} for id_ in written]
    docs += [{"_id": id_, "_source": STATE_FIELDS} for id_ in others]
    changed = []
    for document in _read(client, names, docs):
        id_ = document["_id"]
        if id_ not in written:
            states[id_] = DocumentState.of(document.get("_source", {}))
        elif document.get("_seq_no") != written[id_].sequence_number:
            changed.append({"_id": id_, "_source": STATE_FIELDS})
    for document in _read(client, names, changed):
        states[document["_id"]] = DocumentState.of(document.get("_source", {}))
    return states


def _read(
    client: OpenSearch, names: IndexNames, docs: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    if not docs:
        return []
    documents: list[dict[str, Any]] = client.mget(body={"docs": docs}, index=names.sessions)["docs"]
    return documents


def _time(value: object) -> int:
    return int(value) if isinstance(value, int | float) else -1
