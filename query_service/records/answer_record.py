"""What a row of `ubi_queries` keeps of an answer: UBI's `query_attributes.live_intent`.

All that is needed to say later why these items were shown, without the index, the rules or the
models of then. It names no other session's items and no text of an earlier query: an erasure of
those leaves nothing here.
"""

from collections.abc import Mapping
from typing import Any

from query_service.context import RequestContext
from query_service.experiments.team_draft import NO_TEAM
from query_service.observability.identity import REQUEST_IDS
from query_service.ranking.kept_shares import short
from query_service.schemas.search.answers import ExperimentPart, Hit, SearchResponse
from query_service.schemas.search.requests import RecommendRequest
from query_service.user.visitor import Visitor

ATTRIBUTE = "live_intent"  # below `query_attributes`; the mapping has its fields
MAX_TITLE = 60  # characters
MAX_FILTERS = 2000  # characters; a list of ids may be far longer


def answer_record(
    context: RequestContext, visitor: Visitor, answer: SearchResponse
) -> dict[str, Any]:
    """The record of an answer; fields that say nothing are not there."""
    ids, configuration, request = REQUEST_IDS.get(), context.configuration, context.request
    reranked = "rerank" in answer.stages_run
    diversity = getattr(request, "diversity", None)
    weights = {**configuration.weights, **({} if diversity is None else {"diversity": diversity})}
    record = {
        "kind": "recommend" if isinstance(request, RecommendRequest) else "search",
        "request_id": ids.request_id,
        "trace_id": ids.trace_id,
        "scenario": context.scenario,
        "language": answer.language,
        "index": answer.index,
        "bundle": configuration.bundle,
        "encoder": context.view.bundle.spec.fingerprint,
        "reranker": configuration.reranker if reranked else _order(request),
        "weights": weights,
        "experiment": answer.experiment and _experiment(answer.experiment),
        "rules": [rule.id for rule in answer.rules_applied],
        "stages": answer.stages_run,
        "degraded_causes": [f"{part.stage}: {part.cause}" for part in answer.degraded],
        "events": len(visitor.events),
        "queries": len(visitor.queries),
        "deadline_ms": round(context.progress.clock.deadline_ms),
        "by_meaning": answer.total.by_meaning,
        "explanation": _explanation(context, answer),
    }
    return _filled(record)


def _experiment(experiment: ExperimentPart) -> dict[str, str]:
    """`id`, `variant` and, interleaved, `teams`: a letter for each hit."""
    teams = "".join(team or NO_TEAM for team in experiment.teams or ())
    return _filled({"id": experiment.id, "variant": experiment.variant, "teams": teams})


def _order(request: object) -> str:
    """What ordered the hits where no re-ranker did."""
    return "sorted" if getattr(request, "sort", None) else "fused"


def _explanation(context: RequestContext, answer: SearchResponse) -> dict[str, Any]:
    """What is only shown, never searched: the mapping does not index it."""
    rules = {rule.name: rule.id for rule in answer.rules_applied}
    kept = answer.kept_shares
    legs = {leg.name: leg.weight for leg in context.options.legs}
    instead = answer.instead
    return _filled(
        {
            "filters": _request_filters(context.request),
            "sort": _sort(context.request),
            "degraded": {part.stage: part.reason for part in answer.degraded},
            "rules": [rule.model_dump() for rule in answer.rules_applied],
            "weights": {"legs": legs, "reranker": dict(context.configuration.reranker_weights)},
            "timing_ms": {name: round(ms, 1) for name, ms in answer.timing_ms.items()},
            "synonyms": answer.synonyms if not context.query_text else [],
            "hits": [_hit_record(hit, kept, rules) for hit in answer.hits],
            "instead": [_hit_record(hit, {}, rules) for hit in instead.hits] if instead else [],
        }
    )


def _sort(request: object) -> object:
    sort = getattr(request, "sort", None)
    return None if sort is None else sort.model_dump(exclude_none=True)


def _request_filters(request: object) -> object:
    filters = getattr(request, "filters", None)
    if filters is None:
        return None
    fields = filters.model_dump(exclude_none=True, mode="json")
    size = len(str(fields))
    return fields if size <= MAX_FILTERS else {"left_out": f"{size} characters"}


def _hit_record(
    hit: Hit, kept: Mapping[str, dict[str, Any]], rules: Mapping[str, str]
) -> dict[str, Any]:
    """A hit as it is kept; `rules`: ids by the titles that shares name."""
    title, why = str(hit.source.get("title", "")), kept.get(hit.item_id, {})
    for share in why.get("shares", ()):
        if "rule" in share:
            share["rule"] = rules.get(share["rule"])
    fields = {
        "item_id": hit.item_id,
        "title": title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…",
        "position": hit.position,
        "score": short(hit.score),
        "by_meaning": hit.by_meaning or None,
        "below": None if hit.reranked else True,
    }
    return _filled(fields | why)


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}
