"""A rebuild that was killed, or lost the cluster: the same command goes on where it was."""

import errno
import os
import signal
from dataclasses import replace

import pytest
from opensearchpy.exceptions import TransportError
from safetensors import SafetensorError

from indexer.catalogue.changes.item_changes import ItemChange
from indexer.catalogue.items import Item
from indexer.cli.cluster_session import ClusterSession
from indexer.index.construction import RebuildUnderWay
from indexer.index.generations import BUILDING, generations
from indexer.index.live.updates import delete, update, upsert
from indexer.index.owner import Owner
from indexer.index.rebuilding.half_made import HalfMadeClosed, dead_rebuilds, take_over
from indexer.index.swap import set_meta
from indexer.settings import IndexSettings
from plugin_config.connection.cluster_address import ClusterAddress
from plugin_config.errors import ClusterUnavailable
from plugin_config.full_disk import DiskFull
from plugin_config.schema import META
from plugin_config.settings import load
from tests.integration.command_line import start
from tests.integration.rebuilding import (
    BUSY,
    FILL,
    AtStage,
    NotedProgress,
    alias_target,
    indexes,
    source,
    write_catalogue,
)
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
ITEMS = 2000


@pytest.fixture
def large(tmp_path):
    return write_catalogue(tmp_path / "large.jsonl", range(ITEMS))


@pytest.fixture
def killed(fresh_environment, run_rebuild, client, fresh_names, catalogue, large, tmp_path):
    """A live index, and the half-made one of a rebuild by a process that was killed."""
    live = run_rebuild(catalogue).index
    environment = fresh_environment | {"LIVE_INTENT_FILL_WINDOW": "200"}
    process = start(environment, "index", "rebuild", large, folder=tmp_path, log=tmp_path / "log")
    try:
        building = fresh_names.items_building

        def has_some() -> bool:
            if not client.indices.exists_alias(name=building):
                return False
            client.indices.refresh(index=building)
            return client.count(index=building)["count"] >= 400

        wait_until(has_some, 240, process)
        client.indices.put_settings(index=building, body={BUSY: True})  # it can't end before
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    client.indices.put_settings(index=building, body={BUSY: None})
    [half_made] = [each for each in indexes(client, fresh_names) if each != live]
    return live, half_made


def test_a_half_made_index_that_somebody_closed_is_named(client, fresh_context, fresh_names):
    half_made = f"{fresh_names.items}-20260101t000000z"
    body = {
        "mappings": {"_meta": {META: {"state": BUILDING}}},
        "aliases": {fresh_names.items_building: {}},
    }
    client.indices.create(index=half_made, body=body)
    client.indices.close(index=half_made)
    with pytest.raises(HalfMadeClosed, match=f"{half_made}.*POST {half_made}/_open"):
        dead_rebuilds(fresh_context)
    client.indices.open(index=half_made)
    assert [each.index for each in dead_rebuilds(fresh_context)] == [half_made]


def test_a_killed_rebuild_goes_on_with_its_index_and_encodes_nothing_twice(
    killed, run_rebuild, client, fresh_names, fresh_context, encoder, large
):
    live, half_made = killed
    # Nobody rebuilds now, but the rebuild that goes on began before these writes.
    delete(fresh_context, ["6"])
    upsert(fresh_context, lambda: encoder, [Item("7", "purple piano")])
    progress = NotedProgress()
    report = run_rebuild(large, progress=progress)
    assert (report.index, report.previous) == (half_made, live)
    assert any(f"going on with {half_made}" in note for note in progress.notes)
    assert report.resumed >= 398  # of 400, the two that were written since may be among them
    assert report.resumed + report.reused + report.encoded == ITEMS
    assert report.count == ITEMS - 1
    assert alias_target(client, fresh_names) == half_made
    assert source(client, fresh_names, "6") is None
    assert source(client, fresh_names, "7")["title"] == "purple piano"
    assert list(client.indices.get_alias(index=half_made)[half_made]["aliases"]) == [
        fresh_names.items
    ]


