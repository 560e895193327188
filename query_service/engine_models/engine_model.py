"""The model document of an items index: every number of the formulas that the plugin has.

The plugin, in Java, holds formulas only. Its numbers come from the modules that declare them, by
this one function.
"""

import json
from dataclasses import asdict
from typing import Any

from indexer.bundle.learned_bundle import RERANKER, USER_MODEL, LearnedBundle
from indexer.bundle.model_bundle import ModelBundle
from indexer.index.documents import float16_base64
from query_service.ranking import affinity, rerank_input
from query_service.ranking.reranker import RerankerWeights
from query_service.sessions.limits import limits_of
from query_service.settings import ServiceSettings
from query_service.user import actions, decay_time, demand
from query_service.user.user_vector import FusionWeights

FORMAT = 1  # of the document; the plugin refuses another
_DAY_S = 86_400


def engine_model(
    bundle: ModelBundle,
    settings: ServiceSettings,
    learned: LearnedBundle | None = None,
    index: str = "",
) -> dict[str, Any]:
    """The model document of the index of `bundle`, as JSON has it.

    `learned`: what the service answers by; the plugin has the fixed formulas alone, and says so.
    `index`: its name, if the bundle has another.
    """
    spec, limits = bundle.spec, limits_of(settings)
    fusion = FusionWeights(settings.alpha, settings.beta, settings.demand)
    document: dict[str, Any] = {
        "format": FORMAT,
        "index": index or bundle.name,
        "vector_space": bundle.vector_space,
        "fingerprint": spec.fingerprint,
        "layout": spec.layout,
        "dims": spec.vector_dims,
        "M": bundle.W_uq.W.shape[1],
        "K": bundle.W_ua.W.shape[1],
        "embedding_dims": spec.dimension,
        "max_popularity": bundle.statistics.max_popularity,
        "fusion": asdict(fusion)
        | {
            "query_decay": demand.QUERY_DECAY,
            "query_half_life_s": demand.QUERY_HALF_LIFE_S,
            "earlier_session": actions.EARLIER_SESSION,
        },
        "actions": {scenario: dict(weights) for scenario, weights in actions.WEIGHTS.items()},
        "skipped_below": actions.SKIPPED_BELOW,
        "skip_weight": actions.SKIP_WEIGHT,
        "texts_are_demand": sorted(actions.TEXTS_ARE_DEMAND),
        "comment_share": demand.TEXT_SHARE,
        "ranking": asdict(RerankerWeights())
        | {
            "breadth_without_query": rerank_input.BREADTH_WITHOUT_QUERY,
            "coverage_power": rerank_input.COVERAGE_POWER,
        },
        "affinity": {
            "brand": affinity.BRAND,
            "category": affinity.CATEGORY,
            "price": affinity.PRICE,
        },
        "fresh_s": decay_time.FRESH_S,
        "limits": {
            kind: dict(zip(("events", "queries"), limits.max_rows(kind), strict=True))
            for kind in ("session", "user")
        }
        | {"ttl_s": limits.ttl_days * _DAY_S},
        "learned": {
            "item_halves": bool(spec.behaviour),
            "user_model": bool(learned and learned.has(USER_MODEL)),
            "reranker": _reranker(learned),
        },
    }
    if bundle.projections:
        document["meaning_projection"] = float16_base64(bundle.projections.P_M.ravel())
    return document


def _reranker(learned: LearnedBundle | None) -> str:
    """How the service ranks: by the fixed re-ranker, a network, or trees for some requests."""
    if learned is None or not learned.has(RERANKER):
        return "fixed"
    from query_service.ranking.learned.learned_reranker import CONFIG

    config = json.loads((learned.path(RERANKER) / CONFIG).read_text("utf-8"))
    return "trees" if config.get("trees_for") else "network"
