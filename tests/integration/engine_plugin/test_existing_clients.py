"""Clients that know nothing of the plugin: the default pipeline and a session id are enough."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from tests.integration.engine_plugin.served_shop import ServedShop, served_shop

pytestmark = pytest.mark.node
BUYER = {"ext": {"live_intent": {"session_id": "buyer"}}}
AGGREGATIONS = {
    "brands": {"terms": {"field": "brand"}},
    "prices": {"histogram": {"field": "price", "interval": 20}},
}


@pytest.fixture(scope="module")
def shop(
    client: OpenSearch, cluster_settings: ClusterSettings, encoder: Encoder, shop_catalogue: Path
) -> Iterator[ServedShop]:
    with served_shop(client, cluster_settings, encoder, shop_catalogue) as shop:
        for item in ("i52", "i57", "i47"):
            shop.api.event("purchase", item, "buyer")
        yield shop


def discover(text: str) -> dict[str, Any]:
    """What OpenSearch Dashboards sends: Discover's fields, and a visualisation's buckets."""
    return {
        "size": 500,
        "version": True,
        "sort": [{"_score": {"order": "desc"}}],
        "aggs": {"2": {"terms": {"field": "brand", "order": {"_count": "desc"}, "size": 5}}},
        "stored_fields": ["*"],
        "script_fields": {"double": {"script": {"source": "doc['price'].value * 2"}}},
        "docvalue_fields": [{"field": "price"}],
        "_source": {"excludes": []},
        "query": {"bool": {
            "must": [{"query_string": {"query": text, "analyze_wildcard": True}}],
            "filter": [{"match_all": {}}, {"range": {"price": {"gte": 0, "lte": 1000}}}],
            "should": [],
            "must_not": [],
        }},
        "highlight": {
            "pre_tags": ["@dashboards-highlighted-field@"],
            "post_tags": ["@/dashboards-highlighted-field@"],
            "fields": {"*": {}},
            "fragment_size": 2147483647,
        },
        "timeout": "30000ms",
    }  # fmt: skip


def shown(hits: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is shown of each hit beside its score and rank."""
    moved = ("_score", "sort")
    return {hit["_id"]: {n: v for n, v in hit.items() if n not in moved} for hit in hits}


def assert_same_but_in_order(plain: Any, personal: Any) -> None:
    """The same hits, counts and highlights, in another order, which the answer says."""
    assert personal["ext"]["live_intent"]["personalised"], personal["ext"]
    assert "ext" not in plain
    assert personal["hits"]["total"] == plain["hits"]["total"]
    assert personal.get("aggregations") == plain.get("aggregations")
    ours, theirs = personal["hits"]["hits"], plain["hits"]["hits"]
    assert shown(ours) == shown(theirs)
    assert [hit["_id"] for hit in ours] != [hit["_id"] for hit in theirs]
    for hit in ours[:3]:  # of the kind that the visitor bought
        assert "desk lamp" in hit["_source"]["title"]


def test_a_search_with_facets(shop: ServedShop) -> None:
    body = {
        "query": {"match": {"title": "model"}},
        "aggs": AGGREGATIONS,
        "size": 60,
        "highlight": {"fields": {"title": {}}},
    }
    assert_same_but_in_order(shop.search(**body), shop.search(**body, **BUYER))


def test_a_search_template(shop: ServedShop) -> None:
    source = {
        "query": {"match": {"title": "{{text}}"}},
        "size": "{{size}}",
        "ext": {"live_intent": {"session_id": "{{session}}"}},
    }
    name = f"{shop.names.prefix}template"
    shop.client.put_script(id=name, body={"script": {"lang": "mustache", "source": source}})
    try:
        body = {"id": name, "params": {"text": "model", "size": 60, "session": "buyer"}}
        personal = shop.client.search_template(index=shop.names.items, body=body)
    finally:
        shop.client.delete_script(id=name)
    plain = shop.search(query={"match": {"title": "model"}}, size=60)
    assert_same_but_in_order(plain, personal)


def test_what_dashboards_sends(shop: ServedShop) -> None:
    body = discover("model")
    assert_same_but_in_order(shop.search(**body), shop.search(**body, **BUYER))


def test_pages_are_of_one_order(shop: ServedShop) -> None:
    body = {"query": {"match": {"title": "model"}}, **BUYER}
    whole = [hit["_id"] for hit in shop.search(**body, size=20)["hits"]["hits"]]
    pages = [
        hit["_id"]
        for start in (0, 7, 14)
        for hit in shop.search(**body, size=min(7, 20 - start), **{"from": start})["hits"]["hits"]
    ]
    assert pages == whole


def test_a_click_counts_in_the_next_search(shop: ServedShop) -> None:
    body = {"query": {"match": {"title": "model"}}, "size": 60}
    session_id = f"new-{time.time_ns()}"
    before = shop.search(session_id, **body)
    assert before["ext"]["live_intent"]["personalised"] is False
    shop.api.event("purchase", "i12", session_id)
    after = shop.search(session_id, **body)
    assert after["ext"]["live_intent"]["personalised"] is True
    ids = [[hit["_id"] for hit in answer["hits"]["hits"]] for answer in (before, after)]
    assert ids[1].index("i12") < ids[0].index("i12")
