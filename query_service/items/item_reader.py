"""Single items by id, read in real time."""

from collections.abc import Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.index.documents import from_float16_base64
from indexer.index.localized_texts import in_language
from plugin_config.connection.client import cluster_unavailable
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import VECTOR_FLOAT16
from query_service.context import MIN_TIMEOUT_S, RequestContext
from query_service.index_view import IndexView
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.filters.filters import Clauses
from query_service.retrieval.filters.matching_items import matching_items
from query_service.retrieval.filters.price_list import with_price_of
from query_service.retrieval.source_fields import PUBLIC
from query_service.sessions.documents import KnownItem
from query_service.user.engine_vectors import attribute_vector

NO_INDEX = "index_not_found_exception"


class ItemReader:
    """Reads single items in real time: the sources of hits, and the item data of events.

    Documents are read whole and filtered here: the engine takes longer to filter a source than to
    send it (measured: 2.0 against 0.7 ms for ten).
    """

    def __init__(self, client: OpenSearch) -> None:
        self._client = client

    def sources(self, context: RequestContext, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The public fields by item id, no deleted items; degraded where a shard does not answer.

        Raises ClusterUnavailable, IndexGone.
        """
        if context.cursor and (forced := context.forced):  # a cursor's ids come from the caller
            ids = self.within(context, ids, forced)
        documents, unreadable = self._read(
            context.view.index, ids, context.timeout_s(MIN_TIMEOUT_S)
        )
        if unreadable:
            context.progress.unreadable |= unreadable
            reason = f"{len(unreadable)} items can't be read now: their shard does not answer"
            context.progress.degrade("items", reason, cause="engine")
        if (price_list := context.request.price_list) is not None:
            documents = {
                item_id: with_price_of(price_list, source) for item_id, source in documents.items()
            }
        if code := context.language:
            documents = {item_id: in_language(code, doc) for item_id, doc in documents.items()}
        return {
            item_id: {name: value for name, value in source.items() if name in PUBLIC}
            for item_id, source in documents.items()
        }

    def within(self, context: RequestContext, ids: Sequence[str], filters: Clauses) -> list[str]:
        """Those of the items that fulfil the filters. Raises ClusterUnavailable, IndexGone."""
        params = {"request_timeout": context.timeout_s(MIN_TIMEOUT_S)}
        [found] = matching_items(self._client, context.view.index, ids, [filters], params)
        return [item_id for item_id in ids if item_id in found]

    def known(self, view: IndexView, ids: Sequence[str], timeout_s: float) -> dict[str, KnownItem]:
        """The item data of events, by item id, no unknown ones. Raises ClusterUnavailable."""
        try:
            documents, unreadable = self._read(view.index, ids, timeout_s)
        except IndexGone as error:
            raise ClusterUnavailable(str(error)) from error
        if unreadable:
            raise ClusterUnavailable(f"{len(unreadable)} items of {view.index} can't be read")
        return {
            item_id: KnownItem(
                title=source.get("title", ""),
                features=tuple(source.get("features", ())),
                vector=from_float16_base64(source[VECTOR_FLOAT16]),
                vector_space=view.bundle.vector_space,
                attribute_vector=attribute_vector(source.get("features", ()), view.bundle),
            )
            for item_id, source in documents.items()
            if VECTOR_FLOAT16 in source
        }

    def _read(
        self, index: str, ids: Sequence[str], timeout_s: float
    ) -> tuple[dict[str, dict[str, Any]], set[str]]:
        """The documents by item id, and the ids whose shard does not answer."""
        if not ids:
            return {}, set()
        params = {"request_timeout": timeout_s}
        try:
            response = self._client.mget(index=index, body={"ids": list(ids)}, params=params)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        rows = response["docs"]
        unreadable = {row["_id"] for row in rows if "error" in row}
        if any(row["error"].get("type") == NO_INDEX for row in rows if "error" in row):
            raise IndexGone(f"the index {index} is gone")
        return {row["_id"]: row["_source"] for row in rows if row.get("found")}, unreadable
