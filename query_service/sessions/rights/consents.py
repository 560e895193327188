"""The choices of sessions: what their visitors agree to, read before a write and changed."""

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.connection.engine_deadline import LAST_TRY_S, engine_time_left, tries
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import IndexNames
from query_service.privacy.consent import Consent
from query_service.privacy.pseudonyms import Pseudonyms
from query_service.sessions.document_writes import (
    ATTEMPTS,
    LASTING,
    LASTING_RETRY_AFTER_S,
    scripted_upsert,
)
from query_service.sessions.documents import document_id, now_ms
from query_service.sessions.erasure.removal import DocumentRemoval, NotErased
from query_service.sessions.scripts import CONSENT, NOT_LEARNED, painless
from query_service.sessions.store_writer import StoreWriter
from query_service.user.user_session import earlier_names

NO_SHARD = "no_shard_available_action_exception"
# How long the shard of an index that was just made may take, s: 0.1 to 2 on busy nodes.
YOUNG_S = 30.0
# Without a request's deadline.
SHARD_WAIT_S = 10.0
LONGEST_PAUSE_S = 0.5


@dataclass(frozen=True)
class NotLearned:
    """Rows of UBI that nothing is learned from any more."""

    ubi_queries: int = 0
    ubi_events: int = 0


class ChoicesClosed(ClusterUnavailable):
    """What visitors agree to can't be read until somebody has changed the index."""

    plain = "What visitors agree to can't be read right now, so nothing is kept of them."
    retry_after_s = LASTING_RETRY_AFTER_S


class SessionConsents:
    """Reads and changes the choices in one set of indexes."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, writer: StoreWriter, pseudonyms: Pseudonyms
    ) -> None:
        self._client, self._names, self._writer = client, names, writer
        self._pseudonyms = pseudonyms
        self._removal = DocumentRemoval(client, names, writer)

    def of(self, session_ids: Collection[str]) -> dict[str, Consent]:
        """The choices of those sessions that made one, by id. Raises ClusterUnavailable.

        The one under the newest key counts. Where the index of sessions is gone there is none.
        """
        ids = {
            session_id: [
                document_id("session", name)
                for each in (session_id, *earlier_names(session_id))
                for name in self._pseudonyms.names(each)
            ]
            for session_id in session_ids
        }
        if not ids:
            return {}
        chosen: dict[str, Consent] = {}
        for document in self._documents(sorted(set(chain(*ids.values())))):
            problem = document.get("error", {}).get("type", "index_not_found_exception")
            if problem != "index_not_found_exception":
                unreadable = ChoicesClosed if problem in LASTING else ClusterUnavailable
                raise unreadable(f"what visitors agree to can't be read: {problem}")
            consent = Consent.from_stored(document.get("_source", {}).get("consent"))
            if consent is not None:
                chosen[document["_id"]] = consent
        return {
            session_id: next(chosen[each] for each in own if each in chosen)
            for session_id, own in ids.items()
            if any(each in chosen for each in own)
        }

    def _documents(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What the engine says of these documents, their choices alone.

        Asked again while an index that somebody deletes ends its shard, and the one that is made in
        its place starts its own, until the request's deadline. A shard that is missing for longer
        is not waited for: each event would hold a thread.
        """
        left_s = engine_time_left()
        until = time.monotonic() + (SHARD_WAIT_S if left_s is None else left_s - LAST_TRY_S)
        documents: list[dict[str, Any]] = []
        try:
            for attempt in tries(until, LONGEST_PAUSE_S):
                response = self._client.mget(
                    index=self._names.sessions,
                    body={"ids": list(ids)},
                    params={"_source_includes": "consent"},
                )
                documents = response["docs"]
                if not any(each.get("error", {}).get("type") == NO_SHARD for each in documents):
                    break
                if attempt > ATTEMPTS and not self._just_made():
                    break
        except OpenSearchException as error:
            raise cluster_unavailable(error, "keep events or queries") from error
        return documents

    def _just_made(self) -> bool:
        """Whether the index of sessions was made within YOUNG_S, or is not there.

        By the engine's clock and ours.
        """
        try:
            response = self._client.indices.get(
                index=self._names.sessions, params={"filter_path": "*.settings.index.creation_date"}
            )
        except NotFoundError:
            return True
        made = (int(each["settings"]["index"]["creation_date"]) for each in response.values())
        return now_ms() - max(made, default=0) < YOUNG_S * 1000

    def set(self, session_id: str, consent: Consent) -> NotLearned:
        """Keep a session's choice, for what it sends from now on.

        Who refuses `learn` does so for the rows that there are, too. What is stored stays, unread,
        until it is erased or expires.

        Raises ForeignIndex, NotErased, ClusterUnavailable: set it again.
        """
        script = painless(CONSENT, consent=asdict(consent), now=now_ms())
        stored_names = self._pseudonyms.names(session_id)
        own = document_id("session", stored_names[0])
        alias = IndexNames.writing(self._names.sessions)
        try:
            self._removal.check_stores()
            [result] = self._writer.send([scripted_upsert(alias, own, script)])
            if not result.done:
                raise NotErased(f"the choice is not kept: {result.reason}. Send it again.")
            if consent.learn:
                return NotLearned()
            self._removal.refresh()
            rows: dict[str, Any] = {
                "bool": {
                    "filter": [{"terms": {"session_id": list(stored_names)}}],
                    "must_not": [{"term": {"learn": False}}],
                }
            }
            queries, events = (
                self._removal.update_all(index, rows, painless(NOT_LEARNED))
                for index in (self._names.ubi_queries, self._names.ubi_events)
            )
        except OpenSearchException as error:
            raise cluster_unavailable(error, "keep the visitor's choice") from error
        return NotLearned(queries, events)
