"""Answers the queries of InstantSearch front ends from the service's pipeline."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import Any

from query_service.cursor import CursorExpired, CursorInvalid
from query_service.instantsearch.answer_form import answer_form, facet_hits
from query_service.instantsearch.conditions import RequestMalformed
from query_service.instantsearch.frozen_pages import FrozenPages
from query_service.instantsearch.index_names import IndexNamesSpoken
from query_service.instantsearch.item_recommendations import ItemRecommendation
from query_service.instantsearch.query_form import QueryForm
from query_service.instantsearch.query_params import parse_params
from query_service.pipeline import Pipeline
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.where import WhereBrowse, WhereSearch

MAX_QUERIES = 50  # of one request


class InstantSearches:
    """Safe to use from many threads. `close` stops its own."""

    def __init__(
        self, pipeline: Pipeline, names: IndexNamesSpoken, threads: int, pages: FrozenPages
    ) -> None:
        self._pipeline = pipeline
        self._names = names
        self._pages = pages
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="queries")

    def answers(
        self, requests: Sequence[Mapping[str, Any]], index: str, user_token: str, arrived: float
    ) -> list[dict[str, Any]]:
        """The answer to each request, in order; `index` and `user_token` where it names none.

        Raises RequestMalformed, FieldProblem, ClusterUnavailable.
        """
        return self._each(requests, index, user_token, partial(self._answer, arrived=arrived))

    def recommendations(
        self, requests: Sequence[Mapping[str, Any]], user_token: str, arrived: float
    ) -> list[dict[str, Any]]:
        """The recommended items of each request, in order. Raises as `answers` does."""
        recommended = partial(self._recommended, arrived=arrived)
        return self._each(requests, self._names.index, user_token, recommended)

    def _each(
        self,
        requests: Sequence[Mapping[str, Any]],
        index: str,
        user_token: str,
        answer: Callable[[Mapping[str, Any], str], dict[str, Any]],
    ) -> list[dict[str, Any]]:
        if not 0 < len(requests) <= MAX_QUERIES:
            raise RequestMalformed(f"requests: {len(requests)}, and 1 to {MAX_QUERIES} are taken")

        def one(request: Mapping[str, Any]) -> dict[str, Any]:
            name = request.get("indexName", index)
            if not isinstance(name, str):
                raise RequestMalformed("indexName: a text is wanted")
            token = {"userToken": user_token} if user_token else {}
            return answer({**token, **request}, name)

        if len(requests) == 1:
            return [one(requests[0])]
        running = [self._pool.submit(copy_context().run, one, request) for request in requests]
        return [each.result() for each in running]

    def close(self) -> None:
        """Stop the threads, and close the database of pages."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pages.close()

    def _recommended(
        self, request: Mapping[str, Any], index: str, arrived: float
    ) -> dict[str, Any]:
        """Items as the request's model wants them; none where there is no such item."""
        order, wanted = self._names.order(index), ItemRecommendation.of(request)
        view, params = self._pipeline.views.current(), wanted.params
        if wanted.item_id:
            found = self._answered(QueryForm.of(wanted.item, index, None, view).request, arrived)
            if not found.hits:
                return {"hits": [], "nbHits": 0, "message": f"no item has the id {wanted.item_id}"}
            params = wanted.similar(found.hits[0].source)
        form = QueryForm.of(params, index, order, view)
        answer = self._answered(form.request, arrived)
        shown = answer_form(form, answer)
        for hit, ranked in zip(shown["hits"], answer.hits, strict=True):
            hit["_score"] = ranked.score
        return shown

    def _answer(self, request: Mapping[str, Any], index: str, arrived: float) -> dict[str, Any]:
        """The answer to a query; of `type` facet, the values of a facet."""
        order = self._names.order(index)
        params = parse_params(request)
        facet = request.get("facet") if request.get("type") == "facet" else None
        if request.get("type") not in (None, "default", "facet"):
            raise RequestMalformed("type: it is default or facet")
        if facet is not None:
            if not isinstance(facet, str):
                raise RequestMalformed("facet: the name of an attribute is wanted")
            params = replace(params, size=0, facets=(facet,), max_values=params.max_facet_hits)
        form = QueryForm.of(params, index, order, self._pipeline.views.current())
        answer = self._search(form, arrived)
        if facet is not None:
            return facet_hits(form, answer, facet) | {"index": index}
        return answer_form(form, answer)

    def _search(self, form: QueryForm, arrived: float) -> SearchResponse:
        continued = self._pages.continued(form.request)
        if continued is not None:
            with suppress(CursorExpired, CursorInvalid):
                return self._answered(continued, arrived)
        return self._answered(form.request, arrived)

    def _answered(self, request: WhereSearch | WhereBrowse, arrived: float) -> SearchResponse:
        if isinstance(request, WhereSearch):
            answer = self._pipeline.search(request, arrived)
        else:
            answer = self._pipeline.recommend(request, arrived)
        self._pages.keep(request, answer.next_cursor if request.size else None)
        return answer
