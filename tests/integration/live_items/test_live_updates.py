"""Upserts and deletes on a real node, also while a rebuild fills the next index."""

import pytest

from indexer.bundle.hashed_folder import BundleError
from indexer.catalogue.items import Item
from indexer.encoder_spec import EncoderMismatch
from indexer.index.generations import NoItemsIndex
from indexer.index.live.updates import delete, upsert
from tests.integration.rebuilding import (
    FILL,
    AtStage,
    assert_vectors_of_bundle,
    index_context,
    indexes,
    source,
    tiny_encoder,
)

pytestmark = pytest.mark.node


def test_an_upserted_item_is_live_until_it_is_deleted(
    run_rebuild, client, fresh_names, fresh_context, encoder_of_layout, catalogue
):
    report = run_rebuild(catalogue, encoder=encoder_of_layout)
    item = Item("5", "purple piano", price=3.0, updated_at="2026-11-24T10:15:00Z")
    update = upsert(fresh_context, lambda: encoder_of_layout, [item])
    assert (update.written, update.indexes) == (1, (report.index,))
    assert source(client, fresh_names, "5")["updated_at"] == "2026-11-24T10:15:00Z"
    assert_vectors_of_bundle(fresh_context, report.index, encoder_of_layout, [item])
    assert delete(fresh_context, ["5"]).written == 1
    assert source(client, fresh_names, "5") is None


@pytest.mark.parametrize("after", [0, 100])
def test_updates_during_a_rebuild_win_over_the_catalogue(
    run_rebuild, client, fresh_names, fresh_context, encoder_of_layout, catalogue, after
):
    first = run_rebuild(catalogue, encoder=encoder_of_layout)
    items = [Item("5", "purple piano"), Item("brand new", "silver saxophone")]

    def update() -> None:
        upserted = upsert(fresh_context, lambda: encoder_of_layout, items)
        assert len(upserted.indexes) == 2
        assert upserted.written == 2
        deleted = delete(fresh_context, ["6", "never there"])
        assert deleted.not_found == ("never there",)

    report = run_rebuild(
        catalogue,
        encoder=encoder_of_layout,
        progress=AtStage(FILL, update, after),
        fill_window=50,
        bulk_items=25,
        bulk_threads=1,
    )
    assert report.previous == first.index
    assert report.count == 300  # one more, one less
    assert source(client, fresh_names, "5")["title"] == "purple piano"
    assert source(client, fresh_names, "6") is None
    assert source(client, fresh_names, "brand new") is not None
    assert_vectors_of_bundle(fresh_context, report.index, encoder_of_layout, items)


def test_an_upsert_by_the_old_encoder_gets_a_vector_of_the_new_one_that_rebuilds(
    run_rebuild, fresh_context, encoder, concat_encoder, catalogue
):
    run_rebuild(catalogue)
    item = Item("5", "purple piano", category=("Music", "Keys"))

    def update() -> None:
        upsert(fresh_context, lambda: encoder, [item])

    report = run_rebuild(catalogue, encoder=concat_encoder, progress=AtStage(FILL, update))
    assert report.adopted == 1
    assert_vectors_of_bundle(fresh_context, report.index, concat_encoder, [item])


def test_updates_without_an_index_are_refused(client, fresh_names, fresh_context, encoder):
    with pytest.raises(NoItemsIndex, match=r"live-intent index rebuild.* LIVE_INTENT_INDEX_PREFIX"):
        upsert(fresh_context, lambda: encoder, [Item("1", "x")])
    with pytest.raises(NoItemsIndex):
        delete(fresh_context, ["1"])
    assert indexes(client, fresh_names) == []


def test_an_upsert_by_another_encoder_is_refused(run_rebuild, fresh_context, catalogue):
    report = run_rebuild(catalogue)
    with pytest.raises(EncoderMismatch, match=report.index):
        upsert(fresh_context, lambda: tiny_encoder(pooling="cls"), [Item("1", "x")])


def test_an_upsert_into_a_concat_index_without_its_bundle_is_refused(
    run_rebuild, client, fresh_names, concat_encoder, catalogue, tmp_path
):
    run_rebuild(catalogue, encoder=concat_encoder)
    elsewhere = index_context(client, fresh_names, tmp_path / "none")
    with pytest.raises(BundleError, match="copy"):
        upsert(elsewhere, lambda: concat_encoder, [Item("1", "x")])
