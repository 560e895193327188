"""What `ubi_queries` keeps of an answer: fields to count by, and why each item was shown."""

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.provisioning.provisioning import apply, ensure_indexes
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.rule_shop import rule_api
from tests.integration.serving import Api, item_ids, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
OURS = "query_attributes.live_intent."
RULE = {
    "id": "red-first",
    "name": "Red first",
    "when": {"query": {"is": "desk lamp"}},
    "then": {"pin": [{"item_id": "lamp-09", "position": 2}],
             "boost": [{"filters": {"brand": ["Bolt"]}, "by": 0.3}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def api(rule_shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = {"rule_writes": True, "explained_hits": 5, "keep_recommendations": True}
    with rule_api(rule_shop, encoder, **settings) as api:
        assert api("PUT", "/v1/rules", {"rules": [RULE]}).status == 200
        yield api


def row_of(api: Api, session_id: str, query_id: str) -> dict[str, Any]:
    rows = api("GET", f"/v1/sessions/{session_id}").body["ubi_queries"]["rows"]
    [row] = [row for row in rows if row["query_id"] == query_id]
    return row


def test_a_row_says_what_answered_and_why_each_item_was_shown(api: Api, names: IndexNames) -> None:
    first = api.search("garden hose", "visitor")
    api.event("click", "hose-03", "visitor")
    answer = api.search("desk lamp", "visitor", explain=True, diversity=0.4)
    row = row_of(api, "visitor", answer["query_id"])
    kept = row["query_attributes"]["live_intent"]
    assert kept["kind"] == "search"
    assert kept["index"] == answer["index"]
    assert kept["reranker"] == "fixed"
    assert kept["weights"] == {"alpha": 0.7, "beta": 0.8, "demand": 0.5, "diversity": 0.4}
    assert kept["rules"] == ["red-first"]
    assert kept["stages"] == answer["stages_run"]
    assert (kept["events"], kept["queries"], kept["deadline_ms"]) == (1, 1, 20_000)
    assert row["answer"]["personalized"]
    assert len(kept["request_id"]) == 32
    assert "bundle" not in kept  # the fixed formulas answered
    why = kept["explanation"]
    assert [hit["item_id"] for hit in why["hits"]] == item_ids(answer)
    assert [hit["position"] for hit in why["hits"]] == list(range(1, 11))
    assert why["hits"][1]["pinned_by"] == "red-first"
    for hit, shown in zip(why["hits"], answer["hits"], strict=True):
        assert hit["title"] == shown["source"]["title"]
        assert hit["score"] == pytest.approx(shown["score"], rel=1e-4)
    for hit, shown in zip(why["hits"][:5], answer["hits"], strict=False):
        shares = sum(share["value"] for share in hit["shares"])
        assert shares == pytest.approx(shown["score"], abs=1e-3)
        assert hit["legs"].keys() <= {"words", "meaning", "person"}
    kinds = {share["kind"]: share for hit in why["hits"] for share in hit.get("shares", ())}
    assert kinds["rule"]["rule"] == "red-first"
    assert kinds["search_history"]["query_id"] == first["query_id"]
    assert kinds["event"] == {**kinds["event"], "action": "click", "item_id": "hose-03"}
    assert "garden" not in str(kept)  # no text of another query: that one may be taken back


def test_an_explanation_that_is_kept_is_not_sent_unless_asked_for(api: Api) -> None:
    answer = api.search("desk lamp", "unasked")
    assert all("explanation" not in hit for hit in answer["hits"])
    kept = row_of(api, "unasked", answer["query_id"])["query_attributes"]["live_intent"]
    explained = ["shares" in hit for hit in kept["explanation"]["hits"]]
    assert explained == [True] * 5 + [False] * 5  # the setting explained_hits


def test_what_another_session_of_the_user_did_is_a_sum_in_the_row(api: Api) -> None:
    """Erasing that session alone leaves nothing of it here."""
    api.event("purchase", "lamp-20", "at-home", user_id="u-records")
    answer = api.search("lamp", "at-work", user_id="u-records")
    kept = str(row_of(api, "at-work", answer["query_id"])["query_attributes"])
    assert "user_history" in kept
    assert "'purchase'" not in kept


def test_a_second_page_and_an_answer_without_hits(api: Api) -> None:
    page = api.search("desk lamp", "paged", **{"from": 10})
    kept = row_of(api, "paged", page["query_id"])["query_attributes"]["live_intent"]
    assert kept["explanation"]["hits"][0]["position"] == 11
    nothing = api.search("desk lamp", "paged", filters={"brand": ["Nobody"]})
    kept = row_of(api, "paged", nothing["query_id"])["query_attributes"]["live_intent"]
    assert "hits" not in kept["explanation"]
    shown_instead = kept["explanation"]["instead"]
    assert [hit["item_id"] for hit in shown_instead] == [
        hit["item_id"] for hit in nothing["instead"]["hits"]
    ]
    assert kept["explanation"]["filters"] == {"brand": {"any": ["Nobody"]}}


def test_rows_can_be_counted_by_each_field(api: Api, client: OpenSearch, names: IndexNames) -> None:
    api.search("desk lamp", "counted")

    def counted() -> Any:
        client.indices.refresh(index=names.ubi_queries)
        keywords = ("kind", "index", "reranker", "rules", "stages", "scenario")
        numbers = ("deadline_ms", "weights.alpha")
        body = {
            "size": 0,
            "query": {"term": {"session_id": "counted"}},
            "aggs": {name: {"terms": {"field": OURS + name}} for name in keywords}
            | {name: {"max": {"field": OURS + name}} for name in numbers},
        }
        return client.search(index=names.ubi_queries, body=body)["aggregations"]

    wait_until(lambda: counted()["kind"]["buckets"], 20)
    found = counted()
    assert [bucket["key"] for bucket in found["kind"]["buckets"]] == ["search"]
    assert found["deadline_ms"]["value"] == 20_000
    assert found["weights.alpha"]["value"] == pytest.approx(0.7)
    mapping = client.indices.get_mapping(index=names.ubi_queries)[names.ubi_queries]
    assert "explanation.hits" not in str(mapping)


def test_a_list_without_a_query_is_kept_where_the_setting_says_so(api: Api) -> None:
    api.event("click", "hose-03", "browsing")
    request = {"session_id": "browsing", "deadline_ms": 20_000, "size": 4}
    answer = api("POST", "/v1/recommend", request).body
    assert "explanation" not in answer["hits"][0]
    explained = api("GET", f"/v1/queries/{answer['query_id']}/explanation").body
    assert (explained["asked"]["kind"], explained["query_text"]) == ("recommend", None)
    assert [hit["item_id"] for hit in explained["hits"]] == item_ids(answer)
    assert any(share["kind"] == "event" for share in explained["hits"][0]["shares"])
    kept = api("GET", "/v1/sessions/browsing").body
    assert kept["ubi_queries"]["count"] == 1
    assert kept["session"]["queries"] == []  # it is no query of the visitor's
    refused = api("POST", "/v1/recommend", {**request, "store": False}).body
    assert api("GET", f"/v1/queries/{refused['query_id']}/explanation").status == 404


def test_items_shown_instead_are_explained_to_nobody_who_did_not_ask(api: Api) -> None:
    nothing = api.search("desk lamp", "curious", filters={"brand": ["Nobody"]})
    assert nothing["instead"]["hits"]
    assert all("explanation" not in hit for hit in nothing["instead"]["hits"])


def test_what_was_left_out_is_kept_with_its_cause(api: Api) -> None:
    answer = api.search("desk lamp", "hasty", deadline_ms=1)
    causes = {part["stage"]: part["cause"] for part in answer["degraded"]}
    assert causes
    kept = row_of(api, "hasty", answer["query_id"])["query_attributes"]["live_intent"]
    assert kept["degraded_causes"] == [f"{stage}: {cause}" for stage, cause in causes.items()]


def test_an_index_of_an_earlier_version_keeps_rows_too(
    client: OpenSearch, fresh_names: IndexNames, cluster_settings: ClusterSettings,
    encoder: Encoder, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Its query_attributes are a flat object, which OpenSearch can't change in place."""
    ensure_indexes(client, fresh_names)
    index = fresh_names.ubi_queries
    mapping = client.indices.get_mapping(index=index)[index]["mappings"]
    mapping["properties"]["query_attributes"] = {"type": "flat_object"}
    client.indices.delete(index=index)
    client.indices.delete_index_template(name=fresh_names.template("ubi_queries"))
    client.indices.create(index=index, body={"mappings": mapping})
    hits = [{"item_id": f"i{n}", "shares": [{"kind": "query", "value": 0.5}]} for n in range(20)]
    kept = {"deadline_ms": 3, "weights": {"alpha": 0.7}, "explanation": {"hits": hits}}
    row = {"query_id": "q", "query_attributes": {"live_intent": kept}}
    client.index(index=index, body=row, refresh=True)
    found = client.search(index=index, body={"query": {"term": {OURS + "deadline_ms": "3"}}})
    assert found["hits"]["hits"][0]["_source"] == row
    due = [change for change in apply(client, fresh_names) if change.kind == "rebuild due"]
    assert [change.name for change in due] == [index]
    assert "query_attributes.type: flat_object -> object" in due[0].details
    # A service says so, too, when it starts.
    cluster = cluster_settings.model_copy(update={"index_prefix": fresh_names.prefix})
    with serving_index(cluster, encoder):
        [said] = [line for line in caplog.messages if "of an earlier version" in line]
    assert f"the index {index} is of an earlier version: " in said
    assert "query_attributes.type: flat_object -> object" in said
    assert "reindex it into a new index" in said


def test_a_sorted_search_is_kept_with_its_order(api: Api) -> None:
    answer = api.search("lamp", "sorting", sort={"by": "price", "order": "desc"})
    kept = row_of(api, "sorting", answer["query_id"])["query_attributes"]["live_intent"]
    assert kept["reranker"] == "sorted"
    assert kept["explanation"]["sort"] == {"by": "price", "order": "desc"}
