"""A query that waits to be written, and the row that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plugin_config.schema import IndexNames
from query_service.privacy.consent import NOTHING_REFUSED, Consent, RequestConsent
from query_service.privacy.pseudonyms import Pseudonyms
from query_service.sessions.appends import BatchRow
from query_service.sessions.document_writes import DocumentWrite
from query_service.sessions.documents import milliseconds, now_ms, query_to_stored
from query_service.sessions.ubi import ubi_rows
from query_service.user.engine_vectors import QueryMeaning
from query_service.user.visitor import PastQuery


@dataclass(frozen=True)
class RecordedQuery:
    """`attributes` are UBI's; `hit_ids`: the items of the answer, best first; `answer`: of our own.

    `meaning`: of the query in the index that answered. `sent`: a client sent it; where the query_id
    has a row already, that row stays.
    """

    query: PastQuery
    user_id: str = ""
    client_id: str = ""
    attributes: Mapping[str, Any] | None = None
    hit_ids: tuple[str, ...] = ()
    answer: Mapping[str, Any] | None = None
    meaning: QueryMeaning | None = None
    sent: bool = False
    consent: RequestConsent = NOTHING_REFUSED
    received_at: int = field(default_factory=now_ms)

    @property
    def stored(self) -> dict[str, Any]:
        """The form in the documents of session and user, with the session's id as it came."""
        return query_to_stored(self.query, received_at=self.received_at)

    def row(self, names: IndexNames, consent: Consent, pseudonyms: Pseudonyms) -> BatchRow:
        """What is written of it where `consent` holds, which has `store`."""
        history = consent.keeps_history
        query = replace(self.query, session_id=pseudonyms.of(self.query.session_id))
        user_id = pseudonyms.of(self.user_id) if history else ""
        ids = (self.query.session_id, self.user_id, self.client_id)
        row = ubi_rows.query_row(
            query,
            user_id=user_id,
            client_id=pseudonyms.of(self.client_id) if history else "",
            attributes=pseudonyms.hidden(self.attributes or {}, *ids),
            hit_ids=self.hit_ids,
            answer=self.answer,
        ) | ubi_rows.learn_field(consent)
        row_id = ubi_rows.query_row_id(query.session_id, query.query_id)
        alias = IndexNames.writing(names.ubi_queries)
        ubi = DocumentWrite("create" if self.sent else "index", alias, row_id, row)
        stored = None
        if history and query.query_text:
            stored = query_to_stored(query, self.received_at, self.meaning)
        happened = milliseconds(query.timestamp)
        return BatchRow(query.session_id, user_id, happened, ubi, query=stored)
