"""The legs, those not sent before in one round trip to OpenSearch, and the union of their hits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from opensearchpy import OpenSearch

from plugin_config.connection.client import is_refusal
from plugin_config.errors import ClusterUnavailable, RequestRefused
from plugin_config.schema import GROUP_KEY
from query_service.retrieval.candidates.candidate_fields import candidates_body, with_ids
from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.candidates.candidates import (
    Candidates,
    LegHits,
    group_of,
    ids_with_words,
)
from query_service.retrieval.candidates.pinned_items import RULES, ids_matching, pins_body
from query_service.retrieval.engine_errors import IndexGone, engine_errors
from query_service.retrieval.engine_searches import failure
from query_service.retrieval.groups import (
    Relation,
    counted_groups,
    group_count,
    matching_variants,
)
from query_service.retrieval.kept_searches import KeptSearches, Snapshot, StartedSearches
from query_service.retrieval.plan import HAS_WORDS, MEANING, READABLE, WORDS, RetrievalPlan
from query_service.retrieval.shards import BY_SCORE
from query_service.retrieval.text.text_query import matching, text_query

NOTHING_KEPT = KeptSearches()


@dataclass(frozen=True)
class Retrieved:
    """The candidates, and how many items match.

    `total`: the matches of the words leg, `by_meaning` candidates without the query's words, and
    items `pinned` by rules that would not be hits without; groups of them where the plan collapses.
    `pinned_only`: ids of the pinned items that did not come by meaning.
    `stages`: those that ran, the legs or `retrieve`; `failed`: the reason of each leg that failed.
    `beside`: the responses to the plan's further bodies. `meaning_fields`: the doc values that the
    plan wants of the hits by meaning. `readable`: of popular items the ids of those in the
    visitor's languages. `snapshot`: the index as the legs saw it; None: they were not run.
    """

    candidates: Candidates
    total: int = 0
    total_relation: Literal["eq", "gte"] = "eq"
    by_meaning: int = 0
    pinned: Collection[str] = frozenset()
    pinned_only: Collection[str] = frozenset()
    stages: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    readable: Collection[str] = frozenset()
    meaning_fields: tuple[Mapping[str, Sequence[Any]], ...] = ()
    snapshot: Snapshot | None = None


def retrieve(
    client: OpenSearch,
    index: str,
    plan: RetrievalPlan,
    dims: int,
    items: CandidateItems,
    *,
    kept: KeptSearches = NOTHING_KEPT,
    started: StartedSearches | None = None,
) -> Retrieved:
    """Run the legs of `plan` in one `_msearch`, but what is `kept` or `started`; return the union
    of their hits.

    Raises:
        ClusterUnavailable: no leg could be answered.
        RequestRefused: the engine refuses every leg's query.
        IndexGone: the index does not exist any more.
    """
    bodies = search_bodies(plan)
    if not bodies:
        return Retrieved(Candidates.union({}, {}, plan.legs, dims))
    if plan.pins:
        bodies[RULES] = pins_body(plan, bodies.get(WORDS))
    everything, snapshot = kept.answers(client, index, plan, {**bodies, **plan.beside}, started)
    responses = {leg: everything[leg] for leg in bodies}
    failed = {leg: reason for leg, r in responses.items() if (reason := failure(r))}
    if any("index_not_found" in reason for reason in failed.values()):
        raise IndexGone(f"the index {index} is gone")
    hits = {leg: with_ids(r["hits"]["hits"]) for leg, r in responses.items() if "hits" in r}
    if not hits:
        reasons = "; ".join(f"{leg}: {reason}" for leg, reason in failed.items())
        if all(is_refusal(r.get("status"), str(r.get("error"))) for r in responses.values()):
            raise RequestRefused(f"OpenSearch refuses every search: {reasons}")
        raise ClusterUnavailable(f"OpenSearch answered none of the searches: {reasons}")
    pinned = hits.pop(RULES, [])
    words = responses.get(WORDS, {})
    matches = words.get("hits", {}).get("total", {}).get("value", 0)
    with_words = _ids_with_words(snapshot, plan, hits, matches)
    near = _close_enough(hits, plan, with_words)
    if plan.query_text:
        with_words = with_words | ids_matching(pinned)
    united = {**near, RULES: pinned}
    fields = items.fields(index, chain.from_iterable(united.values()), plan)
    candidates = Candidates.union(united, fields, plan.legs, dims, with_words)
    added = _keys_of_pins(client, index, plan, near, pinned)
    keys = _keys_by_meaning(client, index, plan, hits, candidates) - added
    total = _total(words, plan)
    others = keys | added
    value, relation = total or (len(set(candidates.keys(plan.collapse))) - len(others), "gte")
    keys_of_pins = {_key(hit, plan) for hit in pinned}
    by_meaning = keys_of_pins & keys
    unpinned = keys - keys_of_pins
    return Retrieved(
        candidates=candidates,
        total=value + len(others),
        total_relation=relation,
        by_meaning=len(keys),
        pinned={hit["_id"] for hit in pinned},
        pinned_only={hit["_id"] for hit in pinned if _key(hit, plan) not in by_meaning},
        stages=tuple(hits),
        readable={
            h["_id"] for h in hits.get(WORDS, ()) if READABLE in h.get("matched_queries", ())
        },
        failed=failed,
        beside={name: everything[name] for name in plan.beside},
        meaning_fields=tuple(
            hit.get("fields", {}) for hit in near.get(MEANING, ()) if _key(hit, plan) in unpinned
        ),
        snapshot=snapshot,
    )


def retrieve_ids(
    client: OpenSearch,
    index: str,
    ids: Sequence[str],
    plan: RetrievalPlan,
    *,
    dims: int,
    items: CandidateItems,
) -> Retrieved:
    """The items `ids` as candidates, with BM25 where the query matches; unknown ids are absent, and
    those that the plan's filters leave out.

    Raises ClusterUnavailable, IndexGone.
    """
    of_ids = {"ids": {"values": list(ids)}}
    query: dict[str, Any] = {"bool": {"filter": [of_ids, *plan.request_filters]}}
    if plan.query_text:
        query["bool"]["should"] = [text_query(plan.query_text, fields=plan.fields)]
    body = candidates_body(query, len(ids))
    with engine_errors(index):
        params = {"request_timeout": plan.timeout_s, **plan.shards.scoring}
        answer = client.search(index=index, body=body, params=params)
    hits = {WORDS: with_ids(answer["hits"]["hits"])}
    fields = items.fields(index, hits[WORDS], plan)
    candidates = Candidates.union(hits, fields, plan.legs, dims, ids_with_words(hits))
    return Retrieved(candidates, total=len(candidates), stages=("retrieve",))


def search_bodies(plan: RetrievalPlan) -> dict[str, dict[str, Any]]:
    """The search body of each leg that has its input, by the leg's name."""
    queries = {leg.name: leg.query(plan) for leg in plan.legs}
    timeout = {"timeout": f"{max(int(plan.timeout_s * 1000), 1)}ms"}
    bodies = {
        name: candidates_body(query, plan.k) | timeout
        for name, query in queries.items()
        if query is not None
    }
    if MEANING in bodies and plan.query_text:
        fields = [*bodies[MEANING]["docvalue_fields"], *plan.meaning_fields]
        bodies[MEANING]["docvalue_fields"] = list(dict.fromkeys(fields))
    if plan.shards.several and WORDS in bodies:
        bodies[WORDS]["sort"] = BY_SCORE  # else items with the same score come as shards do
    if plan.collapse:
        for name, body in bodies.items():
            body["collapse"] = {"field": GROUP_KEY}
            body["docvalue_fields"] = [*body["docvalue_fields"], GROUP_KEY]
            if name == WORDS:
                body.update(group_count(plan))
    return bodies


