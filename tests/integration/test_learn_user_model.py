"""`live-intent learn user-model` as a process: killed and gone on with, served, refused."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.bundle.learned_bundle import LearnedBundle
from tests.integration.rebuilding import tiny_model, write_catalogue

Run = Callable[..., subprocess.CompletedProcess[str]]
ITEMS = 120


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    return {
        "LIVE_INTENT_ENCODER": tiny_model(),
        "LIVE_INTENT_BUNDLES_DIR": str(tmp_path_factory.mktemp("bundles")),
        "LIVE_INTENT_MEANING_DIMS": "32",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("items") / "items.jsonl", range(ITEMS))


@pytest.fixture(scope="module")
def sequences(tmp_path_factory) -> Path:
    """Who acts on item n acts on n + 1 next; and rows that can't be used."""
    path = tmp_path_factory.mktemp("sequences") / "sequences.jsonl"
    rows: list[dict[str, object]] = [
        {"user_id": f"u{u}", "item_ids": [str((u * 7 + n) % ITEMS) for n in range(6)]}
        for u in range(400)
    ]
    rows += [
        {"user_id": "one", "item_ids": ["1"]},
        {"user_id": "lost", "item_ids": ["1", "none"]},
        {"user_id": "", "item_ids": ["1", "2"]},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\nno json\n")
    return path


def _line(items: Path, sequences: Path, out: Path, *more: object) -> list[str]:
    given = ["--items", items, "--sequences", sequences, "--out", out, "--dims", 16, *more]
    return [sys.executable, "-m", "live_intent.main", "learn", "user-model", *map(str, given)]


@pytest.fixture(scope="module")
def run(environment) -> Run:
    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments, env=os.environ | environment, capture_output=True, text=True, timeout=240,
            check=False,
        )  # fmt: skip

    return command


def test_a_killed_training_goes_on_and_gives_what_an_unbroken_one_gives(
    items, sequences, environment, run, tmp_path
) -> None:
    more = ("--epochs", 12, "--seed", 3)
    kept = ("--checkpoints", tmp_path / "checkpoints")
    line = _line(items, sequences, tmp_path / "killed", *more, *kept)
    process = subprocess.Popen(
        line, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    checkpoint = tmp_path / "checkpoints/tensors.safetensors"
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert checkpoint.exists()
    assert not (tmp_path / "killed").exists()  # a bundle is whole or absent

    resumed = run(*line)
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after epoch" in resumed.stderr
    assert not checkpoint.exists()
    assert list((tmp_path / "checkpoints/tensorboard").iterdir())
    unbroken = run(*_line(items, sequences, tmp_path / "unbroken", *more))
    assert unbroken.returncode == 0, unbroken.stderr
    one, other = (LearnedBundle.open(tmp_path / name) for name in ("killed", "unbroken"))
    weights = "user_model/weights.safetensors"
    assert (one.folder / weights).read_bytes() == (other.folder / weights).read_bytes()


@pytest.fixture(scope="module")
def bundle(items, sequences, run, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("learned") / "b1"
    made = run(*_line(items, sequences, out, "--epochs", 2))
    assert made.returncode == 0, made.stderr
    for told in (
        "before training: NDCG@10",
        "cold users",
        "1 row left out: not JSON",
        "1 row left out: user_id is missing",
        "fewer than two items",
        "the last item is not among the items",
    ):
        assert told in made.stdout
    return out


def test_the_manifest_says_what_was_learned_from(bundle, sequences) -> None:
    told = json.loads((bundle / "manifest.json").read_text())["parts"]["user_model"]
    assert {"data", "seed", "settings", "versions", "metrics", "seconds"} <= set(told)
    assert set(told["data"]) == {"items.jsonl", sequences.name}
    assert len(told["metrics"]["epochs"]) == 3
    assert str(bundle.parent) not in json.dumps(told)


@pytest.mark.node
def test_an_index_without_the_item_halves_is_refused_with_the_way_out(
    bundle, items, node_url, names, environment, run
) -> None:
    settings = {
        "LIVE_INTENT_OPENSEARCH_URL": node_url, "LIVE_INTENT_INDEX_PREFIX": names.prefix,
    }  # fmt: skip
    live_intent = [sys.executable, "-m", "live_intent.main"]
    plain, learned = settings, settings | {"LIVE_INTENT_BUNDLE": str(bundle)}

    def called(settings: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
        return run("env", *(f"{k}={v}" for k, v in settings.items()), *live_intent,
                   *map(str, arguments))  # fmt: skip

    assert called(plain, "index", "rebuild", items, "-q").returncode == 0
    refused = called(learned, "index", "upsert", items)
    assert refused.returncode == 4
    assert "learned item halves" in refused.stderr
    assert "Rebuild it" in refused.stderr
    assert called(learned, "index", "rebuild", items, "-q").returncode == 0
    assert called(learned, "index", "upsert", items).returncode == 0
    back = called(plain, "index", "upsert", items)  # the old settings do not fit any more
    assert back.returncode == 4


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--sequences", "EMPTY"], "is empty"),
        (["--out", "TAKEN"], "never overwritten"),
        (["--from", "TAKEN"], "no learned bundle"),
    ],
)
def test_what_can_t_be_done_is_said_before_anything_is_trained(
    items, sequences, run, tmp_path, more, told
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "taken").mkdir()
    places = {"EMPTY": tmp_path / "empty.jsonl", "TAKEN": tmp_path / "taken"}
    given = [places.get(word, word) for word in more]
    result = run(*_line(items, sequences, tmp_path / "out", *given))
    assert result.returncode in (2, 4)
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
