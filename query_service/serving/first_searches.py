"""The first searches of an index, which the service makes before anybody waits for them.

The engine loads an index's columns, and the service its bundle's terms, with the first search that
needs them.
"""

import logging
import time
from collections.abc import Callable, Sequence

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from query_service.index_view import IndexView
from query_service.pipeline import Pipeline
from query_service.schemas.search.facets import MAX_FACETS
from query_service.schemas.search.requests import SearchRequest

log = logging.getLogger(__name__)
SEARCHES, MOST_S = 6, 3.0  # at most, and for at most so long


class FirstSearches:
    """Searches a new index by titles of its items, as visitors will: with facets and variants.

    No search is recorded or counted, and a failure is only logged.
    """

    def __init__(self, client: OpenSearch, pipeline: Callable[[], Pipeline]) -> None:
        self._client, self._pipeline = client, pipeline

    def __call__(self, view: IndexView) -> None:
        """Returns after the last search, or when the time is over."""
        ends_at = time.monotonic() + MOST_S
        try:
            pipeline = self._pipeline().on_index(view)
            for title in self._titles(view):
                left_ms = round((ends_at - time.monotonic()) * 1000)
                if left_ms < 100:
                    break
                pipeline.search(_request(title, view, left_ms))
        except (LiveIntentError, OpenSearchException) as error:
            log.info("the first searches of index %s failed: %s", view.index, error)

    def _titles(self, view: IndexView) -> Sequence[str]:
        body = {"size": SEARCHES, "_source": ["title"], "query": {"match_all": {}}}
        hits = self._client.search(index=view.index, body=body)["hits"]["hits"]
        return [" ".join(hit["_source"]["title"].split()[:3])[:100] for hit in hits]


def _request(title: str, view: IndexView, deadline_ms: int) -> SearchRequest:
    attributes = [f"attributes.{name}" for name in view.attributes.facets or ()]
    return SearchRequest.model_validate({
        "query": title,
        "session_id": "first-searches",
        "personalize": False,
        "facets": ["brand", "category", "price", *attributes][:MAX_FACETS],
        "deadline_ms": deadline_ms,
    })  # fmt: skip
