"""The names under which something of a visitor is stored, by whichever key."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.privacy.pseudonyms import Pseudonyms
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.documents import document_id
from query_service.sessions.stores import refresh_stores

PERSON_FIELDS = ("session_id", "user_id", "client_id")


class StoredNames:
    """Names of visitors in one set of indexes."""

    def __init__(self, client: OpenSearch, names: IndexNames, pseudonyms: Pseudonyms) -> None:
        self._client, self._names = client, names
        self.pseudonyms = pseudonyms

    def of(self, name: str) -> list[str]:
        """The newest name, and those earlier ones that something is stored under.

        So an erasure keeps no tombstone of a name that nothing had. Raises ClusterUnavailable.
        """
        newest, *earlier = self.pseudonyms.names(name)
        if not earlier:
            return [newest]
        try:
            refresh_stores(self._client, self._names)
            return [newest, *(each for each in earlier if self.documents_of([each]))]
        except OpenSearchException as error:
            raise cluster_unavailable(
                error, "look for what is stored under earlier keys"
            ) from error

    def documents_of(self, names: Collection[str], until: int | None = None) -> int:
        """How many documents and rows a search finds under these names; no tombstones.

        `until`: only those with something from before (ms since 1970).

        Raises OpenSearchException.
        """
        kinds = ("session", "user")
        either: list[dict[str, Any]] = [{"terms": {f: list(names)}} for f in PERSON_FIELDS]
        either.append({"ids": {"values": [document_id(k, n) for k in kinds for n in names]}})
        tombstone = {
            "bool": {
                "filter": {"exists": {"field": "erased_at"}},
                "must_not": {"exists": {"field": "session_id"}},
            }
        }
        query: dict[str, Any] = {
            "bool": {"should": either, "minimum_should_match": 1, "must_not": tombstone}
        }
        if until is not None:
            before = {"lte": until, "format": "epoch_millis"}
            times = [{"range": {name: before}} for name in ("timestamp", "started_at")]
            query["bool"]["filter"] = {"bool": {"should": times, "minimum_should_match": 1}}
        found = self._client.count(
            index=",".join(self._names.stores), body={"query": query}, ignore_unavailable=True
        )
        return int(found["count"])

    def hidden(self, events: Sequence[ReceivedEvent]) -> list[ReceivedEvent]:
        """The events with the names under which they are stored."""
        return [self._hidden(event) for event in events] if self.pseudonyms.keys else list(events)

    def _hidden(self, event: ReceivedEvent) -> ReceivedEvent:
        ids, of = (event.session_id, event.user_id, event.client_id), self.pseudonyms.of
        return replace(
            event,
            session_id=of(event.session_id),
            user_id=of(event.user_id),
            client_id=of(event.client_id),
            ubi=None if event.ubi is None else self.pseudonyms.hidden(event.ubi, *ids),
        )
