"""A rebuild leaves a live index that it would make again as it is, and no other one."""

import json

import pytest

from indexer.catalogue.items import Item
from indexer.cli.reports import rebuild_lines
from indexer.index.live.updates import delete, upsert
from indexer.index.rebuilding.before_swap import SwapRefused
from tests.integration.rebuilding import alias_target, indexes, tiny_encoder

pytestmark = pytest.mark.node


@pytest.fixture
def first(run_rebuild, catalogue):
    """The name of the live index of the catalogue."""
    return run_rebuild(catalogue).index


def test_an_unchanged_catalogue_leaves_the_live_index(
    run_rebuild, client, fresh_names, encoder_of_layout, catalogue
):
    first = run_rebuild(catalogue, encoder=encoder_of_layout)
    looked_at = []
    report = run_rebuild(
        catalogue,
        encoder=encoder_of_layout,
        keep_unchanged=True,
        before_swap=lambda filled: looked_at.append(filled.generation.index) or (),
    )
    assert report.unchanged
    assert (report.index, report.count, report.encoded) == (first.index, 300, 0)
    assert indexes(client, fresh_names) == [first.index]
    assert looked_at == [first.index]
    line = f"{fresh_names.items} -> {first.index}, unchanged: it has every row already, and stays"
    assert rebuild_lines(report, fresh_names.items)[0] == line


@pytest.mark.parametrize("option", ["fresh", "merge"])
def test_a_new_index_is_made_on_demand(option, run_rebuild, first, catalogue):
    assert run_rebuild(catalogue, keep_unchanged=True, **{option: True}).index != first


def test_any_live_write_since_makes_a_new_index(
    run_rebuild, fresh_context, encoder, first, catalogue
):
    rows = [json.loads(line) for line in catalogue.read_text().splitlines()]
    upsert(fresh_context, lambda: encoder, [Item("8", rows[8]["title"])])
    second = run_rebuild(catalogue, keep_unchanged=True)
    assert (second.index != first, second.unchanged, second.count) == (True, False, 300)
    assert run_rebuild(catalogue, keep_unchanged=True).unchanged
    delete(fresh_context, ["9"])
    third = run_rebuild(catalogue, keep_unchanged=True)
    assert (third.index != second.index, third.count) == (True, 300)
    delete(fresh_context, ["no such item"])
    assert not run_rebuild(catalogue, keep_unchanged=True).unchanged


def test_another_row_setting_or_encoder_makes_a_new_index(run_rebuild, first, catalogue):
    assert not run_rebuild(catalogue, keep_unchanged=True, hnsw_m=12).unchanged
    assert run_rebuild(catalogue, keep_unchanged=True, hnsw_m=12).unchanged
    other = tiny_encoder(pooling="cls")
    assert not run_rebuild(catalogue, keep_unchanged=True, hnsw_m=12, encoder=other).unchanged
    text = catalogue.read_text()
    catalogue.write_text(text.replace('"price": 5,', '"price": 6,', 1))
    assert text != catalogue.read_text()
    changed = run_rebuild(catalogue, keep_unchanged=True, hnsw_m=12, encoder=other)
    assert (changed.unchanged, changed.encoded) == (False, 0)


def test_an_index_that_lost_its_bundle_is_made_again(run_rebuild, fresh_context, first, catalogue):
    (fresh_context.bundles_dir / first).rename(fresh_context.bundles_dir / "elsewhere")
    assert not run_rebuild(catalogue, keep_unchanged=True).unchanged


def test_an_unchanged_index_that_the_gate_refuses_is_made_again(
    run_rebuild, client, fresh_names, first, catalogue
):
    def refuse_the_first(filled):
        if filled.generation.index == first:
            raise SwapRefused(["vectors FAILED: of another encoder"])
        return ()

    again = run_rebuild(catalogue, keep_unchanged=True, before_swap=refuse_the_first)
    assert again.index != first
    assert alias_target(client, fresh_names) == again.index
    assert first in indexes(client, fresh_names)