def _key(hit: Mapping[str, Any], plan: RetrievalPlan) -> str:
    """What makes a hit of its own: the item, or where the plan collapses its group."""
    return group_of(hit) if plan.collapse else str(hit["_id"])


def _keys_of_pins(
    client: OpenSearch,
    index: str,
    plan: RetrievalPlan,
    near: LegHits,
    pinned: Sequence[Mapping[str, Any]],
) -> set[str]:
    """The keys of pinned items that are no hits without the rule, nor any other of their group."""
    matching = ids_matching(pinned)
    keys = {_key(hit, plan) for hit in pinned}
    keys -= {_key(hit, plan) for hit in pinned if hit["_id"] in matching}
    keys -= {_key(hit, plan) for leg_hits in near.values() for hit in leg_hits} if keys else set()
    if plan.collapse and keys and len(near.get(WORDS, ())) >= plan.k:
        keys -= matching_variants(client, index, plan, keys).keys()
    return keys


def _total(words: Mapping[str, Any], plan: RetrievalPlan) -> tuple[int, Relation] | None:
    """The matches of the words leg, from its response; None without a response."""
    if "hits" not in words:
        return None
    if plan.collapse:
        return counted_groups(words, plan.k)
    total = words["hits"]["total"]
    return total["value"], total["relation"]


