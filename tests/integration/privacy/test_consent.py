"""What visitors refuse is neither read nor kept, nor learned from."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.suggestions.logged_queries import read_log
from learning.data.ubi_sources import read_cluster
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.sessions.documents import document_id
from tests.integration.privacy.kept_table import KeptTable
from tests.integration.serving import Api, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
GPC = {"Sec-GPC": "1"}
REQUESTS: dict[str, dict[str, bool]] = {
    "nothing": {},
    '`"personalize": false`': {"personalize": False},
    '`"personalize": false, "store": true`': {"personalize": False, "store": True},
    '`"store": false`': {"store": False},
    '`"learn": false`': {"learn": False},
}
SESSIONS: dict[str, dict[str, bool]] = {
    '`POST /v1/consents` `"personalize": false`': {"personalize": False},
    '`POST /v1/consents` `"personalize": false, "store": true`':
        {"personalize": False, "store": True},
    '`POST /v1/consents` `"personalize": true, "store": false`':
        {"personalize": True, "store": False},
    '`POST /v1/consents` `"personalize": true, "learn": false`':
        {"personalize": True, "learn": False},
}  # fmt: skip
SIGNALS = ("nothing", "learning", "storage", "all")


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(shop, encoder) as api:
        yield api


class Trace:
    """What one visitor left in the indexes."""

    def __init__(self, client: OpenSearch, names: IndexNames, session_id: str) -> None:
        self.client, self.names, self.session_id = client, names, session_id
        client.indices.refresh(index=",".join(names.stores))
        ids = [document_id("session", session_id), document_id("user", f"u-{session_id}")]
        documents = client.mget(index=names.sessions, body={"ids": ids})["docs"]
        self.session, self.user = (document.get("_source", {}) for document in documents)

    def rows(self, index: str) -> list[dict[str, Any]]:
        query = {"query": {"term": {"session_id": self.session_id}}}
        hits = self.client.search(index=index, body=query, size=100)["hits"]["hits"]
        return [hit["_source"] for hit in hits]

    def cells(self) -> tuple[str, str, str, str]:
        """Of the query `jacket` and the click on `i7`."""
        queries = [r for r in self.rows(self.names.ubi_queries) if r["user_query"] == "jacket"]
        events = [r for r in self.rows(self.names.ubi_events) if _item(r) == "i7"]
        text = json.dumps([self.session, self.user])
        history = ['"jacket"' in text, '"i7"' in text]
        assert len(set(history)) == 1, history
        learned = {row.get("learn", True) for row in (*queries, *events)}
        assert len(learned) < 2
        return (
            "kept" if all(history) else "-",
            _row(queries),
            _row(events),
            ("yes" if learned == {True} else "-"),
        )


def _item(row: dict[str, Any]) -> str:
    return str(row["event_attributes"]["object"]["object_id"])


def _row(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "-"
    [row] = rows
    return "kept" if row.get("user_id") else "without user"


def visit(api: Api, session_id: str, said: dict[str, bool], headers: dict[str, str]) -> Any:
    """A search and a click, with all that is said; the search's answer."""
    who = {"session_id": session_id, "user_id": f"u-{session_id}", **said}
    body = {"query": "jacket", "deadline_ms": 20_000, **who}
    answer = api("POST", "/v1/search", body, headers)
    assert answer.status == 200, answer
    click = {"action": "click", "item_id": "i7", **who}
    assert api("POST", "/v1/events", click, headers).body["accepted"] == 1
    return answer.body


def test_what_is_kept_is_as_the_table_says(
    api: Api,
    shop: ClusterSettings,
    encoder: Encoder,
    client: OpenSearch,
    names: IndexNames,
) -> None:
    table = KeptTable()

    def observe(
        said: str, service: Api, name: str, fields: dict[str, bool], headers: dict[str, str]
    ) -> None:
        before = {"action": "click", "item_id": "i1", "session_id": name}
        if not fields.pop("chosen", None):
            assert service("POST", "/v1/events", before).status == 200
        answer = visit(service, name, fields, headers)
        read = "yes" if answer["personalized"] else "-"
        flush(service)
        explained = service("GET", f"/v1/queries/{answer['query_id']}/explanation").status
        cells = Trace(client, names, name).cells()
        table.note(said, read, *cells, {200: "yes", 404: "-"}[explained])

    for number, (said, fields) in enumerate(REQUESTS.items()):
        observe(said, api, f"request-{number}", dict(fields), {})
    for number, (said, choice) in enumerate(SESSIONS.items()):
        name = f"session-{number}"
        assert api.event("click", "i1", name).status == 200
        assert api("POST", "/v1/consents", {"session_id": name, **choice}).status == 200
        observe(said, api, name, {"chosen": True}, {})
    with ExitStack() as stack:
        for refused in SIGNALS:
            service = stack.enter_context(serving_index(shop, encoder, gpc_refuses=refused))
            said = f"`Sec-GPC: 1`, LIVE_INTENT_GPC_REFUSES=`{refused}`"
            observe(said, service, f"signal-{refused}", {}, GPC)
    table.settle()


