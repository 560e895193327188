"""`live-intent learn user-model` as a process: killed and resumed, refused, used by an index."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.bundle.learned_bundle import LearnedBundle
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import process_environment, run, start
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import tiny_model, write_catalogue
from tests.integration.waiting import wait_until

Learn = Callable[..., "subprocess.CompletedProcess[str]"]
ITEMS = 120


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """Environment of the command, with no address of a cluster: learning needs none."""
    settings = process_environment(
        encoder=tiny_model(), bundles_dir=tmp_path_factory.mktemp("bundles"), meaning_dims=32
    )
    return settings | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def items(tmp_path_factory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("items") / "items.jsonl", range(ITEMS))


@pytest.fixture(scope="module")
def sequences(tmp_path_factory) -> Path:
    """Four hundred users whose next item after n is n + 1, and rows that can't be used."""
    rows: list[dict[str, object]] = [
        {"user_id": f"u{u}", "item_ids": [str((u * 7 + n) % ITEMS) for n in range(6)]}
        for u in range(400)
    ]
    rows += [
        {"user_id": "one", "item_ids": ["1"]},
        {"user_id": "lost", "item_ids": ["1", "none"]},
        {"user_id": "", "item_ids": ["1", "2"]},
    ]
    path = write_json_lines(tmp_path_factory.mktemp("sequences") / "sequences.jsonl", rows)
    with path.open("a") as file:
        file.write("no json\n")
    return path


@pytest.fixture(scope="module")
def command(items: Path, sequences: Path) -> tuple[object, ...]:
    return ("learn", "user-model", "--items", items, "--sequences", sequences, "--dims", 16)


def test_a_killed_training_resumes_and_ends_with_the_same_weights(
    environment, command, tmp_path: Path
) -> None:
    options = ("--epochs", 12, "--seed", 3)
    resumable = (*command, *options, "--out", tmp_path / "killed",
                 "--checkpoints", tmp_path / "checkpoints")  # fmt: skip
    process = start(environment, *resumable, log=tmp_path / "log")
    checkpoint = tmp_path / "checkpoints/tensors.safetensors"
    wait_until(checkpoint.exists, 120)
    process.kill()
    process.wait()
    assert checkpoint.exists()
    assert not (tmp_path / "killed").exists()  # a bundle is complete or absent

    resumed = run(environment, *resumable)
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after epoch" in resumed.stderr
    assert not checkpoint.exists()
    assert list((tmp_path / "checkpoints/tensorboard").iterdir())
    unbroken = run(environment, *command, *options, "--out", tmp_path / "unbroken")
    assert unbroken.returncode == 0, unbroken.stderr
    one, other = (LearnedBundle.open(tmp_path / name) for name in ("killed", "unbroken"))
    weights = "user_model/weights.safetensors"
    assert (one.folder / weights).read_bytes() == (other.folder / weights).read_bytes()


@pytest.fixture(scope="module")
def bundle(environment, command, tmp_path_factory) -> Path:
    """A learned bundle, after a training that reported its metrics and the unusable rows."""
    out = tmp_path_factory.mktemp("learned") / "b1"
    result = run(environment, *command, "--out", out, "--epochs", 2)
    assert result.returncode == 0, result.stderr
    for line in (
        "before training: NDCG@10",
        "cold users",
        "1 row left out: not JSON",
        "1 row left out: user_id is missing",
        "fewer than two items",
        "the last item is not among the items",
    ):
        assert line in result.stdout
    return out


def test_the_manifest_has_data_seed_settings_versions_and_metrics(bundle, sequences) -> None:
    provenance = json.loads((bundle / "manifest.json").read_text())["parts"]["user_model"]
    assert {"data", "seed", "settings", "versions", "metrics", "seconds"} <= set(provenance)
    assert set(provenance["data"]) == {"items.jsonl", sequences.name}
    assert len(provenance["metrics"]["epochs"]) == 3
    assert str(bundle.parent) not in json.dumps(provenance)


@pytest.mark.node
def test_an_upsert_is_refused_until_a_rebuild_with_the_same_item_halves(
    bundle, items, environment, cluster_settings: ClusterSettings, tmp_path
) -> None:
    """Items whose text is unchanged keep their vectors, and need no encoder: here all are new."""
    fixed = environment | {
        "LIVE_INTENT_OPENSEARCH_URL": cluster_settings.opensearch_url,
        "LIVE_INTENT_INDEX_PREFIX": cluster_settings.index_prefix,
    }
    learned = fixed | {"LIVE_INTENT_BUNDLE": str(bundle)}
    assert run(fixed, "index", "rebuild", items, "-q").returncode == 0
    new = write_json_lines(tmp_path / "new.jsonl", [{"item_id": "new", "title": "a new kettle"}])
    refused = run(learned, "index", "upsert", new)
    assert refused.returncode == 4
    assert "learned item halves" in refused.stderr
    assert "Rebuild it" in refused.stderr
    assert run(learned, "index", "rebuild", items, "-q").returncode == 0
    assert run(learned, "index", "upsert", new).returncode == 0
    newer = write_json_lines(tmp_path / "newer.jsonl", [{"item_id": "new", "title": "a pot"}])
    assert run(fixed, "index", "upsert", newer).returncode == 4


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--sequences", "empty.jsonl", "is empty"),
        ("--out", "folder", "never overwritten"),
        ("--from", "folder", "no learned bundle"),
    ],
)
def test_wrong_files_and_folders_are_refused_before_the_training(
    environment, command, tmp_path, option, name, message
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "folder").mkdir()
    result = run(environment, *command, "--out", tmp_path / "out", option, tmp_path / name)
    assert result.returncode in (2, 4)
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
