"""The legs: words (BM25), meaning (k-NN on the query), person (k-NN on R).

A new leg is declared here, in LEGS: retrieval, fusion, re-ranker and explanation follow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.schema import VECTOR
from query_service.retrieval.plan import (
    HAS_WORDS,
    MEANING,
    PERSON,
    READABLE,
    WORDS,
    Leg,
    RetrievalPlan,
)
from query_service.retrieval.text.text_query import (
    IDENTIFIER_SCORE,
    as_written,
    is_identified,
    words_as_written,
    words_query,
)

Query = Mapping[str, Any]
# Without a query the person leg alone finds what the visitor wants, and one product may have most
# of the nearest vectors. Measured: 3 takes 1.27 times as long as 1.
COLLAPSED_DEPTH = 3
READABLE_SCORE = 10.0  # more than any popularity: its scores are below 1
PERSON_MATCH = "2<75%"  # an item of the person leg must have so many of the query's words


def bm25(score: float) -> float:
    """The score of the words alone: without what an identifier adds."""
    return score - IDENTIFIER_SCORE if is_identified(score) else score


def inner_product(score: float) -> float:
    """The inner product s behind the engine's score: 1 + s for s >= 0, 1 / (1 - s) below."""
    return score - 1.0 if score >= 1.0 else 1.0 - 1.0 / max(score, 1e-9)


def _words(plan: RetrievalPlan) -> Query | None:
    if plan.query_text:
        return words_query(plan)
    if not plan.popular:
        return None
    should: list[Query] = [plan.shards.popularity()]
    if plan.readable is not None:
        first = {"filter": plan.readable, "boost": READABLE_SCORE, "_name": READABLE}
        should.append({"constant_score": first})
    return {
        "bool": {
            "must": [{"match_all": {"boost": 0.001}}],  # items without a popularity come last
            "should": should,
            "filter": plan.filters,
        }
    }


def _meaning(plan: RetrievalPlan) -> Query | None:
    if plan.query_vector is None:
        return None
    near = nearest(plan.query_vector, plan, plan.filters)
    if not plan.query_text:
        return near
    # Names the hits that have the query's words; as a filter it adds nothing to the score.
    has_words = words_as_written(plan.texts, plan.fields)
    has_words["bool"]["_name"] = HAS_WORDS
    return {"bool": {"must": [near], "should": [has_words]}}


def _person(plan: RetrievalPlan) -> Query | None:
    if plan.R is None or not np.any(plan.R):
        return None
    filters = plan.filters
    if plan.query_text:
        # R orders the items that match the query; it does not add others.
        written = [
            as_written(text, plan.fields, minimum_should_match=PERSON_MATCH) for text in plan.texts
        ]
        filters = [*filters, *_any(written)]
    return nearest(plan.R, plan, filters)


def _any(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return queries if len(queries) == 1 else [{"bool": {"should": queries}}]


def nearest(vector: NDArray[np.float32], plan: RetrievalPlan, filters: Sequence[Query]) -> Query:
    """The items nearest to a vector float32 [dims], of those that fulfil the filters."""
    within = {"bool": {"filter": list(filters)}}
    if plan.exact:
        # The same space type, hence the same scores as from the HNSW graph.
        params = {"field": VECTOR, "query_value": vector, "space_type": "innerproduct"}
        script = {"source": "knn_score", "lang": "knn", "params": params}
        return {"script_score": {"query": within, "script": script}}
    deeper = COLLAPSED_DEPTH if plan.collapse and not plan.query_text else 1
    clause: dict[str, Any] = {"vector": vector, "k": plan.k * deeper}
    if filters:
        clause["filter"] = within
    return {"knn": {VECTOR: clause}}


# Weights of words and meaning: on validation queries of homedepot, NDCG@10 .403 with 0.7 and 0.3;
# .399 with 0.6 and 0.4; .393 with 0.5 each; .396 with the words leg alone.
LEGS = (
    Leg(WORDS, _words, 0.7, "query", bm25),
    Leg(MEANING, _meaning, 0.3, "query", inner_product),
    Leg(PERSON, _person, 0.4, None, inner_product),
)
LEG_NAMES = tuple(leg.name for leg in LEGS)
