"""Facets of real answers: their counts are those of all pages' hits; each option does its part."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.items import Item
from indexer.encoder.encoder import Encoder
from indexer.index.attribute_schema import FACETS
from indexer.index.context import IndexContext
from indexer.index.generations import live_generation
from indexer.index.live.updates import upsert
from indexer.index.swap import set_meta
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import invoke, run
from tests.integration.json_lines import write_json_lines
from tests.integration.serving import Api, ServeItems, item_ids, serving

pytestmark = pytest.mark.node

KINDS = ("desk lamp", "floor lamp", "garden hose", "garden chair", "bicycle pump")
COLOURS = ("Red", "RED", "blue", "Grün", "black")
TEXTS = ("brand", "language", "currency", "attributes.colour", "attributes.screen.size class")
ALL = (*TEXTS, "category", "price", "available", "attributes.watts", "attributes.made",
       "attributes.dimmable")  # fmt: skip

WIDE = [{"name": name, "size": 200} for name in ALL]
FILTERS: list[dict[str, Any]] = [
    {},
    {"brand": "canon"},
    {"category": "home", "attributes": {"colour": ["red", "BLUE"]}},
    {"price": {"gte": 50, "lt": 250}, "available": True},
    {"attributes": {"watts": {"gte": 10}, "made": {"lt": "2023-01-01"}, "dimmable": True}},
    {"language": {"not": "en"}, "currency": "EUR"},
]


def row(n: int) -> dict[str, Any]:
    kind = KINDS[n % 5] if n < 240 else "lampshades desktops"  # of a desk lamp by meaning alone
    attributes: dict[str, Any] = {"colour": COLOURS[n % 5], "serial": f"no {n}", "note": "x" * 120}
    if n % 3 == 0:
        attributes["colour"] = [COLOURS[n % 5], COLOURS[(n + 2) % 5]]
    if n % 2:
        attributes |= {"watts": n % 40, "dimmable": n % 4 == 1, "screen.size class": "S.M/L"[n % 5]}
    if n % 4:
        attributes["made"] = f"{2019 + n % 6}-0{1 + n % 9}-15"
    brands = ("Canon", "CANON", "Canon", "Ｃａｎｏｎ", f"Maker {n % 90}")
    return {
        "item_id": f"i{n:03}", "title": f"{kind} {'steel' if n % 7 == 0 else 'plain'} no {n}",
        "brand": brands[n % 11 % 5] if n % 13 else "",
        "category": ["Home > Light", "Home", "Garden"][n % 3] + f" > {kind.title()}",
        "price": 3 + n * 37 % 400 + 0.99, "currency": "EUR" if n % 8 else "eur",
        "language": "de" if n % 2 else "EN", "available": n % 6 != 0, "attributes": attributes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(serve_items: ServeItems) -> Iterator[Api]:
    """A shop of 260 items; few candidates of each leg, so that most pages lie below them."""
    rows = [row(n) for n in range(260)]
    with serve_items(rows, candidates_per_leg=100) as api:
        yield api


def ask(api: Api, query: str, **fields: Any) -> Any:
    """A search or, without a query, a recommendation."""
    body = {"session_id": "f", "deadline_ms": 20_000, "personalize": False, **fields}
    path = "/v1/search" if query else "/v1/recommend"
    response = api("POST", path, body | ({"query": query} if query else {}))
    assert response.status == 200, response
    assert response.body["degraded"] == []
    return response.body


def all_sources(api: Api, query: str, **fields: Any) -> list[dict[str, Any]]:
    """The sources of the hits of all pages."""
    hits: list[Any] = []
    while page := ask(api, query, size=100, **{"from": len(hits)}, **fields)["hits"]:
        hits += page
    return [hit["source"] for hit in hits]


def values(source: dict[str, Any], name: str) -> list[Any]:
    """The values of one item for a facet."""
    if name.startswith("attributes."):
        source, name = source.get("attributes", {}), name.removeprefix("attributes.")
    value = source.get(name, [])
    return value if isinstance(value, list) else [value]


def counted(sources: list[dict[str, Any]], name: str) -> dict[Any, int]:
    """The oracle: items by value, forms of one value together under its commonest form."""
    keys: Counter[Any] = Counter()
    for source in sources:
        keys.update({key(v) for v in values(source, name)})
    return dict(keys)


def flat(facet: dict[str, Any]) -> list[dict[str, Any]]:
    """All values of a facet, those of a tree too."""
    return [each for value in facet.get("values", ()) for each in (value, *flat(value))]


def key(value: object) -> object:
    return filter_key(value) if isinstance(value, str) else value


def listed(facet: dict[str, Any]) -> dict[object, int]:
    """The counts of a facet by filter key; none stands there twice."""
    counts = {key(v["value"]): v["count"] for v in flat(facet) if v["count"]}
    assert len(counts) == sum(v["count"] > 0 for v in flat(facet))
    return counts


def without(filters: dict[str, Any], name: str) -> dict[str, Any]:
    """The filters but that on one facet's field."""
    others = {each: value for each, value in filters.items() if each != name}
    kept = {n: v for n, v in filters.get("attributes", {}).items() if f"attributes.{n}" != name}
    return others | ({"attributes": kept} if "attributes" in filters else {})


