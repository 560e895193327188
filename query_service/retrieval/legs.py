"""Three legs in one round trip: words (BM25), meaning (k-NN on the query), person (k-NN on R)."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.schema import TITLE, VECTOR, VECTOR_FLOAT16
from query_service.retrieval.candidates import LEGS, MEANING, PERSON, WORDS, Candidates
from query_service.retrieval.text_query import strict, wording, words_query

# What the re-ranker needs of an item comes from doc values: no stored source is read for it.
FEATURE_FIELDS = [VECTOR_FLOAT16, "popularity", "price", "brand", "category"]
PERSON_MATCH = "2<75%"  # of the query's words, an item of the person leg must have


class IndexGone(LiveIntentError):
    """The index that the service reads from no longer exists: look where the alias points now."""


@dataclass(frozen=True)
class Plan:
    """What to ask of the engine. A leg without its input (no query, R of zeros) is left out."""

    query_text: str = ""
    query_vector: NDArray[np.float32] | None = None  # float32 [dims], in the items' space
    R: NDArray[np.float32] | None = None  # float32 [dims]
    filters: Sequence[Mapping[str, Any]] = ()
    exclude: Sequence[str] = ()  # item ids that must not come back
    k: int = 100  # neighbours, or matches, asked of one leg
    popular: bool = False  # popular items stand in for the words leg (no query, nothing known)
    legs: frozenset[str] = frozenset(LEGS)
    exact: bool = False  # every vector is compared, instead of a walk through the HNSW graph
    titles: bool = False  # read each candidate's title too: a fifth more time in the engine
    timeout_s: float = 10.0


@dataclass(frozen=True)
class Retrieved:
    """The candidates; the words leg's count; which legs ran, and which failed and why."""

    candidates: Candidates
    total: int = 0
    total_relation: Literal["eq", "gte"] = "eq"
    legs: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


def retrieve(client: OpenSearch, index: str, plan: Plan, dims: int) -> Retrieved:
    """Runs the legs of `plan` in one `_msearch` and unites what they return.

    Raises:
        ClusterUnavailable: no leg could be answered.
        IndexGone: the index does not exist any more.
    """
    bodies = leg_bodies(plan)
    if not bodies:
        return Retrieved(Candidates.none(dims))
    lines: list[Mapping[str, Any]] = []
    for body in bodies.values():
        lines += [{"index": index}, body]
    try:
        answer = client.msearch(body=lines, params={"request_timeout": plan.timeout_s})
    except NotFoundError as error:
        raise IndexGone(f"the index {index} is gone") from error
    except OpenSearchException as error:
        raise unavailable(error) from error
    responses = dict(zip(bodies, answer["responses"], strict=True))
    failed = {leg: reason for leg, r in responses.items() if (reason := _failure(r))}
    if any("index_not_found" in reason for reason in failed.values()):
        raise IndexGone(f"the index {index} is gone")
    good = {leg: r["hits"]["hits"] for leg, r in responses.items() if "hits" in r}
    if not good:
        raise ClusterUnavailable(
            "OpenSearch answered none of the searches: "
            + "; ".join(f"{leg}: {reason}" for leg, reason in failed.items())
        )
    counted = responses.get(WORDS, {}).get("hits", {}).get("total", {})
    candidates = unite(good, dims)
    return Retrieved(
        candidates=candidates,
        total=counted.get("value", len(candidates)),
        total_relation=counted.get("relation", "eq"),
        legs=tuple(good),
        failed=failed,
    )


def retrieve_ids(
    client: OpenSearch, index: str, ids: Sequence[str], plan: Plan, dims: int
) -> Candidates:
    """The given items as candidates, with their BM25 where the query matches; unknown ids absent.

    Raises ClusterUnavailable, IndexGone.
    """
    query: dict[str, Any] = {"bool": {"filter": [{"ids": {"values": list(ids)}}]}}
    if plan.query_text:
        query["bool"]["should"] = [wording(plan.query_text)]
    body = _body(query, len(ids), plan)
    try:
        answer = client.search(index=index, body=body, params={"request_timeout": plan.timeout_s})
    except NotFoundError as error:
        raise IndexGone(f"the index {index} is gone") from error
    except OpenSearchException as error:
        raise unavailable(error) from error
    return unite({WORDS: answer["hits"]["hits"]}, dims)


