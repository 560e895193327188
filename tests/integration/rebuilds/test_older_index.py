"""An index that an earlier version made is searched as before, and names what it lacks."""

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch, helpers

from indexer.encoder.encoder import Encoder
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import to_document, to_stored_item
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.serving import Api, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
OPTIONS = {"item_writes": True, "rule_writes": True, "swap_poll_s": 0.2}
FIELDS = ("group_id", "group_key", "prices", "identifiers")  # that came later
VISIT = {"session_id": "older", "size": 100, "deadline_ms": 20_000}
ASKED = VISIT | {"query": "lamp"}


@pytest.fixture(scope="module")
def api(
    shop: ClusterSettings, client: OpenSearch, names: IndexNames, encoder: Encoder
) -> Iterator[Api]:
    """An index without the fields of groups, price lists, sorted names, marked descriptions."""
    [index] = client.indices.get_alias(name=names.items)
    body = client.indices.get(index=index)[index]
    properties = body["mappings"]["properties"]
    del properties["title"]["fields"]["sorted"]
    del properties["description_text"]["store"]
    del properties["item_id"]["copy_to"]
    for name in FIELDS:
        del properties[name]
    body["mappings"]["dynamic_templates"] = []
    meta = body["mappings"]["_meta"]["live_intent"]
    del meta["facet_attributes"]
    meta["bundle"] = index
    settings = {"index": {"knn": True, "analysis": body["settings"]["index"]["analysis"]}}
    prefix = f"{names.prefix}older-"
    older = f"{prefix}items-20260101t000000z"
    client.indices.create(index=older, body={"mappings": body["mappings"], "settings": settings})
    attributes = AttributeSchema.of_mapping(body["mappings"])
    rows = [hit["_source"] for hit in helpers.scan(client, index=index)]
    helpers.bulk(
        client,
        (
            {"_index": older, "_id": row["item_id"]}
            | to_document(to_stored_item(row), None, attributes)
            for row in rows
        ),
        refresh=True,
    )
    client.indices.put_alias(index=older, name=f"{prefix}items")
    cluster = shop.model_copy(update={"index_prefix": prefix})
    with serving_index(cluster, encoder, **OPTIONS) as api:
        yield api


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"collapse": True}, "collapse"),
        ({"filters": {"group_id": "g"}}, "filters.group_id"),
        ({"filters": {"group_id": {"exists": False}}}, "filters.group_id"),
        ({"price_list": "EUR"}, "price_list"),
        ({"language": "de"}, "language"),
        ({"sort": "name"}, "sort.by"),
        ({"facets": ["brand"]}, "facets.0"),
        ({"query": "lamp", "highlight": True}, "highlight.fields"),
    ],
)
def test_a_field_that_it_can_not_answer_is_named_with_the_rebuild(
    api: Api, fields: dict[str, Any], field: str
) -> None:
    for path, asked in (("/v1/search", ASKED | fields), ("/v1/recommend", VISIT | fields)):
        if "query" in fields and path == "/v1/recommend":  # which marks nothing
            continue
        response = api("POST", path, asked)
        assert response.status == 422, response
        [error] = response.body["errors"]
        assert error["field"].startswith(field)
        assert "live-intent index rebuild" in error["message"]


def test_other_routes_refuse_them_too(api: Api) -> None:
    for path, fields in (
        ("/v1/suggest", {"prefix": "la", "filters": {"group_id": "g"}}),
        ("/v1/rank", {"item_ids": ["i2"], "price_list": "EUR"}),
    ):
        response = api("POST", path, {"session_id": "older", **fields})
        assert response.status == 422, response
        assert "live-intent index rebuild" in response.body["errors"][0]["message"]
    rule = {"id": "g", "when": {"scenario": "shop"}, "then": {"filters": {"group_id": "g"}}}
    refused = api("PUT", "/v1/rules", {"rules": [rule]})
    assert refused.status == 422
    assert "live-intent index rebuild" in refused.body["errors"][0]["message"]


def test_everything_else_is_answered_as_before(api: Api) -> None:
    answer = api("POST", "/v1/search", ASKED | {"collapse": False, "sort": "price"}).body
    lamps = [f"i{n}" for n in range(2, 60, 5)]
    assert [hit["item_id"] for hit in answer["hits"] if not hit["by_meaning"]] == lamps
    assert not answer["collapsed"]
    only_titles = ASKED | {"highlight": {"fields": ["title"]}, "filters": {"brand": "acme"}}
    hits = api("POST", "/v1/search", only_titles).body["hits"]
    assert {hit["source"]["brand"] for hit in hits} == {"Acme"}
    assert api("POST", "/v1/recommend", {"session_id": "older"}).body["hits"]
    instantsearch = api("POST", "/1/indexes/items/query", {"query": "lamp", "distinct": True})
    assert instantsearch.body["nbHits"] == answer["total"]["value"]


def test_items_are_written_without_what_it_has_no_fields_for(api: Api) -> None:
    item = {"title": "floor lamp", "group_id": "g", "prices": {"EUR": 5}, "price": 7}
    assert api("PUT", "/v1/items/new", item).status == 201
    assert api("PATCH", "/v1/items/new", {"group_id": "h", "price": 8}).status == 200

    def found() -> bool:
        hits = api("POST", "/v1/search", ASKED).body["hits"]
        return any(hit["item_id"] == "new" and hit["source"]["price"] == 8 for hit in hits)

    wait_until(found, 10)
