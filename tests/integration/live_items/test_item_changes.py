"""Upserts and changes of a live index: what stays, what is encoded, versions, two at once."""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from subprocess import run as run_process
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.changes.item_changes import ItemChange
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading_rules import ReadingRules
from indexer.change_feed.application import apply_changes
from indexer.change_feed.change import FeedChange
from indexer.encoder.encoder import Encoder
from indexer.index.carry_over.beginning import Beginning
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64
from indexer.index.live.source_updates import update_source, upsert_source
from indexer.index.live.updates import UpdateReport, delete, now_ms, update, upsert
from indexer.index.stored_items import read_versions
from plugin_config.errors import SettingsError
from plugin_config.schema import CHANGED_AT, VECTOR, VECTOR_FLOAT16, IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import PYTHONPATH
from tests.integration.rebuilding import FILL, AtStage, index_context, source

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def context(client: OpenSearch, names: IndexNames, shop: ClusterSettings) -> IndexContext:
    """Sixty items, `i0` to `i59`, in a live index; each test has some of its own."""
    return index_context(client, names, shop.bundles_dir)


@pytest.fixture
def document(client: OpenSearch, names: IndexNames) -> Any:
    """Reads an item's document."""
    return lambda item_id: source(client, names, item_id)


def no_encoder() -> Encoder:
    raise AssertionError("the encoder was loaded")


def change(context: IndexContext, item_id: str, version: int | None = None, **raw: Any):
    raw = {"item_id": item_id, **raw}
    changes = [ItemChange.of(raw, ReadingRules(strict=True), version=version)]
    return update(context, no_encoder, changes)


def test_a_change_keeps_the_other_fields_and_the_vector_and_encodes_nothing(
    context: IndexContext, client: OpenSearch, names: IndexNames, document: Any
) -> None:
    before = document("i0")
    report = change(context, "i0", price=1.25, attributes={"colour": "red"})
    assert (report.written, len(report.indexes)) == (1, 1)
    after = document("i0")
    named = {"price", "attributes", "features", CHANGED_AT}
    assert (after["price"], after["attributes"]) == (1.25, {"colour": "red"})
    assert {k: v for k, v in after.items() if k not in named} == {
        k: v for k, v in before.items() if k not in named
    }  # the float16 copy of the vector too, bit by bit
    client.indices.refresh(index=names.items)
    vector = from_float16_base64(before[VECTOR_FLOAT16])
    body = {"size": 1, "query": {"knn": {VECTOR: {"vector": vector.tolist(), "k": 1}}}}
    [hit] = client.search(index=names.items, body=body)["hits"]["hits"]
    assert hit["_id"] == "i0"
    assert hit["_score"] == pytest.approx(1 + float(vector @ vector), abs=1e-5)
    change(context, "i0", price=None, attributes={"colour": ""})
    assert not {"price", "attributes"} & set(document("i0"))


def test_a_missing_item_is_reported_and_not_made(context: IndexContext, document: Any) -> None:
    report = change(context, "nowhere", price=1)
    assert (report.written, report.not_found) == (0, ("nowhere",))
    assert document("nowhere") is None


def test_a_change_does_not_revive_what_is_deleted_between_its_read_and_its_write(
    context: IndexContext, encoder: Encoder, document: Any
) -> None:
    def deleting() -> Encoder:  # the encoder is loaded once the item is read
        delete(context, ["i10"])
        return encoder

    renamed = ItemChange.of({"item_id": "i10", "title": "Brass kettle"}, ReadingRules())
    assert update(context, deleting, [renamed]).not_found == ("i10",)
    assert document("i10") is None


def test_only_a_changed_text_is_encoded(
    context: IndexContext, encoder: Encoder, document: Any
) -> None:
    before = document("i1")
    items = [Item("i1", before["title"], brand=before["brand"], category=("All", "coffee machine"))]
    report = upsert(context, no_encoder, items)
    assert document("i1")[VECTOR_FLOAT16] == before[VECTOR_FLOAT16]
    assert report.vanished == {"price": 1, "popularity": 1}
    assert report.examples["price"] == "item i1: 6.0"
    with pytest.raises(AssertionError, match="the encoder was loaded"):
        change(context, "i1", title="Purple piano")
    renamed = ItemChange.of({"item_id": "i1", "title": "Purple piano"}, ReadingRules())
    assert update(context, lambda: encoder, [renamed]).written == 1
    expected = encoder.encode_items(["Purple piano. " + before["brand"] + ". coffee machine"])[0]
    assert float(from_float16_base64(document("i1")[VECTOR_FLOAT16]) @ expected) > 0.999


