"""Items that can't be read or written: the answer says that a part is missing, or is a 503."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.fault_table import FaultTable
from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect
from plugin_config.node.node_records import NodeInfo
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, Response, item_ids, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
FAULT, LOST = "one of three shards is gone", 1
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "search": ("search", {"query": "red lamp"}),
    "search with facets": ("search", {"query": "red lamp", "facets": ["brand", "price"]}),
    "sorted search": ("search", {"query": "lamp", "sort": "price", "size": 60}),
    "recommend": ("recommend", {}),
    "suggest": ("suggest", {"prefix": "re"}),
}


@pytest.fixture(scope="module")
def node_url(node_of_faults: NodeInfo) -> str:
    return node_of_faults.url


@pytest.fixture(scope="module")
def client(node_url: str) -> Iterator[OpenSearch]:
    connected = connect(load(ClusterSettings, opensearch_url=node_url, opensearch_timeout_s=60.0))
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def index(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    shop_catalogue: Path,
) -> str:
    """The name of an index of three shards."""
    context = index_context(client, names, cluster_settings.bundles_dir, shards=3)
    return rebuild_index(context, encoder, shop_catalogue)


@pytest.fixture(scope="module")
def api(index: str, cluster_settings: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(cluster_settings, encoder, swap_poll_s=0.2, item_writes=True) as api:
        yield api


def items_of_shard(client: OpenSearch, index: str) -> list[str]:
    """The ids of the items in the shard that is lost."""
    params = {"preference": f"_shards:{LOST}"}
    response = client.search(index=index, body={"size": 60, "_source": False}, params=params)
    return [hit["_id"] for hit in response["hits"]["hits"]]


@contextmanager
def without_shard(client: OpenSearch, node: NodeInfo, index: str) -> Iterator[None]:
    """The index without one shard, as after the loss of a node that alone held it."""
    indices = client.indices.get_settings(index=index, flat_settings=True)
    uuid = indices[index]["settings"]["index.uuid"]
    folder = Path(node.folder) / "data" / "nodes" / "0" / "indices" / uuid / str(LOST)
    aside = folder.with_name("aside")
    folder.rename(aside)  # else the engine takes it up again at once
    cancel = {"index": index, "shard": LOST, "node": node.name, "allow_primary": True}
    client.cluster.reroute(body={"commands": [{"cancel": cancel}]})
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        found = {"index": index, "shard": LOST, "node": node.name, "accept_data_loss": True}
        commands = {"commands": [{"allocate_stale_primary": found}]}
        client.cluster.reroute(body=commands, ignore=[400])  # 400: the engine was faster


def test_no_answer_without_a_shard_passes_for_a_whole_one(
    api: Api, client: OpenSearch, node_of_faults: NodeInfo, index: str, fault_table: FaultTable
) -> None:
    lost = items_of_shard(client, index)
    assert 5 < len(lost) < 40
    other = next(f"i{n}" for n in range(60) if f"i{n}" not in lost)
    given = {"item_ids": [*lost[:3], other, "nowhere"], "query": "lamp"}
    ways = WAYS | {"rank": ("rank", given)}

    def send(way: str) -> Callable[[], Response]:
        path, body = ways[way]
        asked = {"session_id": "partial", "deadline_ms": 20_000, **body}
        return lambda: api("POST", f"/v1/{path}", asked)

    whole = {way: send(way)() for way in ways}
    for way, answer in whole.items():
        assert answer.status == 200, answer
        assert way == "suggest" or answer.body["degraded"] == [], way  # it has no index of its own
    with without_shard(client, node_of_faults, index):
        for way in ways:
            answer = fault_table.observe(FAULT, way, send(way))
            assert answer.status == 200, way
            assert "1 of 3 shards did not answer" in str(answer.body["degraded"]), way
            if way != "suggest":
                assert answer.body["hits"]
                assert not set(item_ids(answer.body)) & set(lost), way
        assert set(answer.body["unknown_item_ids"]) <= {"nowhere"}  # which the shard may have
        event = fault_table.observe(
            FAULT, "event on an item of the shard", lambda: api.event("click", lost[0], "partial")
        )
        assert event.status == 503
        event = fault_table.observe(
            FAULT, "event on another item", lambda: api.event("click", other, "partial")
        )
        assert event.status == 200
        wait_until(lambda: not api.ready())
        fault_table.observe(FAULT, "`/readyz`", lambda: api("GET", "/readyz"))
    ended = time.monotonic()
    wait_until(lambda: send("search")().body["degraded"] == [])
    wait_until(api.ready)
    fault_table.recovered(FAULT, time.monotonic() - ended)
    assert api.event("click", lost[0], "partial").body["accepted"] == 1


def test_a_closed_items_index_is_a_503_and_is_taken_up_again_when_it_is_open(
    api: Api, client: OpenSearch, index: str, fault_table: FaultTable
) -> None:
    fault = "the items index is closed"
    search = {"query": "red lamp", "session_id": "closed", "deadline_ms": 20_000}
    client.indices.close(index=index)
    try:
        for request, send in (
            ("search", lambda: api("POST", "/v1/search", search)),
            ("recommend", lambda: api("POST", "/v1/recommend", {"session_id": "closed"})),
            ("event", lambda: api.event("click", "i1", "closed")),
            ("PUT of an item", lambda: api("PUT", "/v1/items/new", {"title": "red lamp"})),
        ):
            answer = fault_table.observe(fault, request, send)
            assert answer.status == 503, (request, answer)
            assert index not in answer.body["detail"], request
        wait_until(lambda: not api.ready())
        fault_table.observe(fault, "`/readyz`", lambda: api("GET", "/readyz"))
    finally:
        client.indices.open(index=index)
        ended = time.monotonic()
    wait_until(lambda: api("POST", "/v1/search", search).body.get("degraded") == [])
    wait_until(api.ready)
    fault_table.recovered(fault, time.monotonic() - ended)
    assert api.event("click", "i1", "closed").body["accepted"] == 1


def test_a_read_only_items_index_answers_all_but_writes_of_items(
    api: Api, client: OpenSearch, index: str, fault_table: FaultTable
) -> None:
    fault = "the items index is read-only, as by a full disk"
    block = "index.blocks.read_only_allow_delete"
    search = {"query": "red lamp", "session_id": "blocked", "deadline_ms": 20_000}
    client.indices.put_settings(index=index, body={block: True})
    try:
        for request, send, status in (
            ("search", lambda: api("POST", "/v1/search", search), 200),
            ("event", lambda: api.event("click", "i1", "blocked"), 200),
            ("PUT of an item", lambda: api("PUT", "/v1/items/new", {"title": "red lamp"}), 503),
        ):
            answer = fault_table.observe(fault, request, send)
            assert answer.status == status, (request, answer)
            assert answer.body.get("degraded", []) == [], request
        assert api.ready()
    finally:
        client.indices.put_settings(index=index, body={block: None})
    assert api("PUT", "/v1/items/new", {"title": "red lamp"}).status in (200, 201)
    assert api("DELETE", "/v1/items/new").status < 300
