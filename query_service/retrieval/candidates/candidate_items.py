"""The candidates' fields: kept from recent requests, as long as the documents are the same."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import VECTOR_FLOAT16
from query_service.retrieval.candidates.candidate_fields import (
    CandidateFields,
    DocumentState,
    document_state,
    fields_body,
    title_field_of,
    with_ids,
)
from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.plan import RetrievalPlan

Key = tuple[str, str, str]  # index, field of the titles, item id
Entry = tuple[DocumentState, CandidateFields]


class CandidateItems:
    """Reads the fields of candidates. Safe to use from many threads."""

    def __init__(self, client: OpenSearch, kept: int = 0) -> None:
        """`kept`: the fields of so many items stay in memory, the recent ones; 0: none."""
        self._client = client
        # Two generations: what is asked for moves to the young one; when that is full, the old one
        # is dropped. Reads and writes of a dict need no lock.
        self._half = kept // 2
        self._young: dict[Key, Entry] = {}
        self._old: dict[Key, Entry] = {}
        self._turning = threading.Lock()
        # Called with how many items of a request it had, had to read, and keeps now.
        self.on_lookup: Callable[[int, int, int], None] = lambda found, read, kept: None

    def fields(
        self, index: str, hits: Iterable[Mapping[str, Any]], plan: RetrievalPlan
    ) -> dict[str, CandidateFields]:
        """The fields by item id; items deleted since the hits were found are absent.

        Raises ClusterUnavailable, IndexGone.
        """
        title_field = title_field_of(plan)
        found: dict[str, CandidateFields] = {}
        unread: dict[str, DocumentState] = {}
        states = {hit["_id"]: document_state(hit) for hit in hits}  # several legs have an item
        for item_id, state in states.items():
            entry = self._kept((index, title_field, item_id))
            if entry is not None and entry[0] == state:
                found[item_id] = entry[1]
            else:
                unread[item_id] = state
        self.on_lookup(len(found), len(unread), len(self._young) + len(self._old))
        if unread:
            found |= self._read(index, list(unread), title_field, plan)
        return found

    def _read(
        self, index: str, ids: list[str], title_field: str, plan: RetrievalPlan
    ) -> Mapping[str, CandidateFields]:
        read = {}
        with engine_errors(index):
            answer = self._client.search(
                index=index, body=fields_body(ids, title_field), params=plan.search_params
            )
        for hit in with_ids(answer["hits"]["hits"]):
            values, item_id = hit["fields"], hit["_id"]
            if VECTOR_FLOAT16 not in values:
                continue
            fields = CandidateFields.of(values, title_field)
            read[item_id] = fields
            self._keep((index, title_field, item_id), (document_state(hit), fields))
        return read

    def _kept(self, key: Key) -> Entry | None:
        entry = self._young.get(key)
        if entry is None and (entry := self._old.get(key)) is not None:
            self._keep(key, entry)
        return entry

    def _keep(self, key: Key, entry: Entry) -> None:
        if not self._half:
            return
        self._young[key] = entry
        if len(self._young) > self._half:
            with self._turning:
                if len(self._young) > self._half:
                    self._old, self._young = self._young, {}