def flush(api: Api) -> None:
    """Wait until the service has written all queries: an export does."""
    api("GET", "/v1/sessions/nobody")


@pytest.fixture
def trace(client: OpenSearch, names: IndexNames, api: Api) -> Callable[[str], Trace]:
    def of(session_id: str) -> Trace:
        flush(api)
        return Trace(client, names, session_id)

    return of


def test_a_later_choice_is_what_counts_and_no_request_can_allow_more(
    api: Api, trace: Callable[[str], Trace]
) -> None:
    assert api.event("click", "i1", "later").status == 200
    refusal = {"session_id": "later", "personalize": False}
    answer = api("POST", "/v1/consents", refusal).body
    assert answer == {
        "personalize": False, "store": False, "learn": False, "ubi_queries": 0, "ubi_events": 1,
    }  # fmt: skip
    allowing = {"personalize": True, "store": True, "learn": True}
    assert not visit(api, "later", allowing, {})["personalized"]
    assert trace("later").cells() == ("-", "-", "-", "-")
    again = api("POST", "/v1/consents", refusal | {"personalize": True}).body
    assert (again["personalize"], again["store"], again["learn"]) == (True, True, True)
    assert visit(api, "later", {}, {})["personalized"]
    assert trace("later").cells() == ("kept", "kept", "kept", "yes")


def test_the_choice_of_a_session_counts_for_more_than_the_browsers_signal(
    shop: ClusterSettings, encoder: Encoder, trace: Callable[[str], Trace]
) -> None:
    with serving_index(shop, encoder, gpc_refuses="all") as strict:
        assert strict("POST", "/v1/consents", {"session_id": "says-yes", "personalize": True})
        assert strict.event("click", "i1", "says-yes").status == 200
        assert visit(strict, "says-yes", {}, GPC)["personalized"]
        flush(strict)
        assert trace("says-yes").cells() == ("kept", "kept", "kept", "yes")


def test_an_event_that_is_refused_says_so(api: Api) -> None:
    answer = api.event("click", "i1", "noted", store=False).body
    assert answer["items"][0]["note"] == "not kept: the visitor refuses it"
    answer = api.event("click", "i1", "noted", personalize=False, store=True).body
    assert "in no history" in answer["items"][0]["note"]
    assert api.event("click", "i1", "noted", store="no").status == 422
    assert api.event("click", "i1", "noted", personalize=None).status == 422


def test_an_event_that_is_older_than_what_is_kept_is_rejected(api: Api) -> None:
    month = 32 * 24 * 3600
    response = api.event("click", "i1", "old", timestamp=time.time() - month)
    assert response.status == 422
    assert "32 days ago" in response.body["detail"]
    assert "LIVE_INTENT_SESSION_TTL_DAYS" in response.body["detail"]
    query = {"query_id": "q", "user_query": "lamp", "client_id": "old"}
    response = api("POST", "/ubi_queries", [query | {"timestamp": time.time() - month}])
    assert response.status == 422
    assert api("POST", "/ubi_queries", [query | {"timestamp": time.time() - 60}]).status == 200


def test_an_event_of_an_erased_session_says_why_once(api: Api) -> None:
    before = time.time()
    api.event("click", "i1", "gone", user_id="u-gone")
    assert api("DELETE", "/v1/sessions/gone").status == 200
    detail = api.event("click", "i1", "gone", user_id="u-gone", timestamp=before).body["detail"]
    assert detail.count("was erased") == 1, detail