def test_changes_of_different_fields_at_the_same_time_all_count(
    context: IndexContext, document: Any
) -> None:
    def set_attribute(number: int) -> UpdateReport:
        return change(context, "i2", attributes={f"a{number}": str(number)})

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(set_attribute, range(12)))
    assert all(report.written == 1 for report in reports)
    assert document("i2")["attributes"] == {f"a{number}": str(number) for number in range(12)}


def test_a_version_that_is_older_than_the_stored_one_changes_nothing(
    context: IndexContext, document: Any
) -> None:
    now = time.time_ns() // 1_000_000
    assert change(context, "i3", version=now + 5000, price=3).written == 1
    assert change(context, "i3", version=now + 4000, price=4).superseded == ("i3",)
    assert document("i3")["price"] == 3
    report = upsert(context, no_encoder, [Item("i3", "Purple piano")], {"i3": now})
    assert report.superseded == ("i3",)
    assert change(context, "i3", price=5).written == 1  # without a version: now, whatever came
    assert document("i3")["price"] == 5


@pytest.mark.parametrize("after", [0, 200])
def test_a_change_during_a_rebuild_reaches_both_indexes(
    run_rebuild, client, fresh_names, fresh_context, catalogue, after
):
    run_rebuild(catalogue)
    reports = []

    def change_price() -> None:
        reports.append(change(fresh_context, "5", price=1.25))

    progress = AtStage(FILL, change_price, after)
    report = run_rebuild(
        catalogue, progress=progress, fill_window=50, bulk_items=25, bulk_threads=1
    )
    assert len(reports[0].indexes) == 2
    assert report.adopted == 0  # same vector space: the live index's vector is taken
    assert source(client, fresh_names, "5")["price"] == 1.25
    assert VECTOR_FLOAT16 in source(client, fresh_names, "5")


@pytest.mark.parametrize("feed", [False, True], ids=["update", "feed"])
def test_a_change_during_a_rebuild_revives_nothing_that_was_deleted(
    run_rebuild, client, fresh_names, fresh_context, catalogue, feed
):
    """The new index has the catalogue's item; the live index, and so the shop, has it no more."""
    run_rebuild(catalogue)
    reports = []

    def delete_and_change_price() -> None:
        delete(fresh_context, ["5"])
        if feed:
            price = ItemChange.of({"item_id": "5", "price": 1.25}, ReadingRules(strict=True))
            later = FeedChange("update", "5", now_ms() + 1, update=price)
            reports.append(apply_changes(fresh_context, no_encoder, [later]).outcomes[0].status)
        else:
            reports.append(change(fresh_context, "5", price=1.25).not_found)

    progress = AtStage(FILL, delete_and_change_price, 200)
    report = run_rebuild(
        catalogue, progress=progress, fill_window=50, bulk_items=25, bulk_threads=1
    )
    assert reports == ["missing" if feed else ("5",)]
    assert not client.exists(index=report.index, id="5")


def test_a_rebuild_from_an_earlier_export_keeps_what_was_written_since(
    run_rebuild, client, fresh_names, fresh_context, catalogue
):
    run_rebuild(catalogue)
    exported_at = datetime.now(UTC) - timedelta(milliseconds=1)
    price = source(client, fresh_names, "6")["price"]
    change(fresh_context, "5", version=now_ms(), price=1.25)
    change(fresh_context, "8", price=1.25)  # as of now
    delete(fresh_context, ["7"])
    report = run_rebuild(catalogue, beginning=Beginning.now(fresh_context, as_of=exported_at))
    assert source(client, fresh_names, "5")["price"] == 1.25
    assert source(client, fresh_names, "8")["price"] == 1.25
    assert source(client, fresh_names, "6")["price"] == price
    assert not client.exists(index=report.index, id="7")
    run_rebuild(catalogue)  # an export of now: it has the items as they are
    assert source(client, fresh_names, "5")["price"] != 1.25
    assert client.exists(index=fresh_names.items, id="7")
    with pytest.raises(SettingsError, match="a time to come"):
        Beginning.now(fresh_context, as_of=datetime.now(UTC) + timedelta(hours=1))


