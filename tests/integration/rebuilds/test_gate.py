"""The gate before the swap, on a real node: each check fails by a real cause."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from indexer.catalogue.items import Item
from indexer.cli.status import read_status
from indexer.gate.comparison import Comparison
from indexer.gate.gate import STAGE, Gate
from indexer.gate.replay import Judged
from indexer.gate.settings import GateSettings
from indexer.index.construction import RebuildUnderWay
from indexer.index.documents import float16_base64, from_float16_base64
from indexer.index.generations import NoItemsIndex, generations
from indexer.index.live.updates import delete, upsert
from indexer.index.rebuilding.before_swap import SwapRefused
from indexer.index.rebuilding.refused_index import IndexKept, activate, discard_by_hand
from indexer.index.swap import roll_back
from learning.evaluation.judged_answers import JudgedAnswers
from live_intent.search_tools import search_tools
from plugin_config.provisioning.provisioning import apply
from plugin_config.schema import VECTOR, VECTOR_FLOAT16, IndexNames
from plugin_config.settings import load
from tests.integration.command_line import invoke, run
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import (
    COLOURS,
    KINDS,
    AtStage,
    alias_target,
    indexes,
    source,
    tiny_encoder,
    tiny_model,
    write_catalogue,
)

pytestmark = pytest.mark.node


def gate(
    judged: Judged | None = None,
    *,
    shadow: int = 0,
    shown: Callable[[Comparison], None] = lambda _: None,
    force: bool = False,
    **settings: object,
) -> Gate:
    """The gate as the command makes it."""
    return Gate(load(GateSettings, **settings), search_tools(), judged, shadow, shown, force)


def log_queries(
    client: OpenSearch, names: IndexNames, texts: Iterable[str], sessions: int = 6
) -> None:
    """Write rows of `ubi_queries`: each text typed now by so many sessions."""
    now = time.time_ns() // 1_000_000
    rows = [
        {"user_query": text, "session_id": f"s{n}", "query_id": f"{text}-{n}", "timestamp": now}
        for text in texts
        for n in range(sessions)
    ]
    actions = [{"_index": names.ubi_queries, "_source": row} for row in rows]
    bulk(client, actions, refresh=True)


@pytest.fixture
def log(client, fresh_names) -> IndexNames:
    """A log in which six sessions typed each of twenty queries."""
    apply(client, fresh_names)
    texts = [f"{colour} {kind}" for colour in COLOURS for kind in KINDS]
    log_queries(client, fresh_names, texts)
    return fresh_names


def swapped_titles(path: Path) -> Path:
    """The catalogue of 300 items, each with the title of another."""
    rows = [json.loads(line) for line in write_catalogue(path, range(300)).read_text().splitlines()]
    titles = [row["title"] for row in rows]
    moved = [row | {"title": titles[n - 7]} for n, row in enumerate(rows)]
    return write_json_lines(path, moved)


def test_an_unchanged_catalogue_passes_every_check_and_encodes_only_the_sample(
    run_rebuild, encoder_of_layout, catalogue, log
):
    first = run_rebuild(catalogue, encoder=encoder_of_layout, before_swap=gate())
    assert {check.name: check.passed for check in first.checks} == {
        "count": None, "vectors": True, "recall": True, "overlap": None,
    }  # fmt: skip
    again = run_rebuild(catalogue, encoder=encoder_of_layout, before_swap=gate())
    checks = {check.name: check for check in again.checks}
    assert all(check.passed for check in again.checks)
    assert again.encoded == 0
    assert checks["count"].value == 0
    assert checks["vectors"].value > 0.999
    assert checks["recall"].value > 0.95
    assert checks["overlap"].value > 0.99
    assert "of 20 recent queries" in checks["overlap"].text


def test_a_cut_export_is_refused_kept_and_activated_by_hand(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue, tmp_path
):
    live = run_rebuild(catalogue, before_swap=gate()).index
    cut = write_catalogue(tmp_path / "cut.jsonl", range(200))
    with pytest.raises(SwapRefused) as refusal:
        run_rebuild(cut, before_swap=gate())
    message = str(refusal.value)
    assert "300 in the live index (-33.3%; allowed: -10.0%, LIVE_INTENT_GATE_MAX_DROP" in message
    assert alias_target(client, fresh_names) == live
    [refused] = [name for name in indexes(client, fresh_names) if name != live]
    assert f"live-intent index activate {refused}" in message
    assert f"live-intent index discard {refused}" in message
    [status, _] = read_status(client, fresh_names, fresh_context.bundles_dir).indexes
    assert (status.index, status.role, status.bundle_here) == (refused, "refused", True)
    assert "count FAILED" in status.reasons[0]
    with pytest.raises(NoItemsIndex, match="is no earlier or later items index"):
        roll_back(client, fresh_names, refused)

    # A change, a new item and a deletion, live: the refused index is in no alias.
    written = [Item("5", "golden guitar"), Item("new", "silver flute")]
    upsert(fresh_context, lambda: encoder, written)
    delete(fresh_context, ["7"])
    before, carried = activate(fresh_context, refused, lambda: encoder)
    assert (before.index, alias_target(client, fresh_names)) == (live, refused)
    assert carried == 3
    assert source(client, fresh_names, "5")["title"] == "golden guitar"
    assert source(client, fresh_names, "new")[VECTOR_FLOAT16]
    assert source(client, fresh_names, "7") is None
    assert source(client, fresh_names, "250") is None
    states = {g.index: (g.state, g.live, g.building) for g in generations(client, fresh_names)}
    assert states == {refused: ("ready", True, False), live: ("ready", False, False)}
    roll_back(client, fresh_names, live)
    assert alias_target(client, fresh_names) == live


def test_small_catalogues_may_lose_items(run_rebuild, tmp_path):
    run_rebuild(write_catalogue(tmp_path / "a.jsonl", range(10)), before_swap=gate())
    report = run_rebuild(write_catalogue(tmp_path / "b.jsonl", range(3)), before_swap=gate())
    assert report.count == 3
    assert [check.name for check in report.checks if check.passed] == ["count", "vectors", "recall"]


def test_vectors_that_are_not_the_encoders_are_refused(
    run_rebuild, client, fresh_names, encoder_of_layout, catalogue
):
    def tamper() -> None:
        """Turn every vector of the index that is being filled round by one dimension."""
        query = {"size": 300, "query": {"match_all": {}}, "_source": True}
        hits = client.search(index=fresh_names.items_building, body=query)["hits"]["hits"]
        for hit in hits:
            turned = np.roll(from_float16_base64(hit["_source"][VECTOR_FLOAT16]), 1)
            hit["_source"] |= {VECTOR: turned.tolist(), VECTOR_FLOAT16: float16_base64(turned)}
        actions = [
            {"_index": fresh_names.items_building, "_id": h["_id"], "_source": h["_source"]}
            for h in hits
        ]
        bulk(client, actions, refresh=True)

    with pytest.raises(SwapRefused, match=r"vectors FAILED: 64 of 64 items encoded again, lowest"):
        run_rebuild(
            catalogue,
            encoder=encoder_of_layout,
            before_swap=gate(),
            progress=AtStage(STAGE, tamper),
        )
    assert alias_target(client, fresh_names) is None


def test_quantised_vectors_pass(run_rebuild, catalogue):
    report = run_rebuild(catalogue, before_swap=gate(), quantization="int7")
    checks = {check.name: check for check in report.checks}
    assert checks["vectors"].value > 0.999
    assert checks["recall"].value > 0.9


def test_a_graph_too_thin_to_search_is_refused(run_rebuild, client, fresh_names, tmp_path):
    catalogue = write_catalogue(tmp_path / "many.jsonl", range(3000))
    thin = {"hnsw_m": 3, "ef_construction": 10, "ef_search": 10}
    with pytest.raises(SwapRefused, match=r"recall FAILED: recall@10 of k-NN search 0\.\d+") as e:
        run_rebuild(catalogue, before_swap=gate(), merge=True, **thin)
    assert "raise LIVE_INTENT_HNSW_M" in str(e.value)
    assert alias_target(client, fresh_names) is None


def test_a_catalogue_with_swapped_titles_is_refused_by_the_queries_of_the_log(
    run_rebuild, client, catalogue, log, tmp_path
):
    live = run_rebuild(catalogue).index
    with pytest.raises(SwapRefused, match=r"overlap FAILED: mean overlap@10 0\.\d+ with"):
        run_rebuild(swapped_titles(tmp_path / "swapped.jsonl"), before_swap=gate())
    assert alias_target(client, log) == live


def test_a_live_index_of_another_encoder_is_asked_with_its_own(
    run_rebuild, catalogue, log, monkeypatch
):
    monkeypatch.setenv("LIVE_INTENT_ENCODER", tiny_model())
    run_rebuild(catalogue)
    other = tiny_encoder(device="cpu", pooling="cls")
    report = run_rebuild(catalogue, encoder=other, before_swap=gate(gate_min_overlap=0))
    [overlap] = [check for check in report.checks if check.name == "overlap"]
    assert overlap.passed
    assert 0.2 < overlap.value < 1


def test_judged_queries_must_be_answered_as_well(run_rebuild, catalogue, tmp_path):
    judged = JudgedAnswers.read(
        write_json_lines(
            tmp_path / "judgments.jsonl",
            [
                {"query": f"{COLOURS[n % 4]} {KINDS[n % 5]} model {n}", "item_id": n, "grade": 3}
                for n in range(12)
            ],
        )
    )
    first = run_rebuild(catalogue, before_swap=gate(judged))
    [ndcg] = [check for check in first.checks if check.name == "ndcg"]
    assert (ndcg.passed, ndcg.value > 0.8) == (None, True)
    with pytest.raises(SwapRefused, match=r"ndcg FAILED: NDCG@10 0\.\d+ on 12 judged queries"):
        run_rebuild(swapped_titles(tmp_path / "swapped.jsonl"), before_swap=gate(judged))


def test_judgments_of_another_catalogue_pass_no_check(run_rebuild, catalogue, tmp_path):
    rows = [{"query": "red phone", "item_id": "of another shop", "grade": 3}]
    judged = JudgedAnswers.read(write_json_lines(tmp_path / "judgments.jsonl", rows))
    run_rebuild(catalogue)
    second = run_rebuild(catalogue, before_swap=gate(judged))
    [ndcg] = [check for check in second.checks if check.name == "ndcg"]
    assert ndcg.passed is None
    assert "are these judgments of this catalogue?" in ndcg.text


def test_a_forced_swap_says_what_failed(run_rebuild, client, fresh_names, catalogue, tmp_path):
    run_rebuild(catalogue)
    cut = write_catalogue(tmp_path / "cut.jsonl", range(100))
    report = run_rebuild(cut, before_swap=gate(force=True))
    assert alias_target(client, fresh_names) == report.index
    assert [check.name for check in report.checks if check.passed is False] == ["count"]


def test_only_the_newest_refused_index_is_kept_and_not_for_ever(
    run_rebuild, client, fresh_names, fresh_context, catalogue, tmp_path
):
    live = run_rebuild(catalogue).index
    cut = write_catalogue(tmp_path / "cut.jsonl", range(100))
    refused = []
    for _ in range(2):
        with pytest.raises(SwapRefused):
            run_rebuild(cut, before_swap=gate(gate_sample=0))
        refused += [g.index for g in generations(client, fresh_names) if g.state == "refused"]
    assert len(set(refused)) == 2  # the first was deleted when the second was refused
    newest = refused[1]
    second = run_rebuild(catalogue, keep_indexes=2).index
    assert indexes(client, fresh_names) == sorted([live, newest, second])
    third = run_rebuild(catalogue, keep_indexes=2, keep_refused_hours=0)
    assert newest in third.removed
    with pytest.raises(NoItemsIndex, match="is live"):
        discard_by_hand(fresh_context, third.index)
    with pytest.raises(IndexKept, match="add --force"):
        discard_by_hand(fresh_context, second)
    discard_by_hand(fresh_context, second, force=True)
    assert indexes(client, fresh_names) == sorted([live, third.index])


def test_a_refused_index_is_not_activated_beside_a_rebuild(
    run_rebuild, client, fresh_names, fresh_context, encoder, catalogue, tmp_path
):
    earlier = run_rebuild(catalogue).index
    cut = write_catalogue(tmp_path / "cut.jsonl", range(100))
    with pytest.raises(SwapRefused):
        run_rebuild(cut, before_swap=gate(gate_sample=0))
    [refused] = [g.index for g in generations(client, fresh_names) if g.state == "refused"]

    def try_it() -> None:
        with pytest.raises(RebuildUnderWay):
            activate(fresh_context, refused, lambda: encoder)

    report = run_rebuild(catalogue, progress=AtStage("check", try_it))
    assert alias_target(client, fresh_names) == report.index
    [kept] = [g for g in generations(client, fresh_names) if g.index == refused]
    assert (kept.state, kept.building) == ("refused", False)
    with pytest.raises(NoItemsIndex, match=f"rollback --to {earlier}"):
        activate(fresh_context, earlier, lambda: encoder)
    with pytest.raises(NoItemsIndex, match=f"points at {report.index} already"):
        activate(fresh_context, report.index, lambda: encoder)


def test_the_command_says_it_all_and_shows_what_differs(
    fresh_environment, client, catalogue, log, tmp_path
):
    def index_command(*arguments: object, code: int = 0) -> Result:
        result = invoke(fresh_environment, "index", *arguments)
        assert result.exit_code == code, result.output
        return result

    log_queries(client, log, ["my secret desk lamp"], sessions=4)
    rejects = ("--rejects", tmp_path / "rejects.jsonl")
    index_command("rebuild", catalogue, "-q", *rejects)
    live = alias_target(client, log)
    swapped = swapped_titles(tmp_path / "swapped.jsonl")
    page = tmp_path / "shadow.html"
    options = ("-q", "--shadow", 50, "--report", page, *rejects)
    done = index_command("rebuild", swapped, *options, code=8)
    assert "overlap FAILED" in done.stderr
    [refused] = [name for name in indexes(client, log) if name != live]
    assert done.stdout.startswith(f"{live} -> {refused}\n21 queries of the last 14 days")
    assert "red phone" in done.stdout
    assert "1 of them were typed by too few sessions" in done.stdout
    for text in (done.output, page.read_text(encoding="utf-8")):
        assert "secret" not in text
    shown = index_command("status").stdout
    assert f"{refused} was refused by the gate before the swap:\n  overlap FAILED" in shown
    compared = index_command("compare", live, refused)
    assert compared.stdout.splitlines()[:2] == done.stdout.splitlines()[:2]
    done = index_command("activate", refused)
    assert done.stdout.startswith(f"{log.items} -> {refused} (was {live})")
    index_command("discard", "--force", live)
    assert indexes(client, log) == [refused]
    done = index_command("rebuild", swapped, "--report", page, code=2)
    assert "--report is the page of --shadow N" in done.stderr


def test_the_command_s_exit_code_is_8_and_the_old_index_answers(
    fresh_environment, client, fresh_names, run_rebuild, catalogue, tmp_path
):
    live = run_rebuild(catalogue).index
    cut = write_catalogue(tmp_path / "cut.jsonl", range(100))
    done = run(fresh_environment, "index", "rebuild", cut, folder=tmp_path)
    assert done.returncode == 8, done.stderr
    assert f"Error: the gate refused {fresh_names.items}-" in done.stderr
    assert alias_target(client, fresh_names) == live
    assert client.count(index=fresh_names.items)["count"] == 300
