"""Rebuilds, roll-backs and the status of items indexes on a real node."""

import gzip
import json
import os
import socket
import threading
import time
from itertools import islice

import numpy as np
import pytest

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.rejects import TooManyRejects
from indexer.cli.status import read_status
from indexer.index.construction import RebuildUnderWay
from indexer.index.generations import AliasTaken, NoItemsIndex, generations
from indexer.index.live.updates import upsert
from indexer.index.rebuilding.inspection import IndexNotWhole
from indexer.index.rebuilding.rebuild import RebuildOvertaken
from indexer.index.swap import roll_back, set_meta
from plugin_config.errors import SettingsError
from tests.integration.rebuilding import (
    BUSY,
    FILL,
    AtStage,
    NotedProgress,
    alias_target,
    assert_vectors_of_bundle,
    index_context,
    indexes,
    rebuild_index,
    source,
    write_catalogue,
)

pytestmark = pytest.mark.node


def test_a_rebuild_makes_a_live_index_of_a_catalogue(
    run_rebuild, client, fresh_names, fresh_context, encoder_of_layout, catalogue
):
    report = run_rebuild(catalogue, encoder=encoder_of_layout, fill_window=64)
    assert (report.items, report.count, report.rejects) == (300, 300, 0)
    assert alias_target(client, fresh_names) == report.index
    mapping = client.indices.get_mapping(index=report.index)[report.index]["mappings"]
    meta = mapping["_meta"]["live_intent"]
    assert meta["state"] == "ready"
    assert meta["fingerprint"] == encoder_of_layout.spec.fingerprint
    bundle = ModelBundle.load(fresh_context.bundles_dir / report.index)
    assert meta["vector_space"] == bundle.vector_space
    assert bundle.statistics.items == 300
    assert bundle.statistics.max_popularity == 6
    assert source(client, fresh_names, "7")["title"] == "black running shoe model 7"
    settings = client.indices.get_settings(index=report.index, flat_settings=True)
    settings = settings[report.index]["settings"]
    assert "index.refresh_interval" not in settings
    assert "index.gc_deletes" not in settings
    assert settings["index.auto_expand_replicas"] == "0-1"


def test_stored_vectors_are_those_that_the_model_bundle_computes(
    run_rebuild, fresh_context, encoder_of_layout, catalogue
):
    report = run_rebuild(catalogue, encoder=encoder_of_layout, fill_window=50, sample_items=80)
    rows = [json.loads(line) for line in catalogue.read_text().splitlines()]
    items = [
        Item(row["item_id"], row["title"], brand=row["brand"], category=tuple(row["category"]))
        for row in (rows[0], rows[17], rows[299])
    ]
    assert_vectors_of_bundle(fresh_context, report.index, encoder_of_layout, items)


def test_keep_indexes_bounds_the_earlier_indexes_and_their_bundles(
    run_rebuild, client, fresh_names, fresh_context, catalogue
):
    names = [run_rebuild(catalogue, keep_indexes=1).index for _ in range(3)]
    assert len(set(names)) == 3
    assert alias_target(client, fresh_names) == names[2]
    assert indexes(client, fresh_names) == names[1:]
    assert sorted(path.name for path in fresh_context.bundles_dir.iterdir()) == names[1:]


def test_roll_back_to_the_earlier_index_and_forward_again(
    run_rebuild, client, fresh_names, tmp_path
):
    first = run_rebuild(write_catalogue(tmp_path / "a.jsonl", range(50)))
    second = run_rebuild(write_catalogue(tmp_path / "b.jsonl", range(60)))
    left, chosen = roll_back(client, fresh_names)
    assert (left.index, chosen.index) == (second.index, first.index)
    assert alias_target(client, fresh_names) == first.index
    assert source(client, fresh_names, "55") is None
    with pytest.raises(NoItemsIndex, match="no index earlier than"):
        roll_back(client, fresh_names)
    roll_back(client, fresh_names, second.index)
    assert source(client, fresh_names, "55") is not None
    with pytest.raises(NoItemsIndex, match="is no earlier or later items index"):
        roll_back(client, fresh_names, "nonsense")


def test_an_index_that_no_rebuild_made_is_not_removed(run_rebuild, client, fresh_names, catalogue):
    foreign = f"{fresh_names.prefix}items-20200101t000000z"
    client.indices.create(index=foreign, body={"mappings": {"dynamic": True}})
    for _ in range(2):
        run_rebuild(catalogue, keep_indexes=0)
    assert foreign in indexes(client, fresh_names)
    assert len(indexes(client, fresh_names)) == 2


