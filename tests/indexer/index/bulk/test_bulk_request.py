"""Bulk requests on a real node: errors that name the item, a busy cluster, versions."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from indexer.catalogue.items import Item
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.bulk.bulk_request import (
    BulkError,
    NotTaken,
    delete_write,
    index_write,
    send_items,
)
from indexer.index.bulk.bulk_writer import BulkWriter, IndexDeleted
from indexer.index.bulk_pace import BulkPace
from indexer.index.documents import to_document
from indexer.index.stored_items import read_versions
from indexer.progress import Silence
from plugin_config.connection.client import connect
from plugin_config.errors import ClusterUnavailable
from plugin_config.schema import VectorField, items_mapping
from plugin_config.settings import ClusterSettings, load
from tests.integration.busy_proxy import busy_proxy
from tests.integration.rebuilding import NotedProgress, index_context

pytestmark = pytest.mark.node
BUSY = "index.blocks.read_only_allow_delete"  # the engine answers 429 for each item


@pytest.fixture
def alias(client, fresh_names):
    body = items_mapping(VectorField(4), "english", {"state": "building"})
    body["aliases"] = {fresh_names.items_building: {}}
    client.indices.create(index=f"{fresh_names.prefix}items-20260101t000000z", body=body)
    return fresh_names.items_building


@pytest.fixture
def context(client, fresh_names, tmp_path):
    return index_context(client, fresh_names, tmp_path, bulk_items=10)


def item_write(number, version=1000, **changes):
    document = to_document(Item(str(number), f"item {number}"), None, AttributeSchema()) | changes
    return index_write(str(number), document, version)


def count_of(client, alias):
    client.indices.refresh(index=alias)
    return client.count(index=alias)["count"]


def test_a_refused_item_is_named_with_the_reason(client, alias, context):
    writes = [item_write(1), item_write(2, price="cheap"), item_write(3, colour="red")]
    with pytest.raises(BulkError) as caught:
        send_items(context, alias, writes)
    assert "refuses 2 of the items" in str(caught.value)
    assert "item 2: mapper_parsing_exception" in str(caught.value)
    assert "item 3: strict_dynamic_mapping_exception" in str(caught.value)
    assert count_of(client, alias) == 1


def test_an_older_version_does_not_overwrite_a_newer_one(client, alias, context):
    assert send_items(context, alias, [item_write(1, 2000)]).written == 1
    older = send_items(context, alias, [item_write(1, 1000)])
    assert (older.written, older.superseded) == (0, ["1"])
    assert send_items(context, alias, [item_write(1, 2000)]).written == 1


def test_an_older_write_does_not_undo_a_deletion(client, alias, context):
    deletion = send_items(context, alias, [delete_write("1", 2000)])
    assert deletion.not_found == ["1"]
    assert send_items(context, alias, [item_write(1, 1000)]).superseded == ["1"]


def test_a_deletion_makes_no_index_of_the_name_of_an_absent_alias(client, fresh_names, context):
    outcome = send_items(context, fresh_names.items_building, [delete_write("1", 2000)])
    assert outcome.no_index
    assert not client.indices.exists(index=fresh_names.items_building)


def test_writes_are_retried_until_the_cluster_is_free(client, alias, context):
    client.indices.put_settings(index=alias, body={BUSY: True})
    timer = threading.Timer(
        1.2, lambda: client.indices.put_settings(index=alias, body={BUSY: None})
    )
    timer.start()
    outcome = send_items(context, alias, [item_write(n) for n in range(5)])
    timer.join()
    assert outcome.written == 5
    assert count_of(client, alias) == 5


def test_the_error_of_a_busy_cluster_names_items_and_tries(client, alias, fresh_names, tmp_path):
    client.indices.put_settings(index=alias, body={BUSY: True})
    context = index_context(client, fresh_names, tmp_path, bulk_retries=1)
    with pytest.raises(
        ClusterUnavailable, match=r"not taken .* after 2 tries \(item 0, 1, 2, ...\)"
    ):
        send_items(context, alias, [item_write(n) for n in range(5)])


@pytest.fixture
def busy(node_url, fresh_names, tmp_path):
    """`with busy([429, ...], ...) as (proxy, context)`: a context behind a busy proxy."""

    @contextmanager
    def behind_proxy(answers, **settings):
        with busy_proxy(node_url, answers) as proxy:
            client = connect(load(ClusterSettings, opensearch_url=proxy.url))
            context = index_context(client, fresh_names, tmp_path, **settings)
            yield proxy, replace(context, progress=NotedProgress())
            client.close()

    return behind_proxy


def test_a_busy_cluster_gets_smaller_requests_and_then_larger_ones_again(client, alias, busy):
    with busy([429, 503, 200, 429], bulk_items=40) as (proxy, context):
        outcome = send_items(context, alias, [item_write(n) for n in range(100)])
        assert outcome.written == 100
        assert proxy.sizes[:5] == [80, 40, 20, 30, 16]  # two lines a write
        assert max(proxy.sizes[5:]) > 16
        assert sum(proxy.sizes) == 80 + 40 + 30 + 200
    assert context.pace.retries == 3
    tries = [note.split("(try ")[1] for note in context.progress.notes]
    assert tries == ["2 of 9)", "3 of 9)", "2 of 9)"]  # what was taken restarts the count
    assert "HTTP 429, rejected_execution_exception" in context.progress.notes[0]
    assert count_of(client, alias) == 100


def test_what_a_busy_cluster_did_not_take_is_named_beside_what_it_took(client, alias, busy):
    answers, writes = [200, 503], [item_write(n) for n in range(30)]
    with (
        busy(answers, bulk_items=10, bulk_retries=0) as (_, context),
        pytest.raises(NotTaken) as caught,
    ):
        send_items(context, alias, writes)
    assert caught.value.taken == 10
    assert caught.value.reasons.keys() == {str(n) for n in range(10, 30)}
    assert "after 1 tries: HTTP 503" in caught.value.reasons["10"]


def test_a_lost_shard_is_waited_for_and_no_fault_of_its_items(client, fresh_names, tmp_path):
    index, alias = f"{fresh_names.prefix}halves", f"{fresh_names.prefix}both"
    one_a_node = {
        "number_of_shards": 2,
        "number_of_replicas": 0,
        "routing.allocation.total_shards_per_node": 1,
    }
    body = {"settings": {"index": one_a_node}, "aliases": {alias: {}}}
    client.indices.create(index=index, body=body, params={"wait_for_active_shards": "0"})
    context = index_context(client, fresh_names, tmp_path, bulk_retries=0, bulk_timeout_s=4)
    with pytest.raises(NotTaken, match="primary shard is not active") as caught:
        send_items(context, alias, [item_write(n) for n in range(30)])
    assert 0 < caught.value.taken < 30
    assert not caught.value.of_items
    with pytest.raises(ClusterUnavailable, match="no_shard_available"):
        read_versions(context, alias, [str(n) for n in range(30)])


def test_items_of_an_index_that_was_just_made_are_read_once_its_shard_has_started(
    client, fresh_names, context
):
    index, of_node = f"{fresh_names.prefix}young", "index.routing.allocation.require._name"
    body = {"settings": {"index.number_of_replicas": 0, of_node: "nobody"}}
    client.indices.create(index=index, body=body, params={"wait_for_active_shards": "0"})
    starts = threading.Timer(
        0.5, lambda: client.indices.put_settings(index=index, body={of_node: None})
    )
    starts.start()
    assert read_versions(context, index, ["1"]) == {}
    starts.join()


def test_fewer_requests_are_under_way_while_the_cluster_is_busy():
    pace = BulkPace()
    with pace.request(), pace.request(), pace.request(), pace.request():
        pace.refused()
        pace.refused()
    entered, leave = threading.Event(), threading.Event()

    def send() -> None:
        with pace.request():
            entered.set()
            leave.wait(10)

    with pace.request():
        thread = threading.Thread(target=send)
        thread.start()
        assert not entered.wait(0.3)
    assert entered.wait(5)
    leave.set()
    thread.join()
    for _ in range(40):
        pace.taken()
    with pace.request(), pace.request(), pace.request(), pace.request(), pace.request():
        assert pace.share == 1


def test_an_unreachable_cluster_is_an_error(fresh_names, tmp_path):
    client = connect(
        load(ClusterSettings, opensearch_url="http://127.0.0.1:9", opensearch_retries=0)
    )
    context = index_context(client, fresh_names, tmp_path, bulk_retries=1)
    with pytest.raises(ClusterUnavailable, match="ConnectionError"):
        send_items(context, fresh_names.items, [item_write(1)])


def test_a_write_never_creates_a_deleted_index_again(client, fresh_names, context):
    outcome = send_items(context, fresh_names.items_building, [item_write(1)])
    assert outcome.no_index
    assert not client.indices.exists(index=fresh_names.items_building)


class Counts(Silence):
    """Progress that keeps its counts."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def advance(self, count: int = 1) -> None:
        self.counts.append(count)