def test_suggestions_take_the_choice_of_the_session(api: Api) -> None:
    api.search("lamp", "suggested")
    wanted = {"prefix": "la", "session_id": "suggested", "deadline_ms": 20_000}

    def own() -> list[Any]:
        answer = api("POST", "/v1/suggest", wanted).body
        return [each for each in answer["suggestions"] if each["own"]]

    wait_until(lambda: bool(own()))
    api("POST", "/v1/consents", {"session_id": "suggested", "personalize": False})
    assert own() == []


def test_nothing_is_learned_from_those_who_refuse(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    for number in range(3):
        session_id = f"taught-{number}"
        api.search("coffee machine", session_id)
        assert api("POST", "/v1/search", {
            "query": "desk lamp", "session_id": session_id, "learn": False, "deadline_ms": 20_000,
        }).status == 200  # fmt: skip
    api.search("running shoes", "left")
    flush(api)
    client.indices.refresh(index=names.ubi_queries)
    assert api("POST", "/v1/consents", {"session_id": "left", "personalize": True, "learn": False})
    client.indices.refresh(index=names.ubi_queries)
    suggested = {q.text: len(q.visitors) for q in
                 read_log(client, names, min_sessions=1, since_ms=0).queries}  # fmt: skip
    assert suggested["coffee machine"] == 3
    assert not {"desk lamp", "running shoes"} & suggested.keys()
    log = read_cluster(client, names)
    assert not {"desk lamp", "running shoes"} & {each.plain_text for each in log.impressions}
    assert any("refuses that it is learned from" in line for line in log.remarks.lines())


@pytest.mark.parametrize(
    ("params", "cells"),
    [
        ({}, ("kept", "kept")),
        ({"enablePersonalization": False}, ("-", "without user")),
        ({"analytics": False}, ("-", "-")),
    ],
)
def test_instantsearch_says_it_in_its_own_words(
    api: Api, trace: Callable[[str], Trace], params: dict[str, bool], cells: tuple[str, str]
) -> None:
    token = f"token-{'-'.join(params)}"
    body = {"query": "jacket", "userToken": token, **params}
    assert api("POST", "/1/indexes/items/query", body).status == 200
    left = trace(f"user:{token}")
    assert "jacket" in json.dumps(left.session) or cells[0] == "-"
    assert _row(left.rows(left.names.ubi_queries)) == cells[1]


def test_what_a_user_token_chose_as_a_plain_session_counts(
    api: Api, trace: Callable[[str], Trace]
) -> None:
    refusal = {"session_id": "chooser", "personalize": True, "store": False}
    assert api("POST", "/v1/consents", refusal).status == 200
    body = {"query": "jacket", "userToken": "chooser"}
    assert api("POST", "/1/indexes/items/query", body).status == 200
    insight = {"eventType": "click", "eventName": "c", "userToken": "chooser", "objectIDs": ["i7"]}
    assert api("POST", "/1/events", {"events": [insight]}).status == 200
    left = trace("user:chooser")
    assert not left.session
    assert not left.rows(left.names.ubi_queries) + left.rows(left.names.ubi_events)
    own = {"session_id": "user:chooser", "personalize": True}
    assert api("POST", "/v1/consents", own).status == 200
    assert api("POST", "/1/indexes/items/query", body).status == 200
    assert len(trace("user:chooser").rows(left.names.ubi_queries)) == 1


def test_trackers_say_it_in_fields_of_ours(api: Api, trace: Callable[[str], Trace]) -> None:
    event = {
        "action_name": "click", "client_id": "tracked", "store": False,
        "event_attributes": {"object": {"object_id": "i1"}},
    }  # fmt: skip
    assert api("POST", "/ubi_events", [event]).body["accepted"] == 1
    query = {"query_id": "q", "user_query": "lamp", "client_id": "tracked", "store": False}
    assert api("POST", "/ubi_queries", [query]).body["accepted"] == 1
    insight = {"eventType": "click", "userToken": "tracked", "objectIDs": ["i1"], "store": False}
    assert api("POST", "/1/events", {"events": [insight]}).body["accepted"] == 1
    for name in ("tracked", "user:tracked"):
        left = trace(name)
        assert not left.session
        assert not left.rows(left.names.ubi_events)
        assert not left.rows(left.names.ubi_queries)
    assert api("POST", "/1/events", {"events": [insight | {"store": "no"}]}).status == 422
