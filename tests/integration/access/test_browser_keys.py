"""Browser keys: what they force on every answer, and that nothing gets around it."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from live_intent.main import cli
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.access.key_text import KeyText, browser_key
from query_service.cursor import Cursor
from tests.integration.command_line import ROOT, invoke, run
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, Response, item_ids, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
TENANT_A = {"attributes": {"tenant": "a"}}
SESSION = {"session_id": "browser", "deadline_ms": 20_000}
FOREIGN = re.compile(r"foreign|Zorblat|zorblat")  # ids, titles and brands of the other tenant


def rows() -> list[dict[str, Any]]:
    """Twenty lamps of the tenant a, and twenty of b that nobody else may see."""
    common: dict[str, Any] = {"category": ["Home", "Light"], "prices": {"b2b": 3}}
    own = [
        {"item_id": f"own-{n}", "title": f"desk lamp {n}", "brand": "Acme", "price": 10 + n,
         "attributes": {"tenant": "a", "watts": n}, **common}
        for n in range(20)
    ]  # fmt: skip
    foreign = [
        {"item_id": f"foreign-{n}", "title": f"Zorblat desk lamp {n}", "brand": "Zorblat",
         "price": 90 + n, "popularity": 9, "attributes": {"tenant": "b", "watts": 50 + n}, **common}
        for n in range(20)
    ]  # fmt: skip
    return own + foreign


@pytest.fixture(scope="module")
def api(
    client: OpenSearch, names: IndexNames, cluster_settings: ClusterSettings, encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str],
) -> Iterator[Api]:  # fmt: skip
    catalogue = write_json_lines(tmp_path_factory.mktemp("tenants") / "items.jsonl", rows())
    rebuild_index(index_context(client, names, cluster_settings.bundles_dir), encoder, catalogue)
    assert invoke(environment, "index", "suggestions").exit_code == 0
    with serving_index(
        cluster_settings, encoder, keys_poll_s=0.2, swap_poll_s=0.1, rule_writes=True
    ) as api:
        yield api


@pytest.fixture(scope="module")
def parent(api: Api, environment: dict[str, str]) -> str:
    scopes = ("--scope", "search", "--scope", "events")
    return invoke(environment, "keys", "create", "parent", *scopes).stdout.strip()


@pytest.fixture(scope="module")
def admin(api: Api, parent: str, environment: dict[str, str]) -> Api:
    scopes = ("--scope", "admin", "--scope", "search", "--scope", "events")
    return api.with_key(invoke(environment, "keys", "create", "root", *scopes).stdout.strip())


Derive = Callable[..., Api]


@pytest.fixture(scope="module")
def derive(api: Api, parent: str) -> Derive:
    """`derive(filters=...)`: the API with a browser key of these restrictions."""

    def derived(headers: dict[str, str] | None = None, **restrictions: object) -> Api:
        text = KeyText.parse(parent)
        assert text is not None
        key = browser_key(text, json.dumps(restrictions).encode())
        return api.with_key(key, **(headers or {}))

    return derived


@pytest.fixture(scope="module")
def tenant(derive: Derive) -> Api:
    return derive(filters=TENANT_A)


def within(answer: Response) -> Any:
    """The body of an answer that shows nothing of the other tenant."""
    assert answer.status == 200, answer
    assert not FOREIGN.search(json.dumps(answer.body)), answer.body
    return answer.body


def test_without_restrictions_all_items_are_found(derive: Derive) -> None:
    body = derive()("POST", "/v1/search", {**SESSION, "query": "desk lamp", "size": 100}).body
    assert body["total"]["value"] == 40


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "desk lamp"},
        {"query": "desk lamp", "size": 100, "explain": True},
        {"query": "zorblat"},
        {"query": "foreign-3"},
        {"query": "desk lamp zorblat qqqq"},
        {"query": "desk lamp", "filters": {"attributes": {"tenant": "b"}}},
        {"query": "desk lamp", "filters": {"attributes": {"tenant": {"not": "a"}}}},
        {"query": "desk lamp", "filters": {"brand": "Zorblat"}},
        {"query": "desk lamp", "sort": {"by": "price", "order": "desc"}, "size": 100},
        {"query": "desk lamp", "from": 15, "size": 50},
        {"query": "zorblt lamp"},
        {"query": "desk lamp", "facets": ["brand", "category", "attributes.tenant"]},
    ],
)
def test_a_search_shows_items_within_the_forced_filters_alone(
    tenant: Api, fields: dict[str, Any]
) -> None:
    body = tenant("POST", "/v1/search", {**SESSION, **fields}).body
    body.pop("did_you_mean"), body.pop("missing_words"), body.pop("query_cut")
    assert not FOREIGN.search(json.dumps(body)), body
    assert body["total"]["value"] <= 20


def test_a_refined_facet_counts_within_the_forced_filters_too(tenant: Api) -> None:
    filters = {"attributes": {"tenant": "a"}, "brand": "Acme", "price": {"gte": 0}}
    wanted = ["brand", "attributes.tenant", "price"]
    body = within(tenant("POST", "/v1/search", {
        **SESSION, "query": "desk lamp", "filters": filters, "facets": wanted,
    }))  # fmt: skip
    assert [each["value"] for each in body["facets"]["brand"]["values"]] == ["Acme"]
    assert [each["value"] for each in body["facets"]["attributes.tenant"]["values"]] == ["a"]
    assert body["facets"]["price"]["max"] == 29


def test_recommendations_given_items_and_answers_instead_of_hits_are_within(tenant: Api) -> None:
    assert len(within(tenant("POST", "/v1/recommend", {**SESSION, "size": 100}))["hits"]) == 20
    ids = ["foreign-1", "own-1", "foreign-2"]
    body = tenant("POST", "/v1/rank", {**SESSION, "item_ids": ids, "explain": True}).body
    assert item_ids(body) == ["own-1"]
    assert sorted(body["unknown_item_ids"]) == ["foreign-1", "foreign-2"]
    none = {**SESSION, "query": "desk lamp", "filters": {"brand": "Nobody"}}
    body = within(tenant("POST", "/v1/search", none))
    assert body["instead"]["hits"]


@pytest.mark.parametrize("prefix", ["", "zor", "de", "desk l", "zorblat desk", "zrblat"])
def test_suggestions_lead_to_items_within_the_forced_filters(tenant: Api, prefix: str) -> None:
    body = tenant("POST", "/v1/suggest", {**SESSION, "prefix": prefix, "size": 50}).body
    body.pop("prefix")
    assert not FOREIGN.search(json.dumps(body)), body


def test_no_page_of_a_cursor_shows_more_whoever_made_it(tenant: Api, derive: Derive) -> None:
    request = {**SESSION, "query": "desk lamp", "size": 15}
    first = within(tenant("POST", "/v1/search", request))
    second = within(tenant("POST", "/v1/search", {**request, "cursor": first["next_cursor"]}))
    assert len(second["hits"]) == 5
    others = derive()("POST", "/v1/search", request).body["next_cursor"]
    cursor = Cursor.decode(others)
    assert any(FOREIGN.search(each) for each in cursor.frozen.ids)
    within(tenant("POST", "/v1/search", {**request, "cursor": others}))
    frozen = cursor.frozen.model_copy(
        update={"ids": ("foreign-1", "own-1"), "keys": ("foreign-1", "own-1"), "scores": (1.0, 1.0)}
    )
    forged = cursor.model_copy(update={"frozen": frozen, "offset": 0}).encode()
    body = tenant("POST", "/v1/search", {**request, "cursor": forged, "explain": True}).body
    assert "own-1" in item_ids(body)
    assert not FOREIGN.search(json.dumps(body["hits"]))


def test_rules_pin_nothing_from_outside(tenant: Api, admin: Api) -> None:
    rule = {"id": "pin", "name": "pin", "when": {"query": {"contains": "lamp"}},
            "then": {"pin": [{"item_id": "foreign-7", "position": 1}]}}  # fmt: skip
    written = admin("PUT", "/v1/rules", {"rules": [rule]})
    assert written.status == 200, written
    request = {**SESSION, "query": "desk lamp"}
    wait_until(lambda: item_ids(admin("POST", "/v1/search", request).body)[0] == "foreign-7", 10)
    body = tenant("POST", "/v1/search", request).body
    assert not FOREIGN.search(json.dumps(body))
    [applied] = body["rules_applied"]
    assert applied["did"][0].startswith("did not pin an item: not available")
    admin("DELETE", "/v1/rules")


def test_what_a_visitor_did_outside_is_neither_named_nor_counted(tenant: Api) -> None:
    for item_id in ("foreign-3", "foreign-4"):
        assert tenant.event("like", item_id, "spy").status == 200
    request = {"session_id": "spy", "deadline_ms": 20_000, "explain": True, "size": 20}
    body = within(tenant("POST", "/v1/search", {**request, "query": "desk lamp"}))
    assert body["personalized"] is False
    tenant.event("like", "own-3", "spy")
    assert within(tenant("POST", "/v1/recommend", request))["personalized"] is True


@pytest.mark.parametrize(
    "query",
    [
        {"query": "desk lamp", "hitsPerPage": 100, "facets": ["*"]},
        {"query": "", "filters": "tenant:b OR tenant:a", "hitsPerPage": 100},
        {"query": "", "facetFilters": [["brand:Zorblat", "brand:Acme"]], "hitsPerPage": 100},
        {"query": "lamp", "filters": "NOT tenant:a"},
        {"query": "", "filters": "objectID:foreign-1"},
        {"query": "lamp", "page": 1, "hitsPerPage": 15},
        {"type": "facet", "facet": "brand", "params": {"facetQuery": "z"}},
    ],
)
def test_instantsearch_is_within_the_forced_filters(tenant: Api, query: dict[str, Any]) -> None:
    # Two at once: each is answered in a thread of its own.
    body = {"requests": [{"indexName": "items", **query}, {"indexName": "items", "query": "lamp"}]}
    results = within(tenant("POST", "/1/indexes/*/queries", body))["results"]
    assert results[1]["nbHits"] == 20


def test_recommendations_like_an_item_outside_are_none(tenant: Api) -> None:
    wanted = {"indexName": "items", "model": "related-products", "threshold": 0}
    for item_id, some in (("foreign-1", False), ("own-1", True)):
        body = {"requests": [{**wanted, "objectID": item_id}]}
        answer = tenant("POST", "/1/indexes/*/recommendations", body)
        [result] = answer.body["results"]
        assert bool(result["hits"]) is some
        assert not FOREIGN.search(json.dumps(result["hits"]))


def test_forced_filters_that_do_not_fit_the_index_answer_nothing(derive: Derive) -> None:
    for wrong in ({"attributes": {"nothing": "x"}}, {"attributes": {"watts": {"gte": "many"}}}):
        for path, body in (("search", {"query": "lamp"}), ("suggest", {"prefix": "lamp"})):
            answer = derive(filters=wrong)("POST", f"/v1/{path}", {**SESSION, **body})
            assert (answer.status, "do not fit" in answer.body["detail"]) == (403, True)


def test_a_price_list_is_forced(derive: Derive) -> None:
    own = derive(price_list="b2b")
    body = own("POST", "/v1/search", {**SESSION, "query": "desk lamp"}).body
    assert {hit["source"]["price"] for hit in body["hits"]} == {3}
    refused = own("POST", "/v1/search", {**SESSION, "query": "lamp", "price_list": "EUR"})
    assert refused.status == 403
    shown = own("POST", "/v1/suggest", {**SESSION, "prefix": "desk"}).body["suggestions"]
    assert any(each["type"] == "item" for each in shown)
    assert not any("price" in each.get("source", {}) for each in shown)


@pytest.mark.parametrize(
    ("restrictions", "said"),
    [
        ({"scopes": ["admin"]}, "scopes"),
        ({"filters": {}}, "restricts nothing"),
        ({"filters": {"brand": []}}, "restricts nothing"),
        ({"filters": {"attributes": {"tenant": {"any": []}}}}, "restricts nothing"),
        ({"filters": {"tenant": "a"}}, "filters.tenant"),
        ({"origins": ["shop.example"]}, "is no origin"),
        ({"origins": ["https://shop.example/a"]}, "is no origin"),
        ({"rate": "often"}, "is no rate"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"scenario": "zoo"}, "scenario"),
        ({"user_id": "two words"}, "user_id"),
        ({"origin": "https://shop.example"}, "origin"),
    ],
)
def test_malformed_restrictions_are_refused_and_named(
    derive: Derive, restrictions: dict[str, Any], said: str
) -> None:
    answer = derive(**restrictions)("POST", "/v1/search", {**SESSION, "query": "lamp"})
    assert answer.status == 401
    assert said in answer.body["detail"]


def test_a_key_is_for_pages_of_its_origins(derive: Derive) -> None:
    request = ("POST", "/v1/search", {**SESSION, "query": "lamp"})
    for headers, status in (
        ({"Origin": "https://shop.example"}, 200),
        ({"Referer": "https://shop.example/a?b"}, 200),
        ({"Origin": "https://shop.example.evil.example"}, 403),
        ({"Origin": "null", "Referer": "https://shop.example/"}, 403),
        ({}, 403),
    ):
        own = derive(headers, origins=["https://shop.example"])
        assert own(*request).status == status, headers


def test_a_key_has_an_end_a_scenario_and_scopes(derive: Derive) -> None:
    search = ("POST", "/v1/search", {**SESSION, "query": "lamp"})
    assert "has expired" in derive(expires_at=int(time.time()) - 1)(*search).body["detail"]
    assert derive(expires_at=int(time.time()) + 60)(*search).status == 200
    feed = derive(scenario="feed")
    assert feed(*search).status == 403
    assert (
        feed("POST", "/v1/search", {**SESSION, "query": "lamp", "scenario": "feed"}).status == 200
    )
    events = derive(scopes=["events"])
    assert "scope search" in events(*search).body["detail"]
    assert events.event("click", "own-1", "browser").status == 200
    for method, path in (("GET", "/v1/sessions/browser"), ("DELETE", "/v1/users/u"),
                         ("GET", "/v1/rules"), ("GET", "/metrics")):  # fmt: skip
        assert derive()(method, path).status == 403


def test_a_key_names_no_user_but_the_one_it_is_for(derive: Derive) -> None:
    def asked(own: Api, user_id: str) -> list[int]:
        named = {**SESSION, "user_id": user_id}
        event = {"action": "click", "item_id": "own-1", "session_id": "browser", "user_id": user_id}
        insights = {"eventType": "click", "eventName": "c", "index": "items",
                    "userToken": "browser", "authenticatedUserToken": user_id,
                    "objectIDs": ["own-1"]}  # fmt: skip
        ubi_query = {"client_id": "browser", "query_id": "q", "user_query": "lamp",
                     "user_id": user_id}  # fmt: skip
        return [
            own("POST", "/v1/search", {**named, "query": "lamp"}).status,
            own("POST", "/v1/recommend", named).status,
            own("POST", "/v1/rank", {**named, "item_ids": ["own-1"]}).status,
            own("POST", "/v1/suggest", {**named, "prefix": "l"}).status,
            own("POST", "/v1/events", event).status,
            own("POST", "/1/events", {"events": [insights]}).status,
            own("POST", "/ubi_queries", [ubi_query]).status,
        ]

    assert asked(derive(), "ann") == [403] * 7
    assert asked(derive(user_id="ann"), "ann") == [200] * 7
    assert asked(derive(user_id="ann"), "bob") == [403] * 7
    assert asked(derive(user_id="*"), "bob") == [200] * 7
    query = {"requests": [{"indexName": "items", "query": "lamp", "userToken": "ann"}]}
    assert derive()("POST", "/1/indexes/*/queries", query).status == 403
    assert derive(user_id="ann")("POST", "/1/indexes/*/queries", query).status == 200
    query["requests"][0]["userToken"] = "anonymous-1"
    assert derive()("POST", "/1/indexes/*/queries", query).status == 200


def test_a_users_session_has_a_name_that_keys_without_the_user_can_not_name(
    derive: Derive, admin: Api
) -> None:
    def asked(own: Api, name: str) -> list[int]:
        named = {"session_id": name, "deadline_ms": 20_000}
        event = {"action": "click", "item_id": "own-1", "session_id": name}
        insights = {"eventType": "click", "eventName": "c", "userToken": name,
                    "objectIDs": ["own-1"]}  # fmt: skip
        ubi_query = {"client_id": name, "query_id": "q", "user_query": "planted"}
        ubi_event = {"action_name": "click", "client_id": name,
                     "event_attributes": {"object": {"object_id": "own-1"}}}  # fmt: skip
        return [
            own("POST", "/v1/search", {**named, "query": "lamp"}).status,
            own("POST", "/v1/recommend", named).status,
            own("POST", "/v1/rank", {**named, "item_ids": ["own-1"]}).status,
            own("POST", "/v1/suggest", {**named, "prefix": ""}).status,
            own("POST", "/v1/events", event).status,
            own("POST", "/1/events", {"events": [insights]}).status,
            own("POST", "/ubi_events", [ubi_event]).status,
            own("POST", "/ubi_queries", [ubi_query]).status,
        ]

    any_user, nobody = derive(user_id="*"), derive()
    query = {"indexName": "items", "query": "desk lamp seven", "userToken": "alice-77"}
    assert any_user("POST", "/1/indexes/*/queries", {"requests": [query]}).status == 200
    event = {"eventType": "click", "eventName": "c", "userToken": "alice-77",
             "objectIDs": ["own-7"]}  # fmt: skip
    assert any_user("POST", "/1/events", {"events": [event]}).status == 200
    kept = admin("GET", "/v1/sessions/user:alice-77").body["session"]
    assert [each["query_text"] for each in kept["queries"]] == ["desk lamp seven"]
    assert [each["item_id"] for each in kept["events"]] == ["own-7"]
    guessed = {"session_id": "alice-77", "deadline_ms": 20_000, "explain": True}
    suggested = nobody("POST", "/v1/suggest", {"session_id": "alice-77", "prefix": ""}).body
    assert "seven" not in json.dumps(suggested)
    assert nobody("POST", "/v1/recommend", guessed).body["personalized"] is False
    assert asked(nobody, "alice-77") == [200] * 8  # a session of that name, which is not the user's
    for own in (nobody, derive(user_id="bob")):
        assert asked(own, "user:alice-77") == [403] * 8
    assert admin("GET", "/v1/sessions/user:alice-77").body["session"] == kept
    assert asked(derive(user_id="alice-77"), "user:alice-77") == [200] * 8


def test_the_recipe_of_the_documentation_makes_the_same_key_without_the_service(
    api: Api, parent: str, tmp_path: Path
) -> None:
    text = (ROOT / "docs/access.md").read_text()
    [recipe] = re.findall(r"```python\n(.*?browser_key.*?)```", text, re.DOTALL)
    assert len([line for line in recipe.splitlines() if line]) <= 10
    namespace: dict[str, Any] = {}
    exec(compile(recipe, "recipe", "exec"), namespace)
    key = namespace["browser_key"](parent, scopes=["search"], filters=TENANT_A)
    within(api.with_key(key)("POST", "/v1/search", {**SESSION, "query": "desk lamp"}))


def test_the_command_derives_a_key_offline(
    api: Api, parent: str, environment: dict[str, str]
) -> None:
    offline = environment | {"LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:9"}
    arguments = ("--scope", "search", "--filters", json.dumps(TENANT_A), "--expires", "1h",
                 "--origin", "https://shop.example")  # fmt: skip
    made = CliRunner().invoke(cli, ["keys", "derive", *arguments], input=parent, env=offline)
    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    own = api.with_key(key, Origin="https://shop.example")
    within(own("POST", "/v1/search", {**SESSION, "query": "desk lamp"}))
    content = key.split(".")[2]
    said = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert set(said) == {"scopes", "filters", "expires_at", "origins"}
    assert run(environment, "keys", "derive", "--filters", "{").returncode == 2


def test_browser_keys_count_in_addresses_and_die_with_their_parent(
    api: Api, derive: Derive, environment: dict[str, str]
) -> None:
    made = invoke(environment, "keys", "create", "short-lived", "--scope", "search").stdout.strip()
    text = KeyText.parse(made)
    assert text is not None
    key = browser_key(text, b'{"scopes": ["search"]}')
    search = {**SESSION, "query": "lamp"}
    assert api("POST", f"/v1/search?key={key}", search).status == 200
    queries = {"requests": [{"indexName": "items", "query": "lamp"}]}
    assert api("POST", f"/1/indexes/*/queries?x-algolia-api-key={key}", queries).status == 200
    invoke(environment, "keys", "rotate", text.key_id, "--overlap", "1h")
    assert api.with_key(key)("POST", "/v1/search", search).status == 200
    invoke(environment, "keys", "revoke", text.key_id)
    wait_until(lambda: api.with_key(key)("POST", "/v1/search", search).status == 401, 10)