def test_too_many_rejected_rows_stop_the_rebuild_before_any_write(
    run_rebuild, client, fresh_names, catalogue, tmp_path
):
    with catalogue.open("a") as file:
        file.write('{"item_id": "x"}\n' * 3)
    rejects = tmp_path / "rejects.jsonl"
    with pytest.raises(TooManyRejects, match="nothing was written"):
        run_rebuild(CatalogueSource(catalogue, rejects_file=rejects), max_rejects="2")
    assert indexes(client, fresh_names) == []
    assert len(rejects.read_text().splitlines()) == 3
    report = run_rebuild(CatalogueSource(catalogue, rejects_file=rejects), max_rejects="3")
    assert report.rejects == 3


def test_a_catalogue_that_changes_during_the_rebuild_is_refused(
    run_rebuild, client, fresh_names, catalogue
):
    before = run_rebuild(catalogue).index

    def grow() -> None:
        write_catalogue(catalogue, range(310))

    with pytest.raises(CatalogueError, match="changed while it was read: 300 good rows at first"):
        run_rebuild(catalogue, progress=AtStage(FILL, grow))
    assert alias_target(client, fresh_names) == before
    assert indexes(client, fresh_names) == [before]


def test_rows_that_are_replaced_by_as_many_others_are_refused(
    run_rebuild, client, fresh_names, catalogue
):
    before = run_rebuild(catalogue).index

    def overwrite() -> None:
        write_catalogue(catalogue, range(1000, 1300))

    with pytest.raises(CatalogueError, match="300 good rows, and somebody wrote to it"):
        run_rebuild(catalogue, progress=AtStage(FILL, overwrite))
    assert indexes(client, fresh_names) == [before]


@pytest.mark.parametrize("stage", [FILL, "check"])
def test_an_export_that_takes_the_place_of_the_catalogue_waits_for_the_next_rebuild(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue, tmp_path, stage
):
    run_rebuild(catalogue)

    def next_export() -> None:
        write_catalogue(tmp_path / "next", range(1000, 1300)).replace(catalogue)
        # A live write, so that the rows are counted one by one.
        upsert(fresh_context, lambda: encoder, [Item("7", "purple piano")])

    assert run_rebuild(catalogue, progress=AtStage(stage, next_export)).count == 300
    assert source(client, fresh_names, "8") is not None
    assert source(client, fresh_names, "1000") is None


def test_a_rebuild_that_a_later_one_overtook_changes_nothing(
    run_rebuild, client, fresh_names, catalogue, tmp_path
):
    before = run_rebuild(catalogue).index
    newer = write_catalogue(tmp_path / "newer.jsonl", range(310))
    later: list[str] = []

    def overtake() -> None:  # while the first one, which was stopped, has no index yet
        later.append(run_rebuild(newer).index)

    with pytest.raises(RebuildOvertaken, match="of a rebuild that began later"):
        run_rebuild(catalogue, progress=AtStage("read and check", overtake))
    assert [alias_target(client, fresh_names)] == later
    assert indexes(client, fresh_names) == [before, *later]


def test_an_analyzer_that_the_cluster_lacks_is_refused_and_nothing_is_left(
    run_rebuild, client, fresh_names, fresh_context, catalogue
):
    with pytest.raises(RebuildUnderWay, match="analyzer"):
        run_rebuild(catalogue, analyzer="klingon")
    assert indexes(client, fresh_names) == []
    assert not list(fresh_context.bundles_dir.iterdir())