def _keys_by_meaning(
    client: OpenSearch, index: str, plan: RetrievalPlan, hits: LegHits, candidates: Candidates
) -> set[str]:
    """The candidates without a word of the query: ids, or groups of which no item has one.

    Where the words leg has more groups than it returned, the engine is asked for these.
    """
    if not plan.query_text:
        return set()
    keys = candidates.keys(plan.collapse)
    pairs = list(zip(keys, candidates.has_words.tolist(), strict=True))
    with_words = {key for key, has_words in pairs if has_words}
    others = set(keys) - with_words
    if plan.collapse:
        words = hits.get(WORDS, ())
        others -= {group_of(hit) for hit in words}
        if len(words) >= plan.k:
            others -= matching_variants(client, index, plan, others).keys()
    return others


def _ids_with_words(snapshot: Snapshot, plan: RetrievalPlan, hits: LegHits, total: int) -> set[str]:
    """Ids of the hits that match the query's words, misspelt ones of the meaning leg too.

    The meaning leg names only words as they are written: the other ones double its time. They are
    asked for where the words leg has more matches (`total`) than it returned, and not all of those
    as written.
    """
    with_words, words = ids_with_words(hits), hits.get(WORDS, ())
    unmarked = {hit["_id"] for hit in hits.get(MEANING, ())} - with_words
    if not plan.query_text or total <= len(words) or not unmarked:
        return with_words
    if all(HAS_WORDS in hit.get("matched_queries", ()) for hit in words):
        return with_words
    query = {"bool": {"filter": [{"ids": {"values": sorted(unmarked)}}, matching(plan)]}}
    body = {"query": query, "size": len(unmarked), "_source": False}
    misspelt = snapshot.search(body, plan.search_params)["hits"]["hits"]
    return with_words | {hit["_id"] for hit in misspelt}


def _close_enough(hits: LegHits, plan: RetrievalPlan, with_words: Collection[str]) -> LegHits:
    """The hits without those of the meaning leg that have no word of the query and are not close.

    k-NN returns k items for any query, also for one that means nothing here.
    """
    inner_product = {leg.name: leg.score for leg in plan.legs}.get(MEANING)
    if inner_product is None or not plan.query_text:
        return hits
    cut = plan.meaning_cut if with_words else plan.meaning_cut_alone
    near = [
        hit
        for hit in hits.get(MEANING, ())
        if hit["_id"] in with_words or inner_product(hit["_score"]) >= cut
    ]
    return {name: near if name == MEANING else leg_hits for name, leg_hits in hits.items()}
