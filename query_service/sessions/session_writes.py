"""Writes what happened to the documents of sessions and users and to the rows of UBI.

What happened before an erasure, or before a session was taken from its user, may be written late:
by a retry, a background thread, another process. The scripts leave it out, and what the check
after the write finds is removed.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.privacy.consent import ALL
from query_service.sessions.appends import Append, BatchRow, appends_of, upserts
from query_service.sessions.document_writes import DocumentWrite, WriteResult
from query_service.sessions.documents import document_id, now_ms
from query_service.sessions.erasure.document_states import NEW, DocumentState, states_after
from query_service.sessions.erasure.erasure import SessionErasure
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.joins import SessionJoins
from query_service.sessions.scripts import FORGET, NOT_LEARNED, WITHOUT_USER, painless
from query_service.sessions.store_writer import StoreWriter

logger = logging.getLogger(__name__)
ERASED = WriteResult(
    409, "it happened before the session, or its user, was erased", "event", "erased"
)
CHECKS = 3


class SessionWrites:
    """Sends batches of rows to one set of indexes. Safe to use from many threads."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, writer: StoreWriter, limits: SessionLimits
    ) -> None:
        self._client, self._names, self._limits = client, names, limits
        self._writer = writer
        self._erasure = SessionErasure(client, names, writer, limits)
        self._joins = SessionJoins(client, names, writer, limits)

    def send(self, rows: Sequence[BatchRow]) -> Iterator[tuple[int, str, WriteResult]]:
        """Send all in one `_bulk`; return the batch index, target and result of each write.

        The target is "session", "user" or "ubi". A row that is erased has ERASED for its results.
        Raises ClusterUnavailable.
        """
        appends = appends_of(rows)
        alias = IndexNames.writing(self._names.sessions)
        writes = upserts(appends, alias, self._limits, now_ms())
        results = self._writer.send([*writes, *(row.ubi for row in rows)])
        written = dict(zip(appends, results[: len(appends)], strict=True))
        ubi = results[len(appends) :]
        erased = self._late(rows, appends, written, ubi)
        return _outcomes(appends, written, ubi, erased)

    def _late(
        self,
        rows: Sequence[BatchRow],
        appends: Mapping[str, Append],
        written: Mapping[str, WriteResult],
        ubi: Sequence[WriteResult],
    ) -> set[int]:
        """Remove what was erased or split meanwhile, join what is to be joined.

        Returns the indexes of the rows that are erased.
        """
        states = self._states(rows, {id_: each for id_, each in written.items() if each.done})
        late = _LateRows(rows, ubi, states)
        try:
            if undoing := late.undo(self._names):
                self._writer.send(undoing)
            for session_id, until in late.of_erased_users().items():
                self._erasure.erase_late(session_id, until)
            for row in {row.session_id: row for row in rows}.values():
                state = states.get(document_id("session", row.session_id), NEW)
                if state.joining and document_id("session", row.session_id) in appends:
                    self._joins.copy(row.session_id)
        except (LiveIntentError, OpenSearchException) as error:
            # What is left is found by the next erasure or purge; the next event joins again.
            logger.warning("what was written late to a session is not removed or joined: %s", error)
        return late.erased

    def _states(
        self, rows: Sequence[BatchRow], written: Mapping[str, WriteResult]
    ) -> dict[str, DocumentState]:
        """The states of the documents of all rows; those that can't be read as the write saw it."""
        ids = {document_id("session", row.session_id) for row in rows}
        ids |= {document_id("user", row.user_id) for row in rows if row.user_id}
        others = sorted(ids - written.keys())
        for attempt in range(CHECKS):
            try:
                return states_after(self._client, self._names, written, others)
            except OpenSearchException as error:
                if attempt == CHECKS - 1:
                    logger.warning("writes to sessions are not checked for an erasure: %s", error)
        return {id_: DocumentState.of(result.state) for id_, result in written.items()}


class _LateRows:
    """The rows of a batch that are erased, or belong to no user any more."""

    def __init__(
        self,
        rows: Sequence[BatchRow],
        ubi: Sequence[WriteResult],
        states: Mapping[str, DocumentState],
    ) -> None:
        self._rows, self._ubi, self._states = rows, ubi, states
        self.erased = {
            index
            for index, row in enumerate(rows)
            if row.timestamp <= max(self._session(row).erased_at, self._user(row).erased_at)
        }

    def _session(self, row: BatchRow) -> DocumentState:
        return self._states.get(document_id("session", row.session_id), NEW)

    def _user(self, row: BatchRow) -> DocumentState:
        return self._states.get(document_id("user", row.user_id), NEW) if row.user_id else NEW

    def undo(self, names: IndexNames) -> list[DocumentWrite]:
        """Writes that remove the erased rows and those refused meanwhile, and take rows that were
        split off from the user.
        """
        writes: dict[tuple[str, str], DocumentWrite] = {}
        sessions = names.writing(names.sessions)
        for index, row in enumerate(self._rows):
            session = self._session(row)
            made = self._ubi[index].outcome in ("created", "updated")
            split = row.user_id and row.timestamp <= session.split_at
            chosen = session.consent or ALL  # meanwhile
            if made and (index in self.erased or not chosen.store):
                store = row.ubi.index.removesuffix(names.writing(""))
                key = (store, row.ubi.document_id)
                writes[key] = DocumentWrite("delete", *key)
            elif split and made:
                key = (row.ubi.index, row.ubi.document_id)
                body = {"script": painless(WITHOUT_USER)}
                writes[key] = DocumentWrite("update", *key, body)
            elif made and not chosen.learn and row.ubi.body.get("learn", True):
                key = (row.ubi.index, row.ubi.document_id)
                writes[key] = DocumentWrite("update", *key, {"script": painless(NOT_LEARNED)})
            if row.user_id and (split or row.timestamp <= session.erased_at):
                until = max(session.erased_at, session.split_at)
                script = painless(
                    FORGET, session_id=row.session_id, until=until, oldest=0, now=now_ms()
                )
                user = document_id("user", row.user_id)
                writes[row.session_id, user] = DocumentWrite(
                    "update", sessions, user, {"script": script}
                )
        return list(writes.values())

    def of_erased_users(self) -> dict[str, int]:
        """The sessions of users who are erased, each with the time until when."""
        return {
            self._rows[index].session_id: self._user(self._rows[index]).erased_at
            for index in self.erased
            if self._rows[index].timestamp <= self._user(self._rows[index]).erased_at
        }


def _outcomes(
    appends: Mapping[str, Append],
    written: Mapping[str, WriteResult],
    ubi: Sequence[WriteResult],
    erased: set[int],
) -> Iterator[tuple[int, str, WriteResult]]:
    for id_, append in appends.items():
        for index in append.batch_indexes:
            yield index, append.kind, ERASED if index in erased else written[id_]
    for index, result in enumerate(ubi):
        yield index, "ubi", ERASED if index in erased else replace(result)