@pytest.mark.parametrize("query", ["lamp desk shade", "gardn", ""])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_counts_are_those_of_all_pages(api: Api, query: str, filters: dict[str, Any]) -> None:
    answer = ask(api, query, facets=WIDE, filters=filters, size=0)
    assert answer["hits"] == []
    assert list(answer["facets"]) == list(ALL)
    hits = all_sources(api, query, filters=filters)
    assert answer["total"]["value"] == len(hits)
    assert bool(answer["total"]["by_meaning"]) is (query == "lamp desk shade")
    for name, facet in answer["facets"].items():
        others = without(filters, name)
        refined = others != filters
        sources = all_sources(api, query, filters=others) if refined else hits
        assert facet["refined"] is refined
        if "values" in facet:
            assert listed(facet) == counted(sources, name), name
            assert facet["more_values"] is False
            continue
        numbers = [v for source in sources for v in values(source, name)]
        assert sum(bucket["count"] for bucket in facet["histogram"]) == len(numbers)
        if numbers:
            assert (facet["min"], facet["max"]) == (min(numbers), max(numbers)), name
        for bucket in facet["histogram"]:
            high = bucket.get("lt")
            inside = [n for n in numbers if n >= bucket["gte"] and (high is None or n < high)]
            assert bucket["count"] == len(inside), (name, bucket)
        assert len(facet["histogram"]) <= 10


def test_a_value_of_a_refined_facet_has_the_hits_of_a_request_for_it(api: Api) -> None:
    asked = {"attributes": {"colour": "red", "watts": {"gt": 3}}}
    answer = ask(api, "garden", facets=["attributes.colour"], filters=asked)
    for value in answer["facets"]["attributes.colour"]["values"]:
        asked["attributes"]["colour"] = value["value"]
        assert ask(api, "garden", filters=asked)["total"]["value"] == value["count"]
        assert value.get("refined", False) is (value["value"] == "Red")


def test_values_are_shown_in_their_commonest_form(api: Api) -> None:
    facets = ask(api, "", facets=list(TEXTS))["facets"]
    assert facets["brand"]["values"][0]["value"] == "Canon"
    assert {v["value"] for v in facets["language"]["values"]} == {"EN", "de"}
    assert [v["value"] for v in facets["currency"]["values"]] == ["EUR"]
    colours = {v["value"] for v in facets["attributes.colour"]["values"]}
    assert colours == {"Red", "blue", "Grün", "black"}


def test_every_page_has_the_same_facets(api: Api) -> None:
    fields: dict[str, Any] = {"facets": list(ALL), "filters": {"brand": "canon"}}
    first = ask(api, "lamp desk shade", **fields)
    assert ask(api, "lamp desk shade", **fields, **{"from": 20})["facets"] == first["facets"]
    cursor = first["next_cursor"]
    assert ask(api, "lamp desk shade", **fields, cursor=cursor)["facets"] == first["facets"]
    assert ask(api, "lamp desk shade", **fields, sort="price")["facets"] == first["facets"]
    later = ask(api, "lamp desk shade", filters=fields["filters"], cursor=cursor)
    assert later["facets"] is None
    assert later["hits"]


def test_the_items_that_a_recommendation_leaves_out_are_not_counted(api: Api) -> None:
    assert api.event("click", "i001", "left-out").status == 200
    body = {"session_id": "left-out", "facets": ["category"], "deadline_ms": 20_000}
    answer = api("POST", "/v1/recommend", body).body
    assert answer["total"]["value"] == 259
    assert sum(v["count"] for v in answer["facets"]["category"]["values"]) == 259