def leg_bodies(plan: Plan) -> dict[str, dict[str, Any]]:
    """The search body of each leg that has input, by its name."""
    bodies: dict[str, dict[str, Any]] = {}
    filters = list(plan.filters)
    if plan.exclude:
        filters.append({"bool": {"must_not": {"ids": {"values": list(plan.exclude)}}}})
    if plan.query_text and WORDS in plan.legs:
        bodies[WORDS] = _body(words_query(plan.query_text, filters), plan.k, plan)
    elif plan.popular and WORDS in plan.legs:
        bodies[WORDS] = _body(popular_query(filters), plan.k, plan)
    if plan.query_vector is not None and MEANING in plan.legs:
        bodies[MEANING] = _body(_nearest(plan.query_vector, plan, filters), plan.k, plan)
    if plan.R is not None and np.any(plan.R) and PERSON in plan.legs:
        if plan.query_text:
            # R orders what was asked for; it does not widen it.
            filters = [*filters, strict(plan.query_text, minimum_should_match=PERSON_MATCH)]
        bodies[PERSON] = _body(_nearest(plan.R, plan, filters), plan.k, plan)
    for body in bodies.values():
        body["timeout"] = f"{max(int(plan.timeout_s * 1000), 1)}ms"
    return bodies


def popular_query(filters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Items by popularity, those without any last."""
    return {
        "bool": {
            "must": [{"match_all": {"boost": 0.001}}],
            "should": [{"rank_feature": {"field": "popularity_rank"}}],
            "filter": list(filters),
        }
    }


def unite(hits: Mapping[str, Sequence[Mapping[str, Any]]], dims: int) -> Candidates:
    """The union of the legs' hits as arrays, in the order of first appearance."""
    places: dict[str, int] = {}
    rows: list[Mapping[str, Any]] = []
    for leg_hits in hits.values():
        for hit in leg_hits:
            if hit["_id"] not in places and VECTOR_FLOAT16 in hit.get("fields", {}):
                places[hit["_id"]] = len(rows)
                rows.append(hit["fields"])
    if not rows:
        return Candidates.none(dims)
    legs = np.full((len(rows), len(LEGS)), np.nan, dtype=np.float32)
    for leg, leg_hits in hits.items():
        column = LEGS.index(leg)
        for hit in leg_hits:
            if hit["_id"] in places:
                score = hit["_score"]
                legs[places[hit["_id"]], column] = score if leg == WORDS else inner_product(score)
    # The engine leaves the padding of base64 out; superfluous padding does no harm.
    raw = b"".join(base64.b64decode(row[VECTOR_FLOAT16][0] + "==") for row in rows)
    vectors = np.frombuffer(raw, dtype="<f2").reshape(len(rows), dims).astype(np.float32)
    return Candidates(
        ids=tuple(places),
        legs=legs,
        vectors=vectors,
        popularity=_numbers(rows, "popularity", 0.0),
        price=_numbers(rows, "price", np.nan),
        brands=tuple(row.get("brand", [""])[0] for row in rows),
        categories=tuple(tuple(row.get("category", ())) for row in rows),
        titles=tuple(row.get(TITLE, [""])[0] for row in rows),
    )


def inner_product(score: float) -> float:
    """The inner product s behind the engine's score: 1 + s for s >= 0, 1 / (1 - s) below."""
    return score - 1.0 if score >= 1.0 else 1.0 - 1.0 / max(score, 1e-9)


def unavailable(error: OpenSearchException) -> ClusterUnavailable:
    """What the caller is told when OpenSearch could not answer."""
    return ClusterUnavailable(f"OpenSearch did not answer: {type(error).__name__}: {error}")


def _nearest(
    vector: NDArray[np.float32], plan: Plan, filters: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    within = {"bool": {"filter": list(filters)}}
    if plan.exact:
        # The same space, hence the same scores as those of the graph.
        params = {"field": VECTOR, "query_value": vector, "space_type": "innerproduct"}
        script = {"source": "knn_score", "lang": "knn", "params": params}
        return {"script_score": {"query": within, "script": script}}
    clause: dict[str, Any] = {"vector": vector, "k": plan.k}
    if filters:
        clause["filter"] = within
    return {"knn": {VECTOR: clause}}


def _body(query: Mapping[str, Any], size: int, plan: Plan) -> dict[str, Any]:
    fields = [*FEATURE_FIELDS, TITLE] if plan.titles else FEATURE_FIELDS
    return {"query": query, "size": size, "_source": False, "docvalue_fields": fields}


def _failure(response: Mapping[str, Any]) -> str:
    if "error" in response:
        error = response["error"]
        causes = error.get("root_cause") or [error]
        return f"{causes[0].get('type')}: {causes[0].get('reason')}"
    if response.get("timed_out"):
        return "timed out in the engine; what it had found until then is used"
    shards = response.get("_shards", {})
    if shards.get("failed"):
        return f"{shards['failed']} of {shards['total']} shards failed"
    return ""


def _numbers(rows: Sequence[Mapping[str, Any]], name: str, missing: float) -> NDArray[np.float32]:
    return np.array([row.get(name, [missing])[0] for row in rows], dtype=np.float32)
