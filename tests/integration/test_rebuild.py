"""Rebuilds, upserts, deletes and roll-backs on a real node."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.catalogue_file import CatalogueError, CatalogueSource
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import Item
from indexer.catalogue.rejects import TooManyRejects
from indexer.cli.status import read_status
from indexer.encoder.loading import load_encoder
from indexer.encoder_spec import EncoderMismatch
from indexer.index.construction import RebuildUnderWay
from indexer.index.generations import AliasTaken, NoItemsIndex, generations
from indexer.index.inspection import IndexNotWhole
from indexer.index.rebuild import RebuildReport, rebuild
from indexer.index.swap import roll_back, set_meta
from indexer.index.updates import delete, upsert
from indexer.progress import Progress
from indexer.settings import EncoderSettings
from plugin_config.errors import SettingsError
from plugin_config.settings import load
from tests.integration.rebuilding import (
    TINY,
    At,
    alias_target,
    environment,
    expected_vectors,
    index_context,
    indexes,
    rebuilt,
    source,
    start_process,
    stored_vectors,
    tiny_model,
    wait_for,
    write_catalogue,
)

pytestmark = pytest.mark.node
Rebuild = Callable[..., RebuildReport]
BUSY = "index.blocks.read_only_allow_delete"


@pytest.fixture(scope="module", params=["sum", "concat"])
def encoder(request):
    return load_encoder(load(EncoderSettings, encoder=tiny_model(), layout=request.param, **TINY))


@pytest.fixture(scope="module")
def plain_encoder():
    return load_encoder(load(EncoderSettings, encoder=tiny_model()))


@pytest.fixture
def bundles(tmp_path) -> Path:
    return tmp_path / "bundles"


@pytest.fixture
def run(client, fresh_names, plain_encoder, bundles) -> Rebuild:
    def start(catalogue: Path, *, encoder=None, progress: Progress | None = None, **more):
        merge = more.pop("merge", False)
        reading = {name: more.pop(name) for name in ("mapping", "rejects_file") if name in more}
        context = index_context(client, fresh_names, bundles, **more)
        context = replace(context, progress=progress or context.progress)
        source = CatalogueSource(catalogue, **reading)
        return rebuild(context, encoder or plain_encoder, source, merge=merge)

    return start


@pytest.fixture
def catalogue(tmp_path) -> Path:
    return write_catalogue(tmp_path / "catalogue.jsonl", range(300))


def test_a_catalogue_becomes_a_live_index(run, client, fresh_names, encoder, catalogue, bundles):
    report = run(catalogue, encoder=encoder, fill_window=64)
    assert (report.items, report.count, report.rejects) == (300, 300, 0)
    assert alias_target(client, fresh_names) == report.index
    mapping = client.indices.get_mapping(index=report.index)[report.index]["mappings"]
    meta = mapping["_meta"]["live_intent"]
    assert meta["state"] == "ready"
    assert meta["fingerprint"] == encoder.spec.fingerprint
    bundle = ModelBundle.load(bundles / report.index)
    assert meta["vector_space"] == bundle.vector_space
    assert bundle.statistics.items == 300
    assert bundle.statistics.max_popularity == 6
    assert source(client, fresh_names, "7")["title"] == "black running shoe model 7"
    settings = client.indices.get_settings(index=report.index, flat_settings=True)
    settings = settings[report.index]["settings"]
    assert "index.refresh_interval" not in settings
    assert "index.gc_deletes" not in settings
    assert settings["index.auto_expand_replicas"] == "0-1"


def test_stored_vectors_are_those_of_the_bundle(
    run, client, fresh_names, encoder, catalogue, bundles
):
    report = run(catalogue, encoder=encoder, fill_window=50, sample_items=80)
    items = [Item(str(n), "") for n in (0, 17, 299)]
    rows = [json.loads(line) for line in catalogue.read_text().splitlines()]
    items = [
        Item(row["item_id"], row["title"], brand=row["brand"], category=tuple(row["category"]))
        for row in (rows[0], rows[17], rows[299])
    ]
    stored = stored_vectors(client, fresh_names, [item.item_id for item in items])
    wanted = expected_vectors(encoder, items, bundles, report.index)
    for item, vector in zip(items, wanted, strict=True):
        assert stored[item.item_id].shape == (encoder.spec.vector_dims,)
        assert float(stored[item.item_id] @ vector) > 0.999


def test_the_previous_indexes_are_kept_and_older_ones_go(
    run, client, fresh_names, catalogue, bundles
):
    made = [run(catalogue, keep_indexes=1).index for _ in range(3)]
    assert len(set(made)) == 3
    assert alias_target(client, fresh_names) == made[2]
    assert indexes(client, fresh_names) == made[1:]
    assert sorted(path.name for path in bundles.iterdir()) == made[1:]


def test_rollback_and_forward(run, client, fresh_names, tmp_path):
    first = run(write_catalogue(tmp_path / "a.jsonl", range(50)))
    second = run(write_catalogue(tmp_path / "b.jsonl", range(60)))
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


def test_indexes_of_others_are_left_alone(run, client, fresh_names, catalogue):
    foreign = f"{fresh_names.prefix}items-20200101t000000z"
    client.indices.create(index=foreign, body={"mappings": {"dynamic": True}})
    for _ in range(2):
        run(catalogue, keep_indexes=0)
    assert foreign in indexes(client, fresh_names)
    assert len(indexes(client, fresh_names)) == 2


def test_too_many_rejects_write_nothing(run, client, fresh_names, catalogue, tmp_path):
    with catalogue.open("a") as file:
        file.write('{"item_id": "x"}\n' * 3)
    rejects = tmp_path / "rejects.jsonl"
    with pytest.raises(TooManyRejects, match="nothing was written"):
        run(catalogue, max_rejects="2", rejects_file=rejects)
    assert indexes(client, fresh_names) == []
    assert len(rejects.read_text().splitlines()) == 3
    assert run(catalogue, max_rejects="3", rejects_file=rejects).rejects == 3


def test_a_catalogue_that_changes_meanwhile(run, client, fresh_names, catalogue):
    before = run(catalogue).index

    def grow() -> None:
        write_catalogue(catalogue, range(310))

    with pytest.raises(CatalogueError, match="changed while it was read: 300 items at first"):
        run(catalogue, progress=At("encode and index", grow))
    assert alias_target(client, fresh_names) == before
    assert indexes(client, fresh_names) == [before]


def test_an_analyzer_that_the_cluster_does_not_know(run, client, fresh_names, catalogue, bundles):
    with pytest.raises(RebuildUnderWay, match="analyzer"):
        run(catalogue, analyzer="klingon")
    assert indexes(client, fresh_names) == []
    assert not list(bundles.iterdir())


def test_a_bundles_folder_that_cannot_be_written(
    client, fresh_names, plain_encoder, catalogue, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="LIVE_INTENT_BUNDLES_DIR"):
        rebuilt(
            index_context(client, fresh_names, tmp_path / "file" / "bundles"),
            plain_encoder,
            catalogue,
        )
    assert indexes(client, fresh_names) == []


@pytest.mark.parametrize("after", [0, 100])
def test_live_writes_during_a_fill_win(
    run, client, fresh_names, encoder, catalogue, bundles, after
):
    first = run(catalogue, encoder=encoder)
    context = index_context(client, fresh_names, bundles)

    def write() -> None:
        items = [Item("5", "purple piano"), Item("brand new", "silver saxophone")]
        done = upsert(context, encoder, items)
        assert len(done.indexes) == 2
        assert done.written == 2
        gone = delete(context, ["6", "never there"])
        assert gone.not_found == ("never there",)

    report = run(
        catalogue,
        encoder=encoder,
        progress=At("encode and index", write, after),
        fill_window=50,
        bulk_items=25,
        bulk_threads=1,
    )
    assert report.previous == first.index
    assert report.count == 300  # one more, one less
    assert source(client, fresh_names, "5")["title"] == "purple piano"
    assert source(client, fresh_names, "6") is None
    assert source(client, fresh_names, "brand new") is not None
    items = [Item("5", "purple piano"), Item("brand new", "silver saxophone")]
    stored = stored_vectors(client, fresh_names, ["5", "brand new"])
    wanted = expected_vectors(encoder, items, bundles, report.index)
    for item, vector in zip(items, wanted, strict=True):
        assert float(stored[item.item_id] @ vector) > 0.999


def test_an_upsert_by_the_old_encoder_during_a_fill_by_a_new_one(
    run, client, fresh_names, plain_encoder, catalogue, bundles
):
    run(catalogue)
    new = load_encoder(load(EncoderSettings, encoder=tiny_model(), layout="concat", **TINY))
    item = Item("5", "purple piano", category=("Music", "Keys"))

    def write() -> None:
        upsert(index_context(client, fresh_names, bundles), plain_encoder, [item])

    report = run(catalogue, encoder=new, progress=At("encode and index", write))
    assert report.adopted == 1
    stored = stored_vectors(client, fresh_names, ["5"])["5"]
    [wanted] = expected_vectors(new, [item], bundles, report.index)
    assert float(stored @ wanted) > 0.999


def test_an_item_lost_on_the_way_is_noticed(run, client, fresh_names, catalogue):
    def lose() -> None:
        [building] = [g for g in generations(client, fresh_names) if g.building]
        # the engine is made to forget the deletion: to the rebuild the item was never written
        client.indices.put_settings(index=building.index, body={"index.gc_deletes": "0s"})
        client.delete(index=building.index, id="17")
        version = {"version": building.version, "version_type": "external_gte"}
        deadline = time.monotonic() + 30
        answer = {"status": 409}
        while answer.get("status") == 409 and time.monotonic() < deadline:
            client.indices.refresh(index=building.index)  # which is when it forgets
            answer = client.delete(index=building.index, id="17", params=version, ignore=[404, 409])

    with pytest.raises(IndexNotWhole, match=r"1 are missing \(17\)") as caught:
        run(catalogue, progress=At("learn the model bundle", lose))
    assert "300" in str(caught.value)
    assert "299" in str(caught.value)
    assert alias_target(client, fresh_names) is None
    assert indexes(client, fresh_names) == []


def test_two_rebuilds_at_once(run, client, fresh_names, catalogue):
    refused: list[RebuildUnderWay] = []

    def second() -> None:
        with pytest.raises(RebuildUnderWay) as caught:
            run(catalogue)
        refused.append(caught.value)

    report = run(catalogue, progress=At("encode and index", second))
    assert report.index in str(refused[0])
    assert f"process {os.getpid()} on {socket.gethostname()}" in str(refused[0])
    assert alias_target(client, fresh_names) == report.index
    assert indexes(client, fresh_names) == [report.index]


def test_half_made_by_another_machine(run, client, fresh_names, catalogue):
    meta = {
        "state": "building",
        "host": "elsewhere",
        "pid": 1,
        "created_at": "2026-01-01T00:00:00Z",
    }
    left = f"{fresh_names.prefix}items-20260101t000000z"
    client.indices.create(index=left, body={"aliases": {fresh_names.items_building: {}}})
    set_meta(client, left, meta)
    with pytest.raises(RebuildUnderWay, match="--stale-after HOURS"):
        run(catalogue, stale_after_hours=1e9)
    progress = At("", lambda: None)
    report = run(catalogue, progress=progress, stale_after_hours=6)
    assert f"discarded {left}" in progress.notes[0]
    assert indexes(client, fresh_names) == [report.index]


def test_an_index_in_the_alias_s_place(run, client, fresh_names, catalogue):
    client.indices.create(index=fresh_names.items)
    with pytest.raises(AliasTaken, match="is an index, where an alias is wanted"):
        run(catalogue)


def test_a_cluster_too_busy_for_a_while_loses_nothing(run, client, fresh_names, catalogue):
    import threading

    def block() -> None:
        client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})
        free = threading.Timer(
            1.5,
            lambda: client.indices.put_settings(
                index=fresh_names.items_building, body={BUSY: None}
            ),
        )
        free.start()

    report = run(catalogue, progress=At("encode and index", block, 25), bulk_items=25)
    assert report.count == 300


def test_upsert_and_delete(run, client, fresh_names, encoder, catalogue, bundles):
    report = run(catalogue, encoder=encoder)
    context = index_context(client, fresh_names, bundles)
    item = Item("5", "purple piano", price=3.0, updated_at="2026-11-24T10:15:00Z")
    done = upsert(context, encoder, [item])
    assert (done.written, done.indexes) == (1, (report.index,))
    assert source(client, fresh_names, "5")["updated_at"] == "2026-11-24T10:15:00Z"
    [wanted] = expected_vectors(encoder, [item], bundles, report.index)
    assert float(stored_vectors(client, fresh_names, ["5"])["5"] @ wanted) > 0.999
    assert delete(context, ["5"]).written == 1
    assert source(client, fresh_names, "5") is None


def test_updates_need_an_index(client, fresh_names, plain_encoder, bundles):
    context = index_context(client, fresh_names, bundles)
    with pytest.raises(NoItemsIndex, match="live-intent index rebuild"):
        upsert(context, plain_encoder, [Item("1", "x")])
    with pytest.raises(NoItemsIndex):
        delete(context, ["1"])
    assert indexes(client, fresh_names) == []


def test_an_upsert_by_another_encoder_is_refused(run, client, fresh_names, catalogue, bundles):
    report = run(catalogue)
    other = load_encoder(load(EncoderSettings, encoder=tiny_model(), pooling="cls"))
    with pytest.raises(EncoderMismatch, match=report.index):
        upsert(index_context(client, fresh_names, bundles), other, [Item("1", "x")])


def test_an_upsert_without_the_bundle_of_a_concat_index(
    run, client, fresh_names, catalogue, tmp_path
):
    concat = load_encoder(load(EncoderSettings, encoder=tiny_model(), layout="concat", **TINY))
    run(catalogue, encoder=concat)
    elsewhere = index_context(client, fresh_names, tmp_path / "none")
    with pytest.raises(BundleError, match="copy"):
        upsert(elsewhere, concat, [Item("1", "x")])


def test_status(run, client, fresh_names, catalogue, bundles):
    first, second = run(catalogue).index, run(catalogue, merge=True).index
    status = read_status(client, fresh_names, bundles)
    assert status.live == second
    assert [(each.index, each.role, each.items) for each in status.indexes] == [
        (second, "live", 300),
        (first, "earlier", 300),
    ]
    assert all(each.bundle_here and each.layout == "sum" for each in status.indexes)


# ---- the command, as a process --------------------------------------------------------------


@pytest.fixture
def command(node_url, fresh_names, tmp_path):
    env = environment(node_url, fresh_names, tmp_path / "state")
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **extra: str) -> "subprocess.Popen[str]":
        process = start_process(["index", *arguments], env | extra, tmp_path)
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def finished(process: "subprocess.Popen[str]", given: str | None = None) -> tuple[int, str, str]:
    out, err = process.communicate(given, timeout=180)
    return process.returncode, out, err


def test_the_whole_way_by_commands(command, client, fresh_names, tmp_path):
    (tmp_path / "shop.csv").write_text(
        'sku;name;color\n1;Red phone;red\n2;"Blue; phone";blue\n3;;none\n4;Hose;\n'
    )
    (tmp_path / "shop.toml").write_text(
        '[fields]\nitem_id = "sku"\nattributes.colour = "color"\n[constants]\ncurrency = "USD"\n'
    )
    options = ["--mapping", "shop.toml", "--map", "title=name"]
    code, out, err = finished(command("rebuild", "shop.csv", *options, "--max-rejects", "1"))
    assert code == 0, err
    assert "1 bad rows left out, see shop.csv.rejects.jsonl" in out
    assert "encode and index: 3 items" in err
    reject = json.loads((tmp_path / "shop.csv.rejects.jsonl").read_text())
    assert reject == {"line": 4, "reason": "title is missing", "raw": "3;;none"}
    assert source(client, fresh_names, "2")["attributes"] == {"colour": "blue"}
    assert source(client, fresh_names, "2")["currency"] == "USD"
    first = alias_target(client, fresh_names)

    code, _, err = finished(command("rebuild", "shop.csv", *options, "--max-rejects", "0"))
    assert code == 6
    assert "Error: at least 1 rows are bad, more than --max-rejects 0 allows" in err

    given = '{"item_id": "9", "title": "From standard input"}\n'
    code, out, err = finished(command("upsert", "-", "--json"), given)
    assert code == 0, err
    assert json.loads(out)["written"] == 1
    code, out, err = finished(command("delete", "1", "77"))
    assert (code, out.splitlines()[1]) == (0, "1 were not there: 77"), err

    code, out, err = finished(command("rebuild", "-", "--quiet"), given)
    assert code == 0, err
    assert err == ""
    assert f"back to {first}: live-intent index rollback" in out
    code, out, err = finished(command("status", "--json"))
    assert [each["role"] for each in json.loads(out)["indexes"]] == ["live", "earlier"], err
    code, out, err = finished(command("rollback"))
    assert code == 0, err
    assert alias_target(client, fresh_names) == first
    code, out, _ = finished(command("status"))
    assert "later" in out


def test_dry_run_and_errors_of_the_command(command, client, fresh_names, tmp_path):
    write_catalogue(tmp_path / "catalogue.jsonl", range(5))
    code, out, err = finished(command("rebuild", "catalogue.jsonl", "--dry-run"))
    assert code == 0, err
    assert out.startswith("5 items in 5 rows; nothing was written")
    code, _, err = finished(command("rebuild", "none.jsonl"))
    assert code == 2
    assert "the catalogue none.jsonl can't be opened" in err
    code, _, err = finished(command("rebuild", "catalogue.jsonl", "--url", "http://127.0.0.1:9"))
    assert code == 3
    assert "does not answer" in err
    assert indexes(client, fresh_names) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_everything_as_it_was(
    command, run, client, fresh_names, catalogue, tmp_path, number, code
):
    before = run(catalogue).index
    large = write_catalogue(tmp_path / "large.jsonl", range(6000))
    process = command("rebuild", str(large))
    wait_for(lambda: len(indexes(client, fresh_names)) == 2, process)
    # the engine answers 429 from here on, so that the fill can't be over before the signal
    client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})
    process.send_signal(number)
    returned, _, err = finished(process)
    assert returned == code, err
    assert f"stopped by {number.name}; {fresh_names.items} points at {before}" in err
    assert indexes(client, fresh_names) == [before]
    assert alias_target(client, fresh_names) == before


def test_kill_leaves_an_index_that_the_next_rebuild_discards(
    command, run, client, fresh_names, catalogue, tmp_path, bundles
):
    before = run(catalogue).index
    large = write_catalogue(tmp_path / "large.jsonl", range(6000))
    process = command("rebuild", str(large))
    wait_for(lambda: len(indexes(client, fresh_names)) == 2, process)
    client.indices.put_settings(index=fresh_names.items_building, body={BUSY: True})
    process.kill()
    process.wait()
    assert alias_target(client, fresh_names) == before
    [left] = [index for index in indexes(client, fresh_names) if index != before]
    status = read_status(client, fresh_names, bundles)
    assert {each.index: each.role for each in status.indexes} == {
        before: "live",
        left: "left behind",
    }
    progress = At("", lambda: None)
    report = run(catalogue, progress=progress)
    assert any(f"discarded {left}, half made" in note for note in progress.notes)
    assert indexes(client, fresh_names) == [before, report.index]


def test_the_first_rows_of_the_best_buy_csv(run, client, fresh_names, tmp_path):
    folder = Path(os.environ.get("DATASETS_DIR", Path(__file__).parents[3] / "shared" / "data"))
    packed = folder / "retrotech" / "products.csv.gz"
    if not packed.is_file():
        pytest.skip(f"{packed} is not there: set DATASETS_DIR")
    import gzip

    head = tmp_path / "products.csv"
    with gzip.open(packed, "rt") as file:
        head.write_text("".join(next(file) for _ in range(3001)))
    columns = ["item_id=upc", "title=name", "brand=manufacturer"]
    columns += ["description=short_description", "description=long_description"]
    report = run(head, mapping=ColumnMap.parse(columns), rejects_file=tmp_path / "rejects.jsonl")
    assert report.rows == 3000
    assert report.count == report.items == 3000 - report.rejects
    assert report.rejects < 60
    body = {"query": {"match": {"title": "dvd player"}}, "size": 3}
    hits = client.search(index=fresh_names.items, body=body)["hits"]["hits"]
    assert all("DVD" in hit["_source"]["title"] for hit in hits)
    assert np.isfinite(hits[0]["_score"])
