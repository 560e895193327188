"""Items put, patched and deleted over HTTP on a real node, one by one and in bulk."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.index.documents import from_float16_base64
from plugin_config.schema import VECTOR_FLOAT16, IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import source
from tests.integration.serving import Api, Response, item_ids, serving

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000, item_writes=True)
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, shop, batching)) as api:
        yield api
    batching.close()


@pytest.mark.parametrize("item_id", ["new-1", "a/b", "a//b/", "auth|1+2", "100% Wolle", "Ä 1"])
def test_an_item_is_put_patched_and_deleted_under_any_id(
    api: Api, client: OpenSearch, names: IndexNames, encoder: Encoder, item_id: str
) -> None:
    path = "/v1/items/" + quote(item_id, safe="")
    item = {
        "title": "Purple piano", "price": 900, "brand": "Acme", "category": "Music > Keys",
        "attributes": {"keys": "88", "colour": "purple"},
    }  # fmt: skip
    made = api("PUT", path, item)
    assert (made.status, made.body["item_id"], made.body["status"]) == (201, item_id, "created")
    stored = source(client, names, item_id)
    expected = encoder.encode_items(["Purple piano. Acme. Keys"])[0]
    assert float(from_float16_base64(stored[VECTOR_FLOAT16]) @ expected) > 0.999

    patched = api("PATCH", path, {"price": 850.5, "brand": None, "attributes": {"keys": None}})
    assert (patched.status, patched.body["status"]) == (200, "updated")
    stored = source(client, names, item_id)
    assert (stored["price"], stored["attributes"]["colour"]) == (850.5, "purple")
    assert "brand" not in stored
    assert "keys" not in stored["attributes"]

    put = api("PUT", path, {"title": "Purple piano"})
    assert put.status == 200
    assert f"price vanished of 1 items (item {item_id}: 850.5)" in put.body["notes"]
    assert "price" not in source(client, names, item_id)
    assert api("DELETE", path).body == {"item_id": item_id, "status": "deleted"}
    assert source(client, names, item_id) is None
    for method, body in (("DELETE", None), ("PATCH", {"price": 1})):
        assert api(method, path, body).status == 404
    assert source(client, names, item_id) is None


def test_a_version_far_ahead_is_refused_and_a_write_without_one_wins_over_one_ahead(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    now = time.time_ns() // 1_000_000
    day = 24 * 3600 * 1000
    assert api("PUT", "/v1/items/ahead", {"title": "Lamp"}).status == 201
    for method, body in (("PUT", {"title": "Far"}), ("PATCH", {"price": 1}), ("DELETE", None)):
        response = api(method, f"/v1/items/ahead?version={now + day + 60_000}", body)
        assert response.status == 409, response
        assert "more than a day ahead of the clock" in response.body["detail"]
    operations = [
        {"op": "delete", "item_id": "ahead", "version": now + 2 * day},
        {"op": "patch", "item_id": "ahead", "item": {"price": 7}, "version": now + day // 2},
    ]
    far, near = api("POST", "/v1/items", {"operations": operations}).body["items"]
    assert (far["status"], far["field"]) == ("rejected", "version")
    assert near["status"] == "updated"
    alone = api("POST", "/v1/items", {"operations": operations[:1]})
    assert (alone.status, alone.body["written"]) == (200, 0)
    assert api("PATCH", "/v1/items/ahead", {"price": 8}).status == 200
    assert api("PUT", "/v1/items/ahead", {"title": "Lamp", "price": 9}).status == 200
    assert source(client, names, "ahead")["price"] == 9
    assert api("DELETE", "/v1/items/ahead").status == 200
    assert source(client, names, "ahead") is None
    assert api("PUT", "/v1/items/ahead", {"title": "Lamp"}).status == 201
    assert api("DELETE", "/v1/items/ahead").status == 200


def test_an_older_version_changes_nothing(api: Api, client: OpenSearch, names: IndexNames) -> None:
    now = time.time_ns() // 1_000_000
    assert api("PUT", "/v1/items/aged", {"title": "Lamp"}).status == 201
    for method, body in (("PUT", {"title": "Old"}), ("PATCH", {"price": 1}), ("DELETE", None)):
        response = api(method, f"/v1/items/aged?version={now - 10**9}", body)
        assert response.status == 409, response
        assert "newer version" in response.body["detail"]
        stored = client.get(index=names.items, id="aged", _source=False)["_version"]
        assert (
            f"its version is {stored}, that of the write {now - 10**9}" in response.body["detail"]
        )
    assert api("PATCH", f"/v1/items/aged?version={now + 1000}", {"price": 77}).status == 200
    assert source(client, names, "aged")["price"] == 77


def test_an_older_put_does_not_revive_an_item_long_after_its_deletion(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    now = time.time_ns() // 1_000_000
    assert api("PUT", "/v1/items/gone", {"title": "Lamp"}).status == 201
    assert api("DELETE", f"/v1/items/gone?version={now + 2000}").status == 200
    forget = {"index.gc_deletes": "0s"}  # the engine's own note of the deletion
    client.indices.put_settings(index=names.items, body=forget)
    client.indices.flush(index=names.items)
    older = api("PUT", f"/v1/items/gone?version={now + 1000}", {"title": "Lamp"})
    assert (older.status, "it was deleted since" in older.body["detail"]) == (409, True)
    assert source(client, names, "gone") is None
    newer = api("PUT", f"/v1/items/gone?version={now + 3000}", {"title": "Lamp"})
    assert newer.status == 201


@pytest.mark.parametrize("versioned", [False, True])
def test_nothing_is_lost_of_changes_that_come_together(
    api: Api, client: OpenSearch, names: IndexNames, *, versioned: bool
) -> None:
    item_id = f"together-{versioned}"
    api("PUT", f"/v1/items/{item_id}", {"title": "Lamp"})

    def change(number: int) -> list[tuple[int, Response]]:
        answers = []
        for value in range(8):
            version = f"?version={time.time_ns() // 10**6 + number}" if versioned else ""
            body = {"attributes": {f"by{number}": value}}
            answers.append((value, api("PATCH", f"/v1/items/{item_id}{version}", body)))
        return answers

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(change, range(8)))
    stored = source(client, names, item_id)["attributes"]
    for number, of_thread in enumerate(answers):
        assert {answer.status for _, answer in of_thread} <= ({200, 409} if versioned else {200})
        done = [value for value, answer in of_thread if answer.status == 200]
        assert stored.get(f"by{number}") == (done[-1] if done else None)
        refused = [answer.body["detail"] for _, answer in of_thread if answer.status == 409]
        assert all("its version is 1" in detail for detail in refused)


def test_bulk_writes_are_done_in_order_and_answered_one_by_one(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    def bulk(*operations: Any) -> Response:
        return api("POST", "/v1/items", {"operations": operations})

    assert api("PUT", "/v1/items/i2", {"title": "New"}).status == 200
    answer = bulk(
        {"op": "put", "item_id": "b1", "item": {"title": "Silver saxophone", "price": 1}},
        {"op": "patch", "item_id": "b1", "item": {"price": 2}},
        {"op": "patch", "item_id": "b1", "item": {"available": False}},
        {"op": "patch", "item_id": "nowhere", "item": {"price": 2}},
        {"op": "patch", "item_id": "i1", "item": {"price": "cheap"}},
        {"op": "put", "item_id": "i2", "item": {"title": "Old"}, "version": 1_600_000_000_000},
        {"op": "delete", "item_id": "i3"},
    )
    assert answer.status == 200
    assert (answer.body["written"], answer.body["failed"]) == (4, 3)
    assert [each["status"] for each in answer.body["items"]] == [
        "created", "updated", "updated", "not_found", "rejected", "superseded", "deleted",
    ]  # fmt: skip
    assert answer.body["items"][4]["field"] == "item.price"
    assert "its version is" in answer.body["items"][5]["error"]
    stored = source(client, names, "b1")
    assert (stored["price"], stored["available"]) == (2, False)
    assert source(client, names, "i3") is None
    client.indices.refresh(index=names.items)
    assert item_ids(api.search("silver saxophone", "b"))[0] == "b1"


def test_the_answer_says_what_became_of_attributes(api: Api) -> None:
    def put(**attributes: object) -> Any:
        return api("PUT", "/v1/items/noted", {"title": "Noted", "attributes": attributes}).body

    assert put(volt=12)["notes"] == ["new attribute: volt (number)"]
    assert "notes" not in put(volt=24)
    [note] = put(volt="many")["notes"]
    assert "volt" in note
    many = {f"a{number}": number for number in range(120)}
    operations = [{"op": "put", "item_id": "n2", "item": {"title": "N", "attributes": many}}]
    notes = api("POST", "/v1/items", {"operations": operations}).body["notes"]
    assert len(notes) == 101
    assert notes[-1] == "... and 20 more such lines"
