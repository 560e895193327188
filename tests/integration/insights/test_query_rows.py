"""Rows of ubi_queries say what was answered, and what the visitor clicked of it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.sessions.ubi.ubi_rows import query_row_id
from tests.integration.serving import Api, item_ids, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(shop, encoder) as served:
        yield served


def row_of(client: OpenSearch, names: IndexNames, session_id: str, query_id: str) -> dict[str, Any]:
    """The stored row of a query; {} while it is not written."""
    row_id = query_row_id(session_id, query_id)
    response = client.get(index=names.ubi_queries, id=row_id, params={"ignore": 404})
    return dict(response.get("_source", {}))


def clicks_of(
    client: OpenSearch, names: IndexNames, session_id: str, query_id: str
) -> dict[str, Any]:
    return dict(row_of(client, names, session_id, query_id).get("answer", {}))


def test_a_row_says_what_was_answered(api, client, names):
    answer = api.search("running shoes", "rows-1", size=5, fields=["title"])
    wait_until(lambda: clicks_of(client, names, "rows-1", answer["query_id"]))
    row = clicks_of(client, names, "rows-1", answer["query_id"])
    assert row["total"] == answer["total"]["value"]
    assert (row["shown"], row["offset"]) == (5, 0)
    assert row["took_ms"] == pytest.approx(answer["timing_ms"]["total"], abs=0.1)
    assert row["personalized"] is False
    assert row["degraded"] == [one["stage"] for one in answer["degraded"]]
    assert row["brands"]  # although the request left them out of the hits
    assert 0 <= row["long_tail"] <= 5


def test_a_sorted_list_says_what_was_shown_too(api, client, names):
    answer = api.search("running shoes", "rows-9", size=5, sort="price")
    wait_until(lambda: clicks_of(client, names, "rows-9", answer["query_id"]))
    row = clicks_of(client, names, "rows-9", answer["query_id"])
    assert (row["shown"], bool(row["brands"]), bool(row["categories"])) == (5, True, True)


def test_clicks_are_joined_once_however_often_they_are_sent(api, client, names):
    answer = api.search("running shoes", "rows-2", size=5)
    third, first = item_ids(answer)[2], item_ids(answer)[0]
    hour_ago = time.time() - 3600
    sent = {"query_id": answer["query_id"], "timestamp": hour_ago}
    for _ in range(2):
        assert api.event("click", third, "rows-2", event_id="c1", **sent).status == 200
    later = sent | {"timestamp": hour_ago + 100}
    assert api.event("click", first, "rows-2", event_id="c2", **later).status == 200
    assert api.event("purchase", third, "rows-2", event_id="c3", **later).status == 200
    assert api.event("dislike", item_ids(answer)[1], "rows-2", **later).status == 200
    assert api.event("impression", item_ids(answer)[3], "rows-2", **later).status == 200

    def joined() -> bool:
        row = clicks_of(client, names, "rows-2", answer["query_id"])
        return row.get("clicks") == 2 and row.get("purchased", False)

    wait_until(joined)
    row = clicks_of(client, names, "rows-2", answer["query_id"])
    assert row["clicked_ids"] == [third, first]
    assert (row["first_click"], row["reciprocal_rank"]) == (3, pytest.approx(1 / 3))
    assert row["total"] == answer["total"]["value"]

    # An earlier click that arrives late is the first one; an item that was not shown is no click.
    late = sent | {"timestamp": hour_ago - 50}
    shown = set(item_ids(answer))
    other = next(f"i{number}" for number in range(60) if f"i{number}" not in shown)
    api.event("click", other, "rows-2", event_id="c4", **late)
    api.event("click", first, "rows-2", event_id="c5", **late)
    wait_until(lambda: clicks_of(client, names, "rows-2", answer["query_id"])["first_click"] == 1)
    assert clicks_of(client, names, "rows-2", answer["query_id"])["clicks"] == 2


def test_a_click_of_a_second_page_has_the_position_in_the_whole_list(api, client, names):
    answer = api.search("running shoes", "rows-3", size=4, **{"from": 4})
    api.event("click", item_ids(answer)[1], "rows-3", query_id=answer["query_id"], position=2)
    wait_until(lambda: "clicks" in clicks_of(client, names, "rows-3", answer["query_id"]))
    assert clicks_of(client, names, "rows-3", answer["query_id"])["first_click"] == 6


def test_a_click_on_a_list_that_is_not_here_makes_no_row(api, client, names):
    api.event("click", "i1", "rows-4", query_id="of-another-engine")
    answer = api.search("desk lamp", "rows-4")
    api.event("click", item_ids(answer)[0], "rows-4", query_id=answer["query_id"])
    wait_until(lambda: "clicks" in clicks_of(client, names, "rows-4", answer["query_id"]))
    assert row_of(client, names, "rows-4", "of-another-engine") == {}


def test_an_erased_session_gets_no_row_back_by_a_late_click(api, client, names):
    answer = api.search("desk lamp", "rows-5")
    api.event("click", item_ids(answer)[0], "rows-5", query_id=answer["query_id"])
    assert api("DELETE", "/v1/sessions/rows-5").status == 200
    late = api.event("click", item_ids(answer)[1], "rows-5", query_id=answer["query_id"])
    assert late.status == 200
    other = api.search("desk lamp", "rows-6")
    api.event("click", item_ids(other)[0], "rows-6", query_id=other["query_id"])
    wait_until(lambda: "clicks" in clicks_of(client, names, "rows-6", other["query_id"]))
    assert row_of(client, names, "rows-5", answer["query_id"]) == {}


def test_a_query_that_a_client_sent_gets_its_clicks_too(api, client, names):
    query = {
        "query_id": "sent-1",
        "client_id": "rows-7",
        "user_query": "lamp",
        "query_response_hit_ids": ["i3", "i7"],
    }
    assert api("POST", "/ubi_queries", query).status == 200
    api.event("click", "i7", "rows-7", query_id="sent-1")
    wait_until(lambda: "clicks" in clicks_of(client, names, "rows-7", "sent-1"))
    assert clicks_of(client, names, "rows-7", "sent-1")["first_click"] == 2


def test_clicks_are_joined_where_ids_are_stored_as_hashes(shop, encoder, client, names):
    keys = "k1:" + "ab" * 32
    with serving_index(shop, encoder, pseudonym_keys=keys) as served:
        answer = served.search("desk lamp", "rows-8")
        served.event("click", item_ids(answer)[0], "rows-8", query_id=answer["query_id"])
        clicked = [
            {"term": {"query_id": answer["query_id"]}},
            {"exists": {"field": "answer.clicks"}},
        ]

        def joined() -> bool:
            client.indices.refresh(index=names.ubi_queries)
            body = {"query": {"bool": {"filter": clicked}}}
            return bool(client.count(index=names.ubi_queries, body=body)["count"])

        wait_until(joined)
