"""Merchandisers' rules, as a shop's front end meets them: over HTTP, on a real index."""

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.rule_shop import LAMPS, rule_api
from tests.integration.serving import Api, Response, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
SHARES = 1e-4


@pytest.fixture(scope="module")
def api(rule_shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with rule_api(rule_shop, encoder, rule_writes=True) as api:
        yield api


@pytest.fixture(autouse=True)
def _without_rules(api: Api) -> Iterator[None]:
    yield
    assert api("DELETE", "/v1/rules").status == 200


def rule(when: dict[str, Any], then: dict[str, Any], rule_id: str = "one") -> dict[str, Any]:
    return {"id": rule_id, "name": f"Rule {rule_id}", "when": when, "then": then}


def put(api: Api, *rules: dict[str, Any]) -> Response:
    return api("PUT", "/v1/rules", {"rules": list(rules)})


def apply(api: Api, *rules: dict[str, Any]) -> Any:
    response = put(api, *rules)
    assert response.status == 200, response
    return response.body


def all_pages(api: Api, path: str, size: int, **fields: object) -> list[dict[str, Any]]:
    hits: list[dict[str, Any]] = []
    while True:
        body = {"deadline_ms": 20_000, "size": size, "from": len(hits), "explain": True, **fields}
        answer = api("POST", path, body)
        assert answer.status == 200, answer
        assert answer.body["degraded"] == []
        if not answer.body["hits"]:
            return hits
        hits += answer.body["hits"]


LAMP = {"query": {"is": "desk lamp"}}
PINS = {"pin": [{"item_id": "lamp-07", "position": 1}, {"item_id": "hose-03", "position": 4},
                {"item_id": "lamp-55", "position": 12}]}  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/search", "/v1/recommend"])
def test_with_pins_all_pages_have_each_item_once_whatever_their_size(api: Api, path: str) -> None:
    fields: dict[str, object] = {"session_id": "paging"}
    if path == "/v1/search":
        fields["query"] = "desk lamp"
    when = {"scenario": "shop"} if path == "/v1/recommend" else LAMP
    before = all_pages(api, path, 100, **fields)
    apply(api, rule(when, PINS))
    orders = []
    for size in (3, 10, 64):
        hits = all_pages(api, path, size, **fields)
        orders.append(item_ids({"hits": hits}))
        assert [hit["position"] for hit in hits] == list(range(1, len(hits) + 1))
        for hit in hits:
            explanation = hit["explanation"]
            assert sum(share["value"] for share in explanation["shares"]) == pytest.approx(
                hit["score"], abs=SHARES
            )
    assert orders[0] == orders[1] == orders[2]
    order = orders[0]
    assert (order[0], order[3], order[11]) == ("lamp-07", "hose-03", "lamp-55")
    assert len(set(order)) == len(order)
    assert set(order) == {hit["item_id"] for hit in before} | {"hose-03"}
    answer = api("POST", path, {"size": 5, "explain": True, **fields}).body
    assert answer["total"]["value"] == len(order)
    assert answer["total"]["by_meaning"] == sum(hit["by_meaning"] for hit in hits)
    assert answer["hits"][3]["by_meaning"] is False
    assert "pinned at 4 by the rule “Rule one”" in answer["hits"][3]["explanation"]["why"]
    [applied] = answer["rules_applied"]
    assert (applied["id"], applied["name"]) == ("one", "Rule one")
    assert applied["did"][0] == "pinned lamp-07 at 1"


@pytest.mark.parametrize("filters", [None, {"brand": ["Acme", "Bolt", "Rain"]}])
def test_facets_count_what_rules_pin_and_hide_as_the_total_does(api: Api, filters: object) -> None:
    apply(api, rule(LAMP, PINS | {"hide": {"item_ids": ["lamp-09", "lamp-10"]}}))
    fields = {"facets": ["brand"], "filters": filters}
    answer = api.search("desk lamp", "facets", size=100, **fields)
    assert answer["degraded"] == []
    counts = {value["value"]: value["count"] for value in answer["facets"]["brand"]["values"]}
    assert sum(counts.values()) == answer["total"]["value"] == len(answer["hits"])
    assert counts["Rain"] == sum(hit["source"]["brand"] == "Rain" for hit in answer["hits"]) > 0


def test_a_sorted_answer_keeps_filters_and_hides_and_says_that_nothing_is_pinned(api: Api) -> None:
    apply(api, rule(LAMP, PINS | {"hide": {"item_ids": ["lamp-00"]}}))
    answer = api.search("desk lamp", "sorted", size=3, sort="price")
    assert item_ids(answer) == ["lamp-01", "lamp-02", "lamp-03"]
    assert answer["rules_applied"][0]["did"] == [
        "did not pin, boost or bury: the request sorts the hits", "hid items",
    ]  # fmt: skip


def test_a_cursor_pages_by_the_rules_of_its_first_page(api: Api) -> None:
    apply(api, rule(LAMP, PINS))
    expected = item_ids(
        {"hits": all_pages(api, "/v1/search", 50, query="desk lamp", session_id="c")}
    )
    answer = api.search("desk lamp", "c", size=7)
    found = item_ids(answer)
    apply(api, rule(LAMP, {"pin": [{"item_id": "lamp-30", "position": 2}]}))
    while answer["next_cursor"]:
        answer = api.search("desk lamp", "c", size=7, cursor=answer["next_cursor"])
        found += item_ids(answer)
    assert found == expected
    assert item_ids(api.search("desk lamp", "c"))[1] == "lamp-30"


def test_hidden_items_never_appear_and_do_not_count(api: Api) -> None:
    before = api.search("desk lamp", "h", size=1)["total"]
    gone = {"lamp-07", *(f"lamp-{n:02}" for n in range(0, LAMPS, 9))}
    apply(api, rule(LAMP, {"hide": {"item_ids": sorted(gone)}}, "ids"),
          rule(LAMP, {"hide": {"filters": {"brand": "Bolt"}}}, "brand"))  # fmt: skip
    hits = all_pages(api, "/v1/search", 30, query="desk lamp", session_id="h")
    ids = set(item_ids({"hits": hits}))
    lamps = {f"lamp-{n:02}" for n in range(LAMPS)}
    assert ids & lamps == {f"lamp-{n:02}" for n in range(LAMPS) if n % 3} - gone
    total = api.search("desk lamp", "h", size=1)["total"]
    assert total["value"] - total["by_meaning"] == len(ids & lamps)
    assert before["value"] - before["by_meaning"] == LAMPS


def test_a_filter_of_a_rule_holds_and_a_pin_that_a_request_s_filter_leaves_out_is_not_shown(
    api: Api,
) -> None:
    apply(api, rule(LAMP, {"filters": {"price": {"lt": 30}}}, "cheap"),
          rule(LAMP, {"pin": [{"item_id": "lamp-09", "position": 1}]}, "pin"))  # fmt: skip
    answer = api.search("desk lamp", "f", size=100)
    assert answer["hits"][0]["item_id"] == "lamp-09"
    assert all(hit["source"]["price"] < 30 for hit in answer["hits"])
    acme = api.search("desk lamp", "f", size=100, filters={"brand": "Acme"})
    assert {hit["source"]["brand"] for hit in acme["hits"]} == {"Acme"}
    assert "did not pin lamp-09" in acme["rules_applied"][1]["did"][0]


def test_an_unavailable_item_is_pinned_only_if_the_rule_says_so(api: Api) -> None:
    last = f"lamp-{LAMPS - 1}"
    pin = {"item_id": last, "position": 1}
    warned = apply(api, rule(LAMP, {"pin": [pin]}))
    assert "not available" in warned["warnings"][0]["message"]
    assert item_ids(api.search("desk lamp", "u"))[0] != last
    assert apply(api, rule(LAMP, {"pin": [pin | {"even_unavailable": True}]}))["warnings"] == []
    assert item_ids(api.search("desk lamp", "u"))[0] == last


def test_boosts_and_buries_are_shares_of_the_score(api: Api) -> None:
    before = {
        h["item_id"]: h["score"] for h in api.search("desk lamp", "b", size=30, diversity=0)["hits"]
    }
    apply(api, rule(LAMP, {"boost": [{"filters": {"attributes": {"watts": 3}}, "by": 1}],
                           "bury": [{"filters": {"brand": "Bolt"}, "by": 0.5}]}))  # fmt: skip
    answer = api.search("desk lamp", "b", size=30, explain=True, diversity=0)
    first = answer["hits"][0]
    assert int(first["item_id"][-2:]) % 5 == 3
    for hit in answer["hits"]:
        shares = {
            s["label"]: s["value"] for s in hit["explanation"]["shares"] if s["kind"] == "rule"
        }
        number = int(hit["item_id"].split("-")[1])
        is_lamp = hit["item_id"].startswith("lamp")
        raised = is_lamp and number % 5 == 3
        buried = is_lamp and number % 3 == 0
        assert bool(shares) is (raised or buried)
        if shares and raised != buried:
            assert (shares["Rule one"] > 0) is raised
            verb = "raised" if raised else "lowered"
            assert f"{verb} by the rule “Rule one”" in hit["explanation"]["why"]
        assert sum(s["value"] for s in hit["explanation"]["shares"]) == pytest.approx(
            hit["score"], abs=SHARES
        )
        if not shares and hit["item_id"] in before:
            assert hit["score"] == pytest.approx(before[hit["item_id"]], abs=1e-3)
    assert any(did.startswith("boosted") for did in answer["rules_applied"][0]["did"])


def test_an_item_s_own_number_stays_first_before_what_a_rule_boosts(api: Api) -> None:
    apply(api, rule({"request": "search"}, {"boost": [{"filters": {"brand": "Acme"}, "by": 1}]}))
    assert item_ids(api.search("lamp-09", "n"))[0] == "lamp-09"


def test_synonyms_find_what_the_words_do_not_and_count(api: Api) -> None:
    assert not any("hose" in i for i in item_ids(api.search("green sprinkler", "s", size=100)))
    when = {"query": {"contains": "sprinkler"}}
    apply(api, rule(when, {"synonyms": ["garden hose"]}))
    hits = all_pages(api, "/v1/search", 9, query="green sprinkler", session_id="s")
    with_words = [hit["item_id"] for hit in hits if not hit["by_meaning"]]
    assert sorted(with_words) == [f"hose-{n:02}" for n in range(20)]
    answer = api.search("green sprinkler", "s")
    assert answer["total"]["value"] == len(hits)
    assert answer["rules_applied"][0]["did"] == ["searched for green garden hose too"]


def test_redirect_and_banner_come_as_data_and_the_first_redirect_wins(api: Api) -> None:
    banner = {"image": "/sale.svg", "text": "Sale", "colours": [1, {"a": None}]}
    other = {"redirect": "https://shop.example/", "banner": {}}
    apply(
        api,
        rule(LAMP, {"redirect": "/light", "banner": banner}, "a"),
        rule({"request": "search"}, other, "b"),
    )
    answer = api.search("Desk-Lamp", "r")
    assert answer["redirect"] == "/light"
    assert answer["banners"] == [{"rule_id": "a", "data": banner}, {"rule_id": "b", "data": {}}]
    assert answer["rules_applied"][1]["did"] == ["left the redirect", "gave a banner"]
    answer = api.search("hose", "r")
    assert (answer["redirect"], len(answer["banners"])) == ("https://shop.example/", 1)


def test_conditions_on_the_visitor_hold_from_the_first_event_on(api: Api) -> None:
    banner = {"text": "hello"}
    apply(
        api,
        rule({"visitor": {"new": True}}, {"banner": banner}, "new"),
        rule({"visitor": {"did": {"click": {"brand": "bolt"}}}}, {"banner": banner}, "fan"),
        rule({"visitor": {"known": True}, "request": "search"}, {"banner": banner}, "known"),
    )

    def names(**fields: object) -> set[str]:
        answer = api.search("desk lamp", "visitor", **fields)
        return {applied["id"] for applied in answer["rules_applied"]}

    assert names(personalize=False) == set()
    assert names() == {"new"}
    assert api.event("click", "lamp-01", "visitor").status == 200
    assert names() == set()
    assert api.event("click", "lamp-00", "visitor").status == 200
    assert names() == {"fan"}
    assert names(user_id="u-7") == {"fan", "known"}


def test_an_answer_without_rules_is_as_before_and_says_so(api: Api) -> None:
    apply(api, rule({"query": {"is": "something else"}}, PINS))
    answer = api.search("desk lamp", "none")
    assert (answer["rules_applied"], answer["redirect"], answer["banners"]) == ([], None, [])
    ranked = api("POST", "/v1/rank", {"session_id": "x", "item_ids": ["lamp-01"], "query": "lamp"})
    assert ranked.body["rules_applied"] == []


def test_rules_with_errors_are_refused_as_a_whole_and_named_by_field(api: Api) -> None:
    version = apply(api, rule(LAMP, PINS))["version"]
    refused = put(
        api,
        rule(LAMP, {"pin": [{"item_id": "lamp-99", "position": 1}]}, "unknown"),
        rule(LAMP, {"filters": {"attributes": {"volts": 3}}}, "attribute"),
        rule(LAMP, {"filters": {"category": "Lights"}}, "category"),
    )
    assert refused.status == 422
    fields = {error["field"]: error["message"] for error in refused.body["errors"]}
    assert "the index has no item lamp-99" in fields["rules.0.then.pin.0"]
    assert "There are: watts" in fields["rules.1.then.filters.attributes.volts"]
    assert "no item has the category 'Lights'" in fields["rules.2.then.filters.category"]
    in_force = api("GET", "/v1/rules").body
    assert in_force["version"] == version
    assert in_force["rules"] == [rule(LAMP, PINS) | {"when": {"query": {"is": ["desk lamp"]}}}]


def test_the_readiness_says_which_rules_are_in_force_and_another_process_follows(
    api: Api, cluster_settings: ClusterSettings, encoder: Encoder
) -> None:
    version = apply(api, rule(LAMP, PINS))["version"]
    with rule_api(cluster_settings, encoder) as other:
        assert item_ids(other.search("desk lamp", "p"))[0] == "lamp-07"
        apply(api, rule(LAMP, {"pin": [{"item_id": "lamp-30", "position": 1}]}))
        wait_until(lambda: item_ids(other.search("desk lamp", "p"))[0] == "lamp-30")
        wait_until(
            lambda: f"version {version + 1}" in other("GET", "/readyz").body["checks"]["rules"]
        )
        assert other("DELETE", "/v1/rules").status == 403
        assert other("GET", "/v1/rules").body["version"] == version + 1


def test_unreadable_rules_leave_the_last_ones_in_force_and_the_answer_says_so(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    apply(api, rule(LAMP, PINS))
    client.indices.close(index=names.rules)
    try:
        wait_until(lambda: api.search("desk lamp", "closed")["degraded"])
        answer = api.search("desk lamp", "closed")
        assert answer["degraded"][0]["stage"] == "rules"
        assert "can't be read" in answer["degraded"][0]["reason"]
        assert item_ids(answer)[0] == "lamp-07"
        wait_until(lambda: "can't be read" in api("GET", "/readyz").body["checks"]["rules"])
        assert api("GET", "/readyz").status == 200
    finally:
        client.indices.open(index=names.rules)
    wait_until(lambda: api.search("desk lamp", "closed")["degraded"] == [])
