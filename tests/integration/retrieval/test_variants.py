"""Variants of one product: one hit for each group, the best variant for the visitor, counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, ServeItems, item_ids, serving

pytestmark = pytest.mark.node
COLOURS = ("red", "blue", "green", "black")
LAMPS = 60  # groups, of 1 to 6 variants
HOSES = 20  # no variants
MATERIALS = ("oak", "steel", "glass", "paper", "stone")


def lamps() -> list[dict[str, Any]]:
    """Lamps of LAMPS groups: group n has 1 + n % 6 variants, and shades, which are no lamps."""
    rows = []
    for group in range(LAMPS):
        for variant in range(1 + group % 6):
            colour = COLOURS[variant % len(COLOURS)]
            rows.append({
                "item_id": f"lamp-{group:02}-{variant}", "group_id": f"lamp-{group:02}",
                "title": f"{colour} {MATERIALS[group % 5]} desk lamp",
                "price": 10 + (group * 7) % 23 + variant, "popularity": (group + variant) % 5,
                "brand": "Acme" if group % 3 else "Bolt",
            })  # fmt: skip
        if group % 4 == 0:
            shade = {"item_id": f"shade-{group:02}", "group_id": f"lamp-{group:02}"}
            rows.append(shade | {"title": "spare cotton shade", "price": 5})
    return rows


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of lamps in many variants and hoses without any; few candidates of each leg."""
    hoses = [{"item_id": f"hose-{n:02}", "title": f"garden hose {n}"} for n in range(HOSES)]
    with serve_items([*lamps(), *hoses], candidates_per_leg=20) as api:
        yield api


def group_of(hit: Any) -> str:
    return str(hit["source"].get("group_id", hit["item_id"]))


def pages(
    api: Api,
    path: str,
    size: int,
    *,
    by_cursor: bool = False,
    relation: str = "eq",
    **fields: object,
) -> list[dict[str, Any]]:
    """The hits of all pages, by `from` or by cursor, until one is empty or the last."""
    hits: list[dict[str, Any]] = []
    page: dict[str, object] = {}
    while True:
        body = {"deadline_ms": 20_000, "size": size, **fields, **page}
        response = api("POST", path, body)
        assert response.status == 200, response
        assert response.body["degraded"] == []
        assert response.body["collapsed"]
        hits += response.body["hits"]
        ended = not response.body["hits"] or not response.body["next_cursor"]
        if ended:
            total = response.body["total"]
            assert total["relation"] == relation
            assert total["value"] == len(hits) or (relation == "gte" and total["value"] < len(hits))
            return hits
        page = {"cursor": response.body["next_cursor"]} if by_cursor else {"from": len(hits)}


@pytest.mark.parametrize("visited", [False, True], ids=["nobody", "visitor"])
@pytest.mark.parametrize("order", [None, "price", "name"])
def test_all_pages_have_each_group_once_whatever_their_size(
    api: Api, visited: bool, order: str | None
) -> None:
    session_id = f"pages-{visited}-{order}"
    if visited:
        for item_id in ("lamp-05-2", "lamp-17-1", "lamp-03-0"):
            assert api.event("click", item_id, session_id).status == 200
    fields = {"query": "desk lamp", "session_id": session_id} | ({"sort": order} if order else {})
    found = [
        pages(api, "/v1/search", 7, **fields),
        pages(api, "/v1/search", 40, **fields),
        pages(api, "/v1/search", 13, by_cursor=True, **fields),
    ]
    orders = [[hit["item_id"] for hit in hits] for hits in found]
    assert orders[0] == orders[1] == orders[2]
    groups = [group_of(hit) for hit in found[0]]
    assert len(set(groups)) == len(groups)
    with_words = [group_of(hit) for hit in found[0] if not hit["by_meaning"]]
    assert set(with_words) >= {f"lamp-{n:02}" for n in range(LAMPS)}
    if order is None:
        scores = [hit["score"] for hit in found[0]]
        assert scores == sorted(scores, reverse=True)
        assert any(not hit["reranked"] for hit in found[0])


