"""A rebuild takes over the vectors of unchanged items, and says how many it encoded."""

import json

import numpy as np
import pytest

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.items import Item
from indexer.cli.reports import rebuild_lines
from indexer.index.live.updates import upsert
from tests.integration.rebuilding import (
    assert_vectors_of_bundle,
    source,
    stored_vectors,
    tiny_encoder,
)

pytestmark = pytest.mark.node


def test_a_rebuild_of_an_unchanged_catalogue_encodes_nothing(
    run_rebuild, client, fresh_names, fresh_context, encoder_of_layout, catalogue
):
    first = run_rebuild(catalogue, encoder=encoder_of_layout, fill_window=64)
    assert (first.reused, first.encoded) == (0, 300)
    ids = [str(n) for n in range(300)]
    vectors = stored_vectors(client, fresh_names, ids)
    second = run_rebuild(catalogue, encoder=encoder_of_layout, fill_window=64)
    assert (second.reused, second.encoded, second.previous) == (300, 0, first.index)
    lines = rebuild_lines(second, fresh_names.items)
    assert f"vectors: 300 taken over from {first.index}, 0 encoded" in lines
    again = stored_vectors(client, fresh_names, ids)
    assert all(np.array_equal(again[item_id], vectors[item_id]) for item_id in ids)
    bundles = [ModelBundle.load(fresh_context.bundles_dir / r.index) for r in (first, second)]
    assert bundles[0].vector_space == bundles[1].vector_space
    assert np.array_equal(bundles[0].W_uq.W, bundles[1].W_uq.W)
    assert bundles[0].statistics == bundles[1].statistics
    fresh = run_rebuild(catalogue, encoder=encoder_of_layout, fresh=True)
    assert (fresh.reused, fresh.encoded) == (0, 300)


def test_only_items_with_another_text_are_encoded(
    run_rebuild, client, fresh_names, fresh_context, encoder_of_layout, catalogue
):
    run_rebuild(catalogue, encoder=encoder_of_layout)
    upsert(fresh_context, lambda: encoder_of_layout, [Item("8", "purple piano")])
    rows = [json.loads(line) for line in catalogue.read_text().splitlines()]
    rows[3]["title"] = "golden guitar"
    rows[5]["price"] = 7777  # of which no vector is made
    rows.append({"item_id": "300", "title": "silver saxophone"})
    catalogue.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = run_rebuild(catalogue, encoder=encoder_of_layout)
    assert (report.reused, report.encoded) == (298, 3)
    assert source(client, fresh_names, "5")["price"] == 7777
    changed = [
        Item("3", "golden guitar", brand="Acme", category=("All", rows[3]["category"][1])),
        Item("300", "silver saxophone"),
        Item("8", rows[8]["title"], brand=rows[8]["brand"], category=tuple(rows[8]["category"])),
    ]
    assert_vectors_of_bundle(fresh_context, report.index, encoder_of_layout, changed)


def test_another_encoder_encodes_every_item(run_rebuild, concat_encoder, catalogue):
    run_rebuild(catalogue)
    assert run_rebuild(catalogue, encoder=tiny_encoder(pooling="cls")).encoded == 300
    assert run_rebuild(catalogue, encoder=concat_encoder).encoded == 300
