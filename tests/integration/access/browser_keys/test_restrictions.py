"""Where, until when, for what and for whom a browser key is good; how one is made and dies."""

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from live_intent.main import cli
from query_service.access.key_text import KeyText, browser_key
from tests.integration.access.browser_keys.tenant_shop import (
    SESSION,
    TENANT_A,
    Derive,
    within,
)
from tests.integration.command_line import ROOT, invoke, run
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


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