@pytest.mark.parametrize("filters", [None, {"price": {"gte": 0}}], ids=["all", "with a price"])
def test_all_pages_of_a_recommendation_have_each_group_once(
    api: Api, filters: dict[str, Any] | None
) -> None:
    assert api.event("click", "lamp-05-2", "recommended").status == 200
    fields = {"session_id": "recommended", "filters": filters}
    hits = pages(api, "/v1/recommend", 33, relation="eq" if filters else "gte", **fields)
    groups = [group_of(hit) for hit in hits]
    assert len(set(groups)) == len(groups) == LAMPS + (0 if filters else HOSES)
    assert "lamp-05-2" not in [hit["item_id"] for hit in hits]


def test_diverse_hits_are_products_too_each_once(api: Api) -> None:
    hits = pages(api, "/v1/search", 20, query="desk lamp", session_id="diverse", diversity=0.5)
    groups = [group_of(hit) for hit in hits]
    assert len(set(groups)) == len(groups)
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


def test_a_hit_counts_the_other_variants_and_says_how_to_fetch_them(api: Api) -> None:
    for hit in pages(api, "/v1/search", 25, query="desk lamp", session_id="others"):
        group = group_of(hit)
        if group == hit["item_id"]:
            assert hit["variants"] is None
            continue
        number = int(group.removeprefix("lamp-"))
        assert hit["variants"] == {"group_id": group, "others": number % 6}
    answer = api.search("desk lamp", "others", size=50, filters={"group_id": "lamp-05"})
    assert not answer["collapsed"]
    lamps_of_group = {f"lamp-05-{n}" for n in range(6)}
    assert {h["item_id"] for h in answer["hits"] if not h["by_meaning"]} == lamps_of_group
    assert {group_of(hit) for hit in answer["hits"]} == {"lamp-05"}


def test_an_instantsearch_query_collapses_unless_distinct_says_otherwise(api: Api) -> None:
    asked = {"query": "desk lamp", "hitsPerPage": 100}
    path = "/1/indexes/items/query"
    by_default, collapsed, every = (
        api("POST", path, asked | more).body for more in ({}, {"distinct": 1}, {"distinct": False})
    )
    assert by_default["nbHits"] == collapsed["nbHits"] < every["nbHits"]
    variants = {hit["objectID"]: hit.get("_variants") for hit in collapsed["hits"]}
    assert any(shown and shown["others"] for shown in variants.values())
    assert all(hit.get("_variants") is None for hit in every["hits"])


def test_the_variant_that_the_visitor_wants_stands_for_the_product(api: Api) -> None:
    for item_id in ("lamp-11-1", "lamp-23-1", "lamp-29-1"):  # blue ones
        assert api.event("add_to_cart", item_id, "blue").status == 200
    by_visitor: dict[str, int] = {}
    for session_id in ("blue", "nobody"):
        hits = api.search("desk lamp", session_id, size=LAMPS)["hits"]
        blue = [hit for hit in hits if hit["source"]["title"].startswith("blue")]
        by_visitor[session_id] = len(blue)
    assert by_visitor["blue"] > by_visitor["nobody"]
    cheapest = api.search("desk lamp", "blue", size=100, sort="price")["hits"]
    assert {hit["item_id"][-1] for hit in cheapest if hit["variants"]} == {"0"}


def test_a_filter_chooses_among_the_variants_and_limits_their_count(api: Api) -> None:
    answer = api.search("lamp", "filtered", size=50, filters={"price": {"gte": 30}})
    expected: dict[str, int] = {}
    for row in lamps():
        if row["price"] >= 30:
            expected[row["group_id"]] = expected.get(row["group_id"], 0) + 1
    assert {group_of(h): h["variants"]["others"] + 1 for h in answer["hits"]} == expected
    assert answer["total"]["value"] == len(expected)