def facet(api: Api, query: str, name: str, filters: Any = None, **options: Any) -> Any:
    answer = ask(api, query, facets=[{"name": name, **options}], filters=filters, size=0)
    return answer["facets"][name]


def test_a_list_is_cut_at_its_size_and_says_so(api: Api) -> None:
    everything = facet(api, "garden", "brand", size=200)["values"]
    cut = facet(api, "garden", "brand", size=3)
    assert cut["values"] == everything[:3]
    assert cut["more_values"] is True
    last = everything[-1]["value"]
    refined = facet(api, "garden", "brand", {"brand": last.upper()}, size=3)
    assert refined["values"] == [*everything[:3], everything[-1] | {"refined": True}]
    unknown = facet(api, "garden", "brand", {"brand": {"any": "Nobody", "not": "CANON"}}, size=3)
    assert unknown["values"][0] == everything[0] | {"excluded": True}
    assert unknown["values"][-1] == {"value": "Nobody", "count": 0, "refined": True}


def test_hits_by_meaning_count_in_long_lists_too(api: Api) -> None:
    """More values than are read at first: those of hits by meaning are asked for."""
    everything = facet(api, "lamp desk shade", "attributes.serial", size=200)["values"]
    for sort in ("count", "name"):
        cut = facet(api, "lamp desk shade", "attributes.serial", size=60, sort=sort)
        in_order = (
            sorted(everything, key=lambda v: key(v["value"])) if sort == "name" else everything
        )
        assert [v["value"] for v in cut["values"]] == [v["value"] for v in in_order[:60]]


def test_values_are_sorted_by_name(api: Api) -> None:
    names = [v["value"] for v in facet(api, "", "brand", sort="name", size=200)["values"]]
    assert names == sorted(names, key=filter_key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("CANo", {"Canon"}), ("ｃａｎｏｎ", {"Canon"}), (".*", set()), ("53", {"Maker 53"})],
)
def test_facet_query_searches_the_values(api: Api, text: str, expected: set[str]) -> None:
    found = facet(api, "", "brand", facet_query=text, size=200)
    assert {v["value"] for v in found["values"]} == expected
    asked = {"brand": "maker 53"}
    assert listed(facet(api, "", "brand", asked, facet_query=text, size=200)) == listed(found)


def test_categories_are_a_tree_and_searched_as_paths(api: Api) -> None:
    home = facet(api, "lamp", "category", {"category": "Garden > Desk Lamp"}, size=1)["values"]
    assert [v["value"] for v in home] == ["Home", "Garden"]
    assert home[0]["more_values"] is True
    (below,) = home[1]["values"]
    assert below == {
        "value": "Garden > Desk Lamp",
        "name": "Desk Lamp",
        "count": 16,
        "refined": True,
    }
    assert "refined" not in home[1]
    gone = facet(api, "lamp", "category", {"category": "No More > Lamps"}, size=1)["values"][-1]
    assert (gone["value"], gone["values"][0]["value"]) == ("No More", "No More > Lamps")
    assert gone["values"][0]["refined"] is True
    light = facet(api, "lamp", "category", facet_query="LIGHT >")["values"]
    assert {v["value"] for v in light} == {"Home > Light > Desk Lamp", "Home > Light > Floor Lamp"}


def test_histograms_have_the_interval_that_is_asked_for(api: Api) -> None:
    price = facet(api, "", "price", interval=100)
    assert [bucket["gte"] for bucket in price["histogram"]] == [0, 100, 200, 300, 400]
    assert len(facet(api, "", "price", interval=0.001)["histogram"]) <= 50
    assert len(facet(api, "", "price", buckets=3)["histogram"]) <= 3
    made = facet(api, "", "attributes.made", interval="quarter")["histogram"]
    assert made[:2] == [
        {"gte": "2019-01-01", "lt": "2019-04-01", "count": made[0]["count"]},
        {"gte": "2019-04-01", "lt": "2019-07-01", "count": made[1]["count"]},
    ]


