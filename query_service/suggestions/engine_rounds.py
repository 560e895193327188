"""What a request for suggestions asks of the engine: one round, and one of counts if needed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from indexer.index.attribute_schema import AttributeSchema
from indexer.index.localized_texts import in_language
from plugin_config.connection.client import cluster_unavailable
from plugin_config.connection.partial_answers import missing_part
from plugin_config.schema import GROUP_KEY, IndexNames
from query_service.context import MIN_TIMEOUT_S
from query_service.index_view import IndexView
from query_service.progress import RequestProgress
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.filters.filters import Clauses
from query_service.suggestions.suggestion_candidate import (
    ITEMS,
    Candidate,
    item_candidate,
    stored_candidate,
    title_candidates,
)
from query_service.suggestions.suggestion_order import mixed
from query_service.suggestions.suggestion_queries import (
    Search,
    count_search,
    for_language,
    items_search,
    stored_search,
)
from query_service.suggestions.typed_prefix import MISSPELT, Completion, TypedPrefix

MISSING = (
    "there is no index of suggestions yet: items and words of their titles only. Make one: "
    "live-intent index suggestions"
)
NO_INDEX = "index_not_found_exception"


class EngineRounds:
    """The searches of one request: all that completes a prefix, then counts where they are due."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        view: IndexView,
        progress: RequestProgress,
        engine_timeout_s: float,
        *,
        attributes: AttributeSchema,
    ) -> None:
        """`attributes`: those of the view, in the request's language."""
        self._client, self._view, self._progress = client, view, progress
        self._suggestions = names.suggestions
        self._engine_timeout_s = engine_timeout_s
        self._attributes = attributes

    def timeout_s(self, min_s: float = 0.001) -> float:
        """Seconds that a request to OpenSearch may take, within the deadline."""
        return max(min(self._engine_timeout_s, self._progress.clock.left_ms() / 1000), min_s)

    def first(self, prefix: TypedPrefix, filters: Clauses, size: int) -> list[Candidate]:
        """Stored suggestions and items that complete the prefix; correct ones come first.

        Raises ClusterUnavailable, IndexGone.
        """
        stored = for_language(self._attributes)
        searches = {"stored": (self._suggestions, stored_search(prefix, stored))}
        if not prefix.is_empty:
            searches["items"] = self._view.index, self._items(prefix, filters)
        if prefix.may_be_misspelt:
            searches["misspelt"] = self._suggestions, stored_search(prefix, stored, misspelt=True)
        answers = self._msearch(list(searches.values()), MIN_TIMEOUT_S)
        hits = {
            name: self._hits(answer, "items" if name == "items" else "suggestions")
            for name, answer in zip(searches, answers, strict=True)
        }
        self._progress.clock.step("retrieve")
        exact = [stored_candidate(hit["_source"], prefix, exact=True) for hit in hits["stored"]]
        items = [item_candidate(hit, row, prefix) for row, hit in enumerate(hits.get("items", ()))]
        if not exact:
            exact = [*title_candidates([item.text for item in items], prefix)]
        found = [candidate for candidate in (*exact, *items) if candidate is not None]
        misspelt = hits.get("misspelt", ()) if len(found) < size else ()
        corrected = (stored_candidate(hit["_source"], prefix, exact=False) for hit in misspelt)
        return [*found, *(candidate for candidate in corrected if candidate is not None)]

    def checked(
        self, prefix: TypedPrefix, ordered: list[Candidate], filters: Clauses, size: int
    ) -> list[Candidate]:
        """The candidates that lead to an item under the filters, with how many.

        Of a misspelt prefix also items of its best correction. What can't be counted in time is
        left out.
        """
        corrected = next((c for c in ordered if c.type == "query" and c.completion.corrected), None)
        if any(c.type == "item" or not c.completion.corrected for c in ordered):
            corrected = None  # there is something as it was typed
        unsure = [c for c in ordered if filters and not c.certain]
        asked = mixed(unsure, size)
        texts = self._attributes.texts
        searches = [
            (self._view.index, count_search(c.text, c.filters, filters, texts)) for c in asked
        ]
        if corrected is not None:
            correction = TypedPrefix.of(corrected.text)
            searches.append((self._view.index, self._items(correction, filters)))
        if not searches:
            return ordered
        counts: dict[tuple[str, str], int] = {}
        items: list[Candidate] = []
        with self._progress.stage("counts"):
            answers = self._msearch(searches)
            for candidate, answer in zip(asked, answers, strict=False):
                if "error" not in answer and not missing_part(answer):
                    counts[candidate.key] = answer["hits"]["total"]["value"]
            if corrected is not None:
                completion = Completion(MISSPELT, corrected=True)
                hits = self._hits(answers[-1], "items")
                items = [
                    item_candidate(hit, row, prefix, completion) for row, hit in enumerate(hits)
                ]
        kept = [c for c in ordered if c not in unsure]
        counted = [replace(c, count=counts[c.key]) for c in unsure if counts.get(c.key)]
        ranks = {c.key: rank for rank, c in enumerate(ordered)}
        return [*sorted([*kept, *counted], key=lambda c: ranks[c.key]), *items]

    def _items(self, prefix: TypedPrefix, filters: Clauses) -> Search:
        """The search for items, one of each product."""
        texts, shards = self._attributes.texts, self._view.shards
        body = items_search(prefix, filters, ITEMS, texts, shards)
        return body | ({"collapse": {"field": GROUP_KEY}} if self._view.has_variants else {})

    def _msearch(
        self, searches: Sequence[tuple[str, Search]], min_timeout_s: float = 0.001
    ) -> list[dict[str, Any]]:
        body = [part for index, search in searches for part in ({"index": index}, search)]
        params = {"request_timeout": self.timeout_s(min_timeout_s)}
        try:
            answers: list[dict[str, Any]] = self._client.msearch(body=body, params=params)[
                "responses"
            ]
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        for (index, _), answer in zip(searches, answers, strict=True):
            if index == self._view.index and _error_type(answer) == NO_INDEX:
                raise IndexGone(f"the index {index} is gone")
        return answers

    def _hits(self, answer: Mapping[str, Any], stage: str) -> list[dict[str, Any]]:
        """The hits of one search; none, and degraded, where it failed."""
        if "error" in answer:
            if stage == "suggestions" and _error_type(answer) == NO_INDEX:
                self._progress.degrade(stage, MISSING, cause="engine")
            elif stage not in self._progress.degraded:
                reason = "the engine could not answer this part"
                self._progress.degrade(stage, reason, answer["error"], cause="engine")
            return []
        if reason := missing_part(answer):
            self._progress.degrade(stage, reason, cause="engine")
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        if stage == "items" and (code := self._attributes.language):
            return [{**hit, "_source": in_language(code, hit["_source"])} for hit in hits]
        return hits


def _error_type(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error", {}).get("type", ""))