@pytest.mark.parametrize("filters", [None, {"brand": "Bolt"}], ids=["all", "refined"])
def test_facets_count_products(api: Api, filters: dict[str, Any] | None) -> None:
    facets = ["brand", {"name": "price", "interval": 10}]
    answer = api.search("desk lamp", "facets", size=100, facets=facets, filters=filters)
    brands: dict[str, set[str]] = {"Acme": set(), "Bolt": set()}
    tens: dict[int, set[str]] = {}
    for row in lamps():
        if "brand" in row:
            brands[row["brand"]].add(row["group_id"])
            if filters is None or row["brand"] == "Bolt":
                tens.setdefault(row["price"] // 10 * 10, set()).add(row["group_id"])
    counted = {each["value"]: each["count"] for each in answer["facets"]["brand"]["values"]}
    assert counted == {name: len(groups) for name, groups in brands.items()}
    buckets = answer["facets"]["price"]["histogram"]
    by_ten = {bucket["gte"]: bucket["count"] for bucket in buckets}
    assert {ten: by_ten[ten] for ten in tens} == {ten: len(each) for ten, each in tens.items()}
    each = api.search("desk lamp", "facets", facets=facets, filters=filters, collapse=False)
    items = {value["value"]: value["count"] for value in each["facets"]["brand"]["values"]}
    assert sum(items.values()) > sum(counted.values())


def test_without_collapse_every_variant_is_a_hit(api: Api) -> None:
    variants = [row["item_id"] for row in lamps() if row["item_id"].startswith("lamp")]
    answer = api.search("desk lamp", "each", collapse=False)
    assert not answer["collapsed"]
    assert answer["total"]["value"] - answer["total"]["by_meaning"] == len(variants)
    assert all(hit["variants"] is None for hit in answer["hits"])


def test_a_group_with_a_word_of_the_query_is_not_counted_by_meaning_again(api: Api) -> None:
    answer = api.search("spare cotton shade lamp", "shade", size=100)
    assert answer["total"] == {
        "value": len(answer["hits"]), "relation": "eq",
        "by_meaning": sum(group_of(h).startswith("hose") for h in answer["hits"]),
    }  # fmt: skip


def test_the_filter_on_groups_takes_lists_exclusions_and_presence(api: Api) -> None:
    def groups(condition: object) -> set[str]:
        filters = {"group_id": condition}
        answer = api.search("lamp hose", "f", size=100, filters=filters, collapse=True)
        return {group_of(hit) for hit in answer["hits"]}

    everything = {f"lamp-{n:02}" for n in range(LAMPS)} | {f"hose-{n:02}" for n in range(HOSES)}
    assert groups(["lamp-01", "lamp-07", "LAMP-08"]) == {"lamp-01", "lamp-07"}
    assert groups({"not": "lamp-01"}) == everything - {"lamp-01"}
    assert groups({"exists": False}) == {f"hose-{n:02}" for n in range(HOSES)}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"collapse": "brand"}, "collapse"),
        ({"collapse": 1}, "collapse"),
        ({"filters": {"group_id": ""}}, "filters.group_id"),
        ({"filters": {"group_id": {"gte": 1}}}, "filters.group_id"),
    ],
)
def test_a_wrong_field_is_named(api: Api, fields: dict[str, Any], field: str) -> None:
    response = api("POST", "/v1/search", {"query": "lamp", "session_id": "s", **fields})
    assert response.status == 422
    assert response.body["errors"][0]["field"].startswith(field)


def test_a_shop_without_variants_is_not_collapsed_until_an_item_names_a_group(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    rows = [{"item_id": str(n), "title": f"desk lamp {n}"} for n in range(6)]
    context = index_context(client, fresh_names, fresh_settings.bundles_dir)
    rebuild_index(context, encoder, write_json_lines(tmp_path / "items.jsonl", rows))
    settings = load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=0.1, item_writes=True)
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, fresh_settings, batching)) as api:
        answer = api.search("desk lamp", "s", collapse=True)
        assert not answer["collapsed"]
        assert len(item_ids(answer)) == 6
        for n in ("1", "2"):
            assert api("PATCH", f"/v1/items/{n}", {"group_id": 7}).status == 200
        client.indices.refresh(index=fresh_names.items)
        deadline = 100
        while not api.search("desk lamp", "s")["collapsed"] and deadline:
            deadline -= 1
        answer = api.search("desk lamp", "s")
        assert answer["total"]["value"] == len(answer["hits"]) == 5
        others = {h["variants"]["others"] for h in answer["hits"] if h["variants"]}
        assert others == {1}
    batching.close()


def test_suggestions_have_one_variant_of_a_product(api: Api) -> None:
    body = {"prefix": "oak desk", "session_id": "s", "size": 20, "deadline_ms": 20_000}
    hits = api("POST", "/v1/suggest", body).body["suggestions"]
    items = [hit["item_id"] for hit in hits if hit["type"] == "item"]
    groups = [item_id[:7] for item_id in items]
    assert len(items) > 2
    assert len(set(groups)) == len(groups)
