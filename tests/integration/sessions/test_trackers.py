"""What browsers and trackers' libraries send is kept as it comes, and counts where it should."""

import functools
import http.server
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser

from indexer.encoder.encoder import Encoder
from learning.data.ubi_log import observations
from learning.data.ubi_sources import read_cluster
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.sessions.ubi.ubi_rows import iso_time
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.documentation import read_page
from tests.integration.serving import Api, serving
from tests.integration.waiting import wait_until
from tests.local_server import local_server

pytestmark = pytest.mark.node
ITEM = (
    '<article data-item-id="{0}" data-position="{1}">'
    '<b>{0}</b><i data-action="like">♥</i></article>'
)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def shop_url(folder: Path) -> Iterator[str]:
    """A shop's web server: another origin than the service's."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with local_server(handler) as url:
        yield url


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder, shop_url: str) -> Iterator[Api]:
    settings = load(
        ServiceSettings,
        default_deadline_ms=20_000,
        cors_origins=shop_url,
        session_ttl_days=3650,  # trackers' examples are old
    )
    with serving(create_app(settings, shop, encoder)) as api:
        yield api


@pytest.fixture
def kept(api: Api) -> Callable[[str], Any]:
    """All that is kept of a session."""

    def export(session_id: str) -> Any:
        response = api("GET", f"/v1/sessions/{session_id}")
        return response.body if response.status == 200 else {}

    return export


def rows(export: Any, kind: str = "ubi_events") -> list[Any]:
    return export.get(kind, {}).get("rows", [])


def test_the_snippet_of_the_docs_tells_what_is_seen_and_clicked(
    browser: Browser, api: Api, shop_url: str, folder: Path, kept: Callable[[str], Any]
) -> None:
    (snippet,) = re.findall(r"```html\n(.*?)```", read_page("docs/clients.md"), re.DOTALL)
    answer = api.search("running shoes", "before")
    items = "".join(ITEM.format(hit["item_id"], hit["position"]) for hit in answer["hits"][:3])
    page_text = f'<main data-query-id="{answer["query_id"]}">{items}</main>' + snippet.replace(
        "https://search.shop.example", api.url
    )
    (folder / "list.html").write_text(f'<meta charset="utf-8">{page_text}')
    page = browser.new_page()
    page.goto(f"{shop_url}/list.html")
    page.locator("b").nth(1).click()
    page.locator("i").nth(2).click()
    session = page.evaluate("localStorage.visitor")
    wait_until(lambda: len(rows(kept(session))) == 5)
    page.close()
    export = kept(session)
    ids = [hit["item_id"] for hit in answer["hits"][:3]]
    sent = {(row["action_name"], row["event_attributes"]["object"]["object_id"],
             row["event_attributes"]["position"]["ordinal"]) for row in rows(export)}  # fmt: skip
    assert sent == {
        *(("impression", item_id, n) for n, item_id in enumerate(ids, 1)),
        ("click", ids[1], 2),
        ("like", ids[2], 3),
    }
    assert {row["query_id"] for row in rows(export)} == {answer["query_id"]}
    counted = [(event["action"], event["item_id"]) for event in export["session"]["events"]]
    assert counted == [("click", ids[1]), ("like", ids[2])]


def test_events_of_search_insights_count_in_the_next_search(
    api: Api, kept: Callable[[str], Any]
) -> None:
    answer = api.search("running shoes", "anonymous-1")
    hit = answer["hits"][2]
    event = {
        "eventType": "click", "eventName": "Hit Clicked", "index": "items",
        "queryID": answer["query_id"], "objectIDs": [hit["item_id"]], "positions": [3],
        "userToken": "anonymous-1",
    }  # fmt: skip
    viewed = {"eventType": "view", "eventName": "Hits Viewed", "userToken": "anonymous-1",
              "objectIDs": [hit["item_id"] for hit in answer["hits"]]}  # fmt: skip
    url = f"{api.url}/1/events?X-Algolia-Application-Id=a&X-Algolia-API-Key=k"
    request = urllib.request.Request(
        url, json.dumps({"events": [event, viewed]}).encode(), {"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 200
    wait_until(lambda: len(rows(kept("anonymous-1"))) == 1 + len(answer["hits"]))
    export = kept("anonymous-1")
    assert [event["action"] for event in export["session"]["events"]] == ["click"]
    again = api.search("running shoes", "anonymous-1", explain=True)
    assert again["personalized"]
    assert "clicked" in again["hits"][0]["explanation"]["why"]


def test_arrays_of_the_ubi_client_are_taken(api: Api, kept: Callable[[str], Any]) -> None:
    query = {"application": "shop", "query_id": "ubi-1", "user_query": "desk lamp",
             "client_id": "ubi-client", "object_id_field": "item_id", "message": "",
             "message_type": "INFO", "timestamp": iso_time(time.time() - 65)}  # fmt: skip
    assert api("POST", "/ubi_queries", [query]).body["accepted"] == 1
    seen = [
        ubi_event("impression", item_id, ordinal) for ordinal, item_id in enumerate(("i2", "i7"))
    ]
    clicked = ubi_event("click", "i7", 1)
    filtered = {**clicked, "action_name": "brand_filter", "event_attributes": {"brand": "Acme"}}
    response = api("POST", "/ubi_events", [*seen, clicked, filtered])
    assert [item["status"] for item in response.body["items"]] == ["accepted"] * 4
    wait_until(lambda: len(rows(kept("ubi-client"))) == 4)
    export = kept("ubi-client")
    assert [(e["action"], e["item_id"]) for e in export["session"]["events"]] == [("click", "i7")]
    assert [q["query_text"] for q in export["session"]["queries"]] == ["desk lamp"]
    assert api("POST", "/v1/events", filtered).status == 422  # there it would be a mistyped action


def test_position_propensities_read_impressions(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    query = {"application": "ubi-shop", "query_id": "seen-1", "user_query": "rain jacket",
             "client_id": "seen-client"}  # fmt: skip
    api("POST", "/ubi_queries", [query])
    here = {"query_id": "seen-1", "client_id": "seen-client", "application": "ubi-shop"}
    seen = [("impression", "i4", 1), ("impression", "i9", 3), ("click", "i9", 3)]
    events = [{**ubi_event(*each), **here} for each in seen]
    assert api("POST", "/ubi_events", events).body["accepted"] == 3

    def impressions() -> list[Any]:
        client.indices.refresh(index=f"{names.ubi_queries},{names.ubi_events}")
        log = read_cluster(client, names)
        return [each for each in log.impressions if each.query_id == "seen-1"]

    wait_until(lambda: bool(impressions()))
    _, positions, was_clicked = observations(impressions())
    assert positions.tolist() == [1, 3]
    assert was_clicked.tolist() == [False, True]


def test_a_query_that_this_service_answered_keeps_its_row(
    api: Api, kept: Callable[[str], Any]
) -> None:
    answer = api.search("coffee machine", "own-query")
    sent = {
        "query_id": answer["query_id"],
        "user_query": "coffee machine",
        "session_id": "own-query",
    }
    assert api("POST", "/ubi_queries", [sent]).body["accepted"] == 1
    wait_until(lambda: len(rows(kept("own-query"), "ubi_queries")) == 1)
    (row,) = rows(kept("own-query"), "ubi_queries")
    assert row["query_response_hit_ids"] == [hit["item_id"] for hit in answer["hits"]]


def test_impressions_count_as_views_where_the_setting_says_so(
    shop: ClusterSettings, encoder: Encoder
) -> None:
    settings = load(ServiceSettings, default_deadline_ms=20_000, impressions_count=True)
    with serving(create_app(settings, shop, encoder)) as counting:
        assert counting.event("impression", "i3", "counted").status == 200
        export = counting("GET", "/v1/sessions/counted").body
        assert [event["action"] for event in export["session"]["events"]] == ["view"]
        assert [row["action_name"] for row in rows(export)] == ["impression"]


@pytest.mark.parametrize("path", ["/1/events", "/ubi_events", "/ubi_queries"])
def test_malformed_bodies_are_refused(api: Api, path: str) -> None:
    for body in ({}, [], [3], {"events": []}, {"events": [[]]}, [{"action_name": [1]}], [{}]):
        assert api("POST", path, body).status == 422, body


def ubi_event(action: str, item_id: str, ordinal: int) -> dict[str, Any]:
    """An event as the UBI client makes it."""
    return {
        "application": "shop", "action_name": action, "query_id": "ubi-1", "session_id": "",
        "client_id": "ubi-client", "user_id": "", "timestamp": iso_time(time.time() - 60),
        "message_type": "INFO", "message": "",
        "event_attributes": {
            "object": {"object_id": item_id, "object_id_field": "item_id", "description": item_id},
            "position": {"ordinal": ordinal},
        },
    }  # fmt: skip
