"""The answer to one query as front ends read it."""

import html
import math
from typing import Any
from urllib.parse import urlencode

from query_service.instantsearch.facet_form import facet_counts, facet_stats
from query_service.instantsearch.hit_form import hit_form
from query_service.instantsearch.query_form import ALL, QueryForm
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.requests import MAX_DEPTH


def answer_form(form: QueryForm, answer: SearchResponse) -> dict[str, Any]:
    """Hits, facets and numbers; `message` says what was ignored and what is missing."""
    params, total = form.params, answer.total
    facets = answer.facets or {}
    late = {part.stage for part in answer.degraded}
    body: dict[str, Any] = {
        "hits": [hit_form(hit, params, form.shown) for hit in answer.hits],
        "nbHits": total.value,
        "page": params.page if params.offset is None else params.offset // max(params.size, 1),
        "nbPages": pages(total.value, params.size),
        "hitsPerPage": params.size,
        "exhaustiveNbHits": total.relation == "eq",
        "exhaustiveFacetsCount": "facets" not in late,
        "exhaustive": {"nbHits": total.relation == "eq", "facetsCount": "facets" not in late},
        "query": params.query_text,
        "params": params.text or urlencode({"query": params.query_text, "page": params.page}),
        "index": form.index_name,
        "queryID": answer.query_id,
        "processingTimeMS": round(answer.timing_ms.get("total", 0)),
    }
    if params.offset is not None:
        body |= {"offset": params.offset, "length": params.size}
    if form.facets:
        body["facets"] = facet_counts(form.facets, facets, params.max_values)
        if stats := facet_stats(form.facets, facets):
            body["facets_stats"] = stats
    if rendering := _rendering(form, answer):
        body["renderingContent"] = rendering
    if answer.rules_applied:
        body["appliedRules"] = [{"objectID": rule.id} for rule in answer.rules_applied]
    if answer.banners:
        body["userData"] = [banner.data for banner in answer.banners]
    if message := _message(form, answer):
        body["message"] = message
    return body


def facet_hits(form: QueryForm, answer: SearchResponse, name: str) -> dict[str, Any]:
    """The values of a facet that contain what is typed."""
    params = form.params
    counts = facet_counts(form.facets, answer.facets or {}, params.max_facet_hits)
    typed = params.facet_query.strip()
    hits = [
        {"value": value, "highlighted": _marked(value, typed, params.tags), "count": count}
        for value, count in counts.get(name, {}).items()
    ]
    return {
        "facetHits": hits,
        "exhaustiveFacetsCount": "facets" not in {part.stage for part in answer.degraded},
        "processingTimeMS": round(answer.timing_ms.get("total", 0)),
    }


def pages(hits: int, size: int) -> int:
    """How many pages of `size` hits there are, as deep as pages go."""
    return math.ceil(min(hits, MAX_DEPTH) / size) if size else 0


def _rendering(form: QueryForm, answer: SearchResponse) -> dict[str, Any]:
    """What the front end should do: go elsewhere, and which facets to show where it wants all."""
    rendering: dict[str, Any] = {}
    if answer.redirect:
        rendering["redirect"] = {"url": answer.redirect}
    if ALL in form.params.facets:
        counted = [
            name
            for name, own in form.facets.items()
            if own.field in (answer.facets or {}) and not own.level
        ]
        rendering["facetOrdering"] = {"facets": {"order": counted}}
    return rendering


def _message(form: QueryForm, answer: SearchResponse) -> str:
    parts = [f"{part.stage}: {part.reason}" for part in answer.degraded]
    if form.params.ignored:
        parts.append(f"ignored: {', '.join(form.params.ignored)}")
    return "; ".join(parts)


def _marked(value: str, typed: str, tags: tuple[str, str]) -> str:
    """The value as escaped HTML, with what is typed marked."""
    start = value.casefold().find(typed.casefold()) if typed else -1
    if start < 0 or len(value.casefold()) != len(value):
        return html.escape(value, quote=False)
    end = start + len(typed)
    before, found, after = (
        html.escape(part, quote=False) for part in (value[:start], value[start:end], value[end:])
    )
    return f"{before}{tags[0]}{found}{tags[1]}{after}"