def test_a_change_without_a_version_is_as_of_now(run_rebuild, fresh_context, catalogue):
    run_rebuild(catalogue)
    before = now_ms()
    change(fresh_context, "5", price=2)
    assert before <= read_versions(fresh_context, fresh_context.names.items, ["5"])["5"] <= now_ms()
    assert change(fresh_context, "5", version=before - 1, price=3).superseded == ("5",)
    lagging = FeedChange("delete", "5", before - 1)
    assert apply_changes(fresh_context, no_encoder, [lagging]).outcomes[0].status == "old"
    assert delete(fresh_context, ["5"], {"5": before - 1}).superseded == ("5",)
    ahead = now_ms() + 3_600_000
    assert change(fresh_context, "5", version=ahead, price=4).written == 1
    change(fresh_context, "5", price=5)
    assert read_versions(fresh_context, fresh_context.names.items, ["5"])["5"] == ahead + 1
    assert delete(fresh_context, ["5"]).written == 1


@pytest.fixture
def environment(environment: dict[str, str], context: IndexContext) -> Iterator[dict[str, str]]:
    """Environment of the command, with an encoder that is nowhere."""
    return environment | PYTHONPATH | {"LIVE_INTENT_ENCODER": "./nowhere"}


def test_index_update_of_prices_does_not_load_torch_nor_the_model(
    environment: dict[str, str], document: Any, tmp_path: Path
) -> None:
    (tmp_path / "stock.csv").write_text("item_id,price,available\ni4,2.5,no\nnone,1,yes\n")
    script = (
        "import sys\nfrom live_intent.main import cli\n"
        f"cli({['index', 'update', 'stock.csv']!r}, standalone_mode=False)\n"
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])\n"
    )
    ran = run_process(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    first, missing, given, *_, modules = ran.stdout.splitlines()
    assert first.startswith("1 items updated in ")
    assert missing == "1 were not there: none"
    assert given == "given: available (2 rows), price (2 rows)"
    assert modules == "[]"
    assert (document("i4")["price"], document("i4")["available"]) == (2.5, False)


def test_index_upsert_says_what_vanished(
    environment: dict[str, str], document: Any, tmp_path: Path
) -> None:
    row = {"item_id": "i6", "title": document("i6")["title"], "brand": document("i6")["brand"]}
    row["category"] = ["All", document("i6")["category"][-1].split(" > ")[-1]]
    (tmp_path / "one.jsonl").write_text(json.dumps(row))
    line = [sys.executable, "-m", "live_intent.main", "index", "upsert", "one.jsonl"]
    ran = run_process(
        line,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "  price of 1 items (item i6: 11.0)" in ran.stdout
    assert "live-intent index update" in ran.stdout


def test_index_update_names_the_private_columns_that_it_left_out(
    environment: dict[str, str], document: Any, tmp_path: Path
) -> None:
    def update(text: str) -> CompletedProcess[str]:
        (tmp_path / "rows.csv").write_text(text)
        line = [sys.executable, "-m", "live_intent.main", "index", "update", "rows.csv"]
        return run_process(
            line, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    ran = update("item_id,price,margin\ni7,3,4\n")
    assert ran.returncode == 0, ran.stderr
    assert "private, left out: margin" in ran.stdout
    ran = update("item_id,purchase_price,margin\ni7,3,4\n")
    assert ran.returncode == 6
    assert "private here are margin, purchase_price" in ran.stderr
    columns = {"item_id": "i7", "attributes": {f"n{number}": number for number in range(30)}}
    (tmp_path / "many.jsonl").write_text(json.dumps(columns))
    line = [sys.executable, "-m", "live_intent.main", "index", "update", "many.jsonl"]
    ran = run_process(
        line, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "... and 18 more such lines" in ran.stdout


@pytest.mark.parametrize("rows", [3, 40, 20], ids=["shrinks", "grows", "is overwritten"])
@pytest.mark.parametrize("into", [update_source, upsert_source])
def test_a_file_that_changes_while_it_is_read_is_an_error(
    context: IndexContext, encoder: Encoder, document: Any, tmp_path: Path, into: Any, rows: int
) -> None:
    file = tmp_path / "changes.jsonl"

    def written(count: int) -> None:
        kind = next(kinds)
        lines = [f'{{"item_id": "w{n}", "title": "Wicker {kind} {n}"}}\n' for n in range(count)]
        file.write_text("".join(lines))

    kinds = iter(["chair", "table"])
    written(20)
    stage = "change" if into is update_source else "index"
    meanwhile = replace(context, progress=AtStage(stage, lambda: written(rows)))
    then = "and somebody wrote to it" if rows == 20 else f"then {rows}"
    with pytest.raises(CatalogueError, match=rf"changed while it was read: 20 .*({then})\. "):
        into(meanwhile, lambda: encoder, CatalogueSource(file))
    assert into is update_source or document("w0") is not None
