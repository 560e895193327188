"""The model document of a bundle, as the plugin reads it."""

from dataclasses import asdict
from typing import Any

from indexer.bundle.model_bundle import ModelBundle
from indexer.index.documents import float16_base64
from query_service.ranking import affinity, rerank_input
from query_service.ranking.reranker import RerankerWeights
from query_service.sessions.limits import SessionLimits
from query_service.user import actions, decay_time, demand
from query_service.user.user_vector import FusionWeights


def model_document(bundle: ModelBundle) -> dict[str, Any]:
    spec, projections, limits = bundle.spec, bundle.projections, SessionLimits()
    halves = (spec.meaning_dims, spec.behaviour_dims)
    document = {
        "format": 1,
        "index": bundle.name,
        "vector_space": bundle.vector_space,
        "fingerprint": spec.fingerprint,
        "layout": spec.layout,
        "dims": spec.vector_dims,
        "M": halves[0] if projections else spec.dimension,
        "K": halves[1] if projections else spec.dimension,
        "embedding_dims": spec.dimension,
        "max_popularity": bundle.statistics.max_popularity,
        "fusion": asdict(FusionWeights()) | {
            "query_decay": demand.QUERY_DECAY,
            "query_half_life_s": demand.QUERY_HALF_LIFE_S,
            "earlier_session": actions.EARLIER_SESSION,
        },
        "actions": actions.WEIGHTS,
        "skipped_below": actions.SKIPPED_BELOW,
        "skip_weight": actions.SKIP_WEIGHT,
        "texts_are_demand": sorted(actions.TEXTS_ARE_DEMAND),
        "comment_share": 0.5,
        "ranking": asdict(RerankerWeights()) | {
            "breadth_without_query": rerank_input.BREADTH_WITHOUT_QUERY,
            "coverage_power": rerank_input.COVERAGE_POWER,
        },
        "affinity": {
            "brand": affinity.BRAND, "category": affinity.CATEGORY, "price": affinity.PRICE,
        },
        "fresh_s": decay_time.FRESH_S,
        "limits": {"ttl_s": limits.ttl_days * 86400},
        "learned": {"item_halves": False, "user_model": False, "reranker": "fixed"},
    }  # fmt: skip
    if projections:
        document["meaning_projection"] = float16_base64(projections.P_M.ravel())
    return document