def test_the_half_made_index_of_a_dead_rebuild_holds_no_live_write_up(
    killed, client, fresh_names, fresh_context, encoder
):
    live, half_made = killed
    client.indices.put_settings(index=half_made, body={BUSY: True})
    impatient = replace(fresh_context, settings=load(IndexSettings, bulk_retries=0))
    for written in (
        update(impatient, lambda: encoder, [ItemChange("5", {"price": 77.0})]),
        upsert(impatient, lambda: encoder, [Item("7", "purple piano")]),
        delete(impatient, ["6"]),
    ):
        assert written.indexes == (live,)
    # Somebody goes on with it: a further change does not build on what it missed.
    client.indices.put_settings(index=half_made, body={BUSY: None})
    [dead] = [each for each in generations(client, fresh_names) if each.building]
    set_meta(client, half_made, take_over(fresh_context, dead))
    both = update(fresh_context, lambda: encoder, [ItemChange("5", {"popularity": 3.0})])
    assert set(both.indexes) == {live, half_made}
    document = client.get(index=half_made, id="5")["_source"]
    assert (document["price"], document["popularity"]) == (77, 3)


def test_only_one_process_takes_a_half_made_index_over(client, fresh_names, fresh_context):
    half_made = f"{fresh_names.prefix}items-20260101t000000z"
    died = Owner("elsewhere", 1, "")
    aliases = {fresh_names.items_building: {}, died.alias(fresh_names): {}}
    client.indices.create(index=half_made, body={"aliases": aliases})
    meta = {"state": "building", "created_at": "2026-01-01T00:00:00Z", **died.to_meta()}
    set_meta(client, half_made, meta)
    [dead] = generations(client, fresh_names)
    assert take_over(fresh_context, dead)["pid"] == os.getpid()
    with pytest.raises(RebuildUnderWay, match=half_made):
        take_over(fresh_context, dead)


def test_a_rebuild_that_loses_the_cluster_leaves_its_index_to_go_on_with(
    run_rebuild, client, fresh_names, catalogue
):
    live = run_rebuild(catalogue).index

    def set_busy() -> None:
        client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})

    progress = AtStage(FILL, set_busy, after=50)
    with pytest.raises(ClusterUnavailable):
        run_rebuild(catalogue, progress=progress, bulk_items=25, bulk_retries=0, fresh=True)
    assert len(indexes(client, fresh_names)) == 2
    assert alias_target(client, fresh_names) == live


def test_a_full_disk_of_the_cluster_after_the_fill_leaves_the_index_to_go_on_with(
    run_rebuild, client, fresh_names, fresh_settings, catalogue
):
    live = run_rebuild(catalogue).index

    def set_busy() -> None:
        client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})

    with pytest.raises(TransportError, match="cluster_block"):
        run_rebuild(catalogue, progress=AtStage("check", set_busy), fresh=True)
    assert len(indexes(client, fresh_names)) == 2
    assert alias_target(client, fresh_names) == live
    # As a command says it.
    address = ClusterAddress(fresh_settings.opensearch_url, fresh_settings.index_prefix)
    with pytest.raises(ClusterUnavailable, match="flood-stage"), ClusterSession(address) as cluster:
        set_meta(cluster.client, fresh_names.items_building, {})


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.npz"),
        SafetensorError("Error while serializing: I/O error: No space left (os error 28)"),
    ],
)
def test_a_full_disk_of_this_machine_leaves_the_index_to_go_on_with(
    run_rebuild, client, fresh_names, catalogue, error
):
    def fill_the_disk() -> None:
        raise error

    live = run_rebuild(catalogue).index
    progress = AtStage("check", fill_the_disk)
    with pytest.raises(DiskFull, match=r"can't be written \(No space left"):
        run_rebuild(catalogue, progress=progress, fresh=True)
    assert len(indexes(client, fresh_names)) == 2
    assert alias_target(client, fresh_names) == live