def test_the_writer_sends_everything_in_bounded_requests(client, alias, context):
    progress = Counts()
    writer = BulkWriter(replace(context, progress=progress), alias, item_write)
    writer.put(range(25))
    writer.put(range(25, 47))
    assert writer.finish().written == 47
    assert sum(progress.counts) == 47
    assert max(progress.counts) <= 10
    assert count_of(client, alias) == 47


def test_the_writer_limits_the_megabytes_of_a_request(client, alias, fresh_names, tmp_path):
    progress, long = Counts(), "word " * 1000
    context = index_context(client, fresh_names, tmp_path, bulk_mb=0.01)
    writer = BulkWriter(
        replace(context, progress=progress), alias, lambda n: item_write(n, description=long)
    )
    writer.put(range(5))
    writer.finish()
    assert progress.counts == [1] * 5


def test_the_writer_raises_what_a_thread_raised(alias, context):
    writer = BulkWriter(context, alias, lambda n: item_write(n, colour="red"))
    with pytest.raises(BulkError, match=r"item \d+: strict_dynamic"):
        writer.put(range(1000))
    writer.abort()


def test_the_writer_raises_when_its_index_was_deleted(fresh_names, context):
    writer = BulkWriter(context, fresh_names.items_building, item_write)
    writer.put([1])
    with pytest.raises(IndexDeleted, match="is gone while"):
        writer.finish()