@pytest.mark.parametrize(
    ("facets", "field", "message"),
    [
        (["colour"], "facets.0", "attributes.colour"),
        (["brand", "attributes.colr"], "facets.1", "There are: attributes.colour"),
        (["attributes.note"], "facets.0", "--facet attributes.note"),
        (["title"], "facets.0", "There are: brand, category, price, language, available"),
        ([{"name": "price", "facet_query": "9"}], "facets.0", "facet_query searches texts"),
        ([{"name": "brand", "interval": 5}], "facets.0", "its values are texts"),
        ([{"name": "price", "interval": "day"}], "facets.0", "for numbers it is a number"),
        ([{"name": "attributes.made", "interval": 5}], "facets.0", "one of day, week"),
        (["brand", "brand"], "facets", "stands there 2 times"),
        ([{"name": "brand", "size": 201}], "facets.0.size", "200"),
        ([{"name": "brand", "sort": "price"}], "facets.0.sort", "'count' or 'name'"),
        ([{"name": "brand", "sizes": 1}], "facets.0.sizes", "there is no such field"),
        ([{"name": "price", "interval": 0}], "facets.0.interval", "greater than 0"),
        ([f"attributes.a{n}" for n in range(31)], "facets", "at most 30"),
        ("brand", "facets", "valid list"),
    ],
)  # fmt: skip
def test_wrong_facets_are_named(api: Api, facets: Any, field: str, message: str) -> None:
    for path, query in (("/v1/search", {"query": "lamp"}), ("/v1/recommend", {})):
        response = api("POST", path, {"session_id": "w", "facets": facets, **query})
        assert response.status == 422, response
        error = response.body["errors"][0]
        assert error["field"].startswith(field)
        assert message in error["message"]


def test_a_failed_count_costs_no_hit(api: Api, client: OpenSearch) -> None:
    limit = {"search.max_buckets": 3}
    client.cluster.put_settings(body={"transient": limit})
    try:
        body = {"query": "garden hose", "session_id": "d", "facets": ["brand", "available"],
                "filters": {"available": True}, "deadline_ms": 20_000}  # fmt: skip
        answer = api("POST", "/v1/search", body).body
    finally:
        client.cluster.put_settings(body={"transient": dict.fromkeys(limit)})
    assert len(answer["hits"]) == 10
    (degraded,) = answer["degraded"]
    assert degraded["stage"] == "facets"
    assert degraded["reason"].startswith("brand: too_many_buckets_exception")
    assert list(answer["facets"]) == ["available"]


def test_a_search_without_hits_is_not_recorded(api: Api) -> None:
    api.search("desk lamp", "unrecorded", facets=["brand"], size=0)
    assert api("GET", "/v1/sessions/unrecorded").status == 404


def test_named_attributes_alone_are_facets_and_older_indexes_have_none(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    fresh_environment: dict[str, str],
    fresh_context: IndexContext,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    file = write_json_lines(tmp_path / "items.jsonl", [row(n) for n in range(20)])
    command = ["index", "rebuild", str(file)]
    refused = invoke(fresh_environment, *command, "--facet", "note")
    assert refused.exit_code == 2
    assert "write attributes.note" in refused.output
    dry = invoke(fresh_environment, *command, "--dry-run", "--facet", "attributes.n*")
    assert "attributes that are facets: attributes.note\n" in dry.output
    run(fresh_environment, *command, "--facet", "attributes.note", "--facet", "attributes.made")
    settings = load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=60)
    wanted = {"session_id": "o", "facets": ["attributes.note", "attributes.watts"]}
    with serving(create_app(settings, fresh_settings, encoder)) as api:
        (error,) = api("POST", "/v1/recommend", wanted).body["errors"]
        assert error["field"] == "facets.1"
        assert error["message"].endswith("currency, attributes.made, attributes.note")
    index = live_generation(client, fresh_names)
    assert index is not None
    older = {name: value for name, value in index.meta.items() if name != FACETS}
    set_meta(client, index.index, older)
    with serving(create_app(settings, fresh_settings, encoder)) as api:
        response = api("POST", "/v1/recommend", wanted | {"facets": ["brand"]})
        assert response.status == 422
        assert "run live-intent index rebuild" in response.body["detail"]
        upsert(fresh_context, lambda: encoder, [Item("new", "lamp", currency="EUR")])
        filters = {"currency": "EUR"}
        body = {"session_id": "o", "filters": filters, "size": 100, "deadline_ms": 20_000}
        client.indices.refresh(index=fresh_names.items)
        assert "new" in item_ids(api("POST", "/v1/recommend", body).body)