def test_a_bundles_folder_that_cannot_be_written_is_refused_before_any_write(
    client, fresh_names, encoder, catalogue, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    context = index_context(client, fresh_names, tmp_path / "file" / "bundles")
    with pytest.raises(SettingsError, match="LIVE_INTENT_BUNDLES_DIR"):
        rebuild_index(context, encoder, catalogue)
    assert indexes(client, fresh_names) == []


def test_an_item_that_the_index_lost_fails_the_rebuild_and_the_alias_stays(
    run_rebuild, client, fresh_names, catalogue
):
    def lose_an_item() -> None:
        [building] = [g for g in generations(client, fresh_names) if g.building]
        # The engine is made to forget the deletion: to the rebuild the item was never written.
        client.indices.put_settings(index=building.index, body={"index.gc_deletes": "0s"})
        client.delete(index=building.index, id="17")
        version = {"version": building.meta["version"], "version_type": "external_gte"}
        deadline = time.monotonic() + 30
        response = {"status": 409}
        while response.get("status") == 409 and time.monotonic() < deadline:
            client.indices.refresh(index=building.index)  # which is when the engine forgets
            response = client.delete(
                index=building.index, id="17", params=version, ignore=[404, 409]
            )

    with pytest.raises(IndexNotWhole, match=r"1 are missing \(17\)") as error:
        run_rebuild(catalogue, progress=AtStage("learn the model bundle", lose_an_item))
    assert "300" in str(error.value)
    assert "299" in str(error.value)
    assert alias_target(client, fresh_names) is None
    assert indexes(client, fresh_names) == []


def test_a_second_rebuild_at_the_same_time_is_refused(run_rebuild, client, fresh_names, catalogue):
    messages: list[str] = []

    def second_rebuild() -> None:
        with pytest.raises(RebuildUnderWay) as error:
            run_rebuild(catalogue)
        messages.append(str(error.value))

    report = run_rebuild(catalogue, progress=AtStage(FILL, second_rebuild))
    assert report.index in messages[0]
    assert f"process {os.getpid()} on {socket.gethostname()}" in messages[0]
    assert alias_target(client, fresh_names) == report.index
    assert indexes(client, fresh_names) == [report.index]


def test_a_half_built_index_of_another_machine_is_discarded_once_it_is_stale(
    run_rebuild, client, fresh_names, catalogue
):
    meta = {
        "state": "building",
        "host": "elsewhere",
        "pid": 1,
        "created_at": "2026-01-01T00:00:00Z",
    }
    half_built = f"{fresh_names.prefix}items-20260101t000000z"
    client.indices.create(index=half_built, body={"aliases": {fresh_names.items_building: {}}})
    set_meta(client, half_built, meta)
    with pytest.raises(RebuildUnderWay, match="--stale-after HOURS"):
        run_rebuild(catalogue, stale_after_hours=1e9)
    progress = NotedProgress()
    report = run_rebuild(catalogue, progress=progress, stale_after_hours=6)
    assert f"discarded {half_built}" in progress.notes[0]
    assert indexes(client, fresh_names) == [report.index]


def test_an_index_with_the_alias_s_name_is_refused(run_rebuild, client, fresh_names, catalogue):
    client.indices.create(index=fresh_names.items)
    with pytest.raises(AliasTaken, match="is an index, where Live Intent wants an alias"):
        run_rebuild(catalogue)


def test_items_refused_by_a_busy_cluster_are_written_later(
    run_rebuild, client, fresh_names, catalogue
):
    def set_busy(busy: bool | None) -> None:
        client.indices.put_settings(index=fresh_names.items_building, body={BUSY: busy})

    def be_busy_for_a_while() -> None:
        set_busy(True)
        threading.Timer(1.5, set_busy, [None]).start()

    progress = AtStage(FILL, be_busy_for_a_while, after=25)
    assert run_rebuild(catalogue, progress=progress, bulk_items=25).count == 300


def test_status_lists_the_live_and_the_earlier_index(
    run_rebuild, client, fresh_names, fresh_context, catalogue
):
    first, second = run_rebuild(catalogue).index, run_rebuild(catalogue, merge=True).index
    status = read_status(client, fresh_names, fresh_context.bundles_dir)
    assert status.live == second
    assert [(each.index, each.role, each.items) for each in status.indexes] == [
        (second, "live", 300),
        (first, "earlier", 300),
    ]
    assert all(each.bundle_here and each.layout == "sum" for each in status.indexes)


def test_the_best_buy_csv_is_indexed_with_mapped_columns(
    run_rebuild, client, fresh_names, dataset, tmp_path
):
    head = tmp_path / "products.csv"
    with gzip.open(dataset("retrotech/products.csv.gz"), "rt") as file:
        head.write_text("".join(islice(file, 3001)))
    columns = ["item_id=upc", "title=name", "brand=manufacturer"]
    columns += ["description=short_description", "description=long_description"]
    mapping = ColumnMap.parse(columns)
    rejects = tmp_path / "rejects.jsonl"
    report = run_rebuild(CatalogueSource(head, mapping=mapping, rejects_file=rejects))
    assert report.rows == 3000
    assert report.count == report.items == 3000 - report.rejects
    assert report.rejects < 60
    body = {"query": {"match": {"title": "dvd player"}}, "size": 3}
    hits = client.search(index=fresh_names.items, body=body)["hits"]["hits"]
    assert all("DVD" in hit["_source"]["title"] for hit in hits)
    assert np.isfinite(hits[0]["_score"])
