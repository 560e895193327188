"""All legs in one round trip to OpenSearch, and the union of their hits."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from plugin_config.client import cluster_unavailable
from plugin_config.errors import ClusterUnavailable, LiveIntentError
from plugin_config.schema import TITLE_EXACT, VECTOR_FLOAT16
from query_service.retrieval.candidates import Candidates
from query_service.retrieval.plan import WORDS, RetrievalPlan
from query_service.retrieval.text_query import text_query
from query_service.schemas.search import QueryCut

# The re-ranker's fields are read from doc values: no stored source is read for it.
FEATURE_FIELDS = [VECTOR_FLOAT16, "popularity", "price", "brand", "category"]


class IndexGone(LiveIntentError):
    """The index that the service reads from no longer exists: look where the alias points now."""


@dataclass(frozen=True)
class Retrieved:
    """The candidates, and the hits of the words leg as `total`.

    `stages`: those that ran, the legs or `retrieve`; `failed`: the reason of each leg that failed.
    """

    candidates: Candidates
    total: int = 0
    total_relation: Literal["eq", "gte"] = "eq"
    stages: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    query_cut: QueryCut | None = None


def retrieve(client: OpenSearch, index: str, plan: RetrievalPlan, dims: int) -> Retrieved:
    """Run the legs of `plan` in one `_msearch`; return the union of their hits.

    Raises:
        ClusterUnavailable: no leg could be answered.
        IndexGone: the index does not exist any more.
    """
    bodies = search_bodies(plan)
    if not bodies:
        return Retrieved(Candidates.union({}, plan.legs, dims))
    lines: list[Mapping[str, Any]] = []
    for body in bodies.values():
        lines += [{"index": index}, body]
    with _errors_of(index):
        answer = client.msearch(body=lines, params={"request_timeout": plan.timeout_s})
    responses = dict(zip(bodies, answer["responses"], strict=True))
    failed = {leg: reason for leg, r in responses.items() if (reason := _failure(r))}
    if any("index_not_found" in reason for reason in failed.values()):
        raise IndexGone(f"the index {index} is gone")
    hits = {leg: r["hits"]["hits"] for leg, r in responses.items() if "hits" in r}
    if not hits:
        raise ClusterUnavailable(
            "OpenSearch answered none of the searches: "
            + "; ".join(f"{leg}: {reason}" for leg, reason in failed.items())
        )
    total = responses.get(WORDS, {}).get("hits", {}).get("total", {})
    candidates = Candidates.union(hits, plan.legs, dims)
    return Retrieved(
        candidates=candidates,
        total=total.get("value", len(candidates)),
        total_relation=total.get("relation", "eq"),
        stages=tuple(hits),
        failed=failed,
    )


def retrieve_ids(
    client: OpenSearch, index: str, ids: Sequence[str], plan: RetrievalPlan, dims: int
) -> Retrieved:
    """The items `ids` as candidates, with BM25 where the query matches; unknown ids are absent.

    Raises ClusterUnavailable, IndexGone.
    """
    query: dict[str, Any] = {"bool": {"filter": [{"ids": {"values": list(ids)}}]}}
    if plan.query_text:
        query["bool"]["should"] = [text_query(plan.query_text)]
    body = _body(query, len(ids), plan)
    with _errors_of(index):
        answer = client.search(index=index, body=body, params={"request_timeout": plan.timeout_s})
    candidates = Candidates.union({WORDS: answer["hits"]["hits"]}, plan.legs, dims)
    return Retrieved(candidates, total=len(candidates), stages=("retrieve",))


def search_bodies(plan: RetrievalPlan) -> dict[str, dict[str, Any]]:
    """The search body of each leg that has its input, by the leg's name."""
    queries = {leg.name: leg.query(plan) for leg in plan.legs}
    timeout = {"timeout": f"{max(int(plan.timeout_s * 1000), 1)}ms"}
    return {
        name: _body(query, plan.k, plan) | timeout
        for name, query in queries.items()
        if query is not None
    }


def _body(query: Mapping[str, Any], size: int, plan: RetrievalPlan) -> dict[str, Any]:
    fields = [*FEATURE_FIELDS, TITLE_EXACT] if plan.titles else FEATURE_FIELDS
    return {"query": query, "size": size, "_source": False, "docvalue_fields": fields}


@contextmanager
def _errors_of(index: str) -> Iterator[None]:
    """Turn the client's errors into IndexGone and ClusterUnavailable."""
    try:
        yield
    except NotFoundError as error:
        raise IndexGone(f"the index {index} is gone") from error
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error


def _failure(response: Mapping[str, Any]) -> str:
    """Why a leg's response is not whole; "" when it is."""
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
