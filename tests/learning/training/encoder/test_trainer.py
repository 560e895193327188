"""The tuning of an encoder: it starts from the encoder, learns, and resumes after a kill."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from indexer.bundle.learned_bundle import LearnedBundle
from indexer.bundle.projections import unit
from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.encoder.number_format import choose_device
from indexer.progress import Silence
from indexer.settings import EncoderSettings
from learning.data.splits import split_of
from learning.training.checkpoints import Checkpoints
from learning.training.encoder.command import encoder as command
from learning.training.encoder.hard_negatives import nearest, nearest_by_words, with_hard_negatives
from learning.training.encoder.query_pairs import (
    QueryPairs,
    ValidationPool,
    from_catalogue,
    from_grades,
    pseudo_query,
    view,
)
from learning.training.encoder.trainable_encoder import Method, TrainableEncoder
from learning.training.encoder.trainer import EncoderTrainer, EncoderTrainingSettings
from plugin_config.settings import load

DEVICE = choose_device("auto")
THINGS = ["hammer", "saw", "drill", "ladder", "faucet", "paint", "screw", "lamp"]
MATERIALS = ["steel", "oak", "brass", "copper", "plastic", "white", "black", "blue"]
WORD_FOR = dict(zip(THINGS, ["zog", "mib", "tal", "fep", "gux", "rin", "wob", "kez"], strict=True))
TEXTS = [f"{m} {thing} number {n}" for n in range(3) for m in MATERIALS for thing in THINGS]
IDS = [str(n) for n in range(len(TEXTS))]
ROWS = {item_id: row for row, item_id in enumerate(IDS)}


def model() -> Path:
    """A two-layer BERT's folder."""
    package = importlib.util.find_spec("cognition")
    assert package is not None
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "model"


def grades() -> dict[str, dict[str, float]]:
    """Queries in words that no title has: only a training can tell what they mean."""
    grades = {}
    for material in MATERIALS:
        for thing in THINGS:
            rows = [n for n, text in enumerate(TEXTS) if text.startswith(f"{material} {thing} ")]
            other = (rows[0] + 1) % len(TEXTS)
            query = f"{material} {WORD_FOR[thing]}"
            grades[query] = {**{str(row): 3.0 for row in rows}, str(other): 1.0}
    return grades


@pytest.fixture(scope="module")
def untrained() -> Encoder:
    return load_encoder(load(EncoderSettings, encoder=str(model()), number_format="float32"))


def pairs() -> list[QueryPairs]:
    return [from_grades(grades(), ROWS, 2.67, side) for side in ("train", "validation")]


def trainer(untrained: Encoder, **changes: object) -> EncoderTrainer:
    settings = EncoderTrainingSettings(
        **{
            "epochs": 4.0,
            "batch": 16,
            "looks": 2,
            "learning_rate": 1e-3,
            "device": DEVICE,
            **changes,
        }
    )
    trainable = TrainableEncoder(model(), untrained.spec, method=settings.method, device=DEVICE)
    train, validation = pairs()
    pool = ValidationPool.draw(validation, len(TEXTS), 100, 50, 0)
    return EncoderTrainer(trainable, settings, TEXTS, train, pool)


def test_vectors_before_training_are_the_encoders(untrained: Encoder) -> None:
    trainable = TrainableEncoder(model(), untrained.spec)
    trainable.in_bfloat16 = False
    texts = [*TEXTS[:9], "a much longer title, with commas and 1/2 in. x 3 ft. dimensions"]
    with torch.inference_mode():
        vectors = trainable(trainable.tokens(texts)).numpy()
    np.testing.assert_allclose(vectors, untrained.encode_items(texts), atol=1e-5)


@pytest.mark.parametrize("method", get_args(Method))
def test_every_method_learns_and_its_folder_loads(
    untrained: Encoder, tmp_path: Path, method: str
) -> None:
    rate = {"full": 1e-3, "lora": 3e-3, "ia3": 3e-2, "bias": 1e-2}[method]
    training = trainer(untrained, method=method, learning_rate=rate)
    encoder = training.encoder
    before = encoder(encoder.tokens(TEXTS[:5])).detach().cpu().numpy()
    np.testing.assert_allclose(before, untrained.encode_items(TEXTS[:5]), atol=0.05)
    training.run(Checkpoints(None, {}), Silence())
    assert training.history[-1]["loss"] < training.history[1]["loss"]
    encoder.save(tmp_path)
    loaded = load_encoder(load(EncoderSettings, encoder=str(tmp_path), number_format="float32"))
    assert loaded.spec.weights_hash != untrained.spec.weights_hash
    assert loaded.spec.pooling == untrained.spec.pooling
    with torch.inference_mode():
        expected = encoder(encoder.tokens(TEXTS[:5])).cpu().numpy()
    np.testing.assert_allclose(loaded.encode_items(TEXTS[:5]), expected, atol=0.02)


def test_a_resumed_training_gives_the_weights_of_an_uninterrupted_one(
    untrained: Encoder, tmp_path: Path
) -> None:
    uninterrupted = trainer(untrained).run(Checkpoints(None, {}), Silence())

    class Interrupted(Exception):
        pass

    class InterruptsAtStep7(Silence):
        done = 0

        def advance(self, count: int = 1) -> None:
            self.done += count
            if self.done >= 16 * 7:
                raise Interrupted

    with pytest.raises(Interrupted):
        trainer(untrained, checkpoint_s=0.0).run(
            Checkpoints(tmp_path, {"a": 1}), InterruptsAtStep7()
        )
    resumed = trainer(untrained).run(Checkpoints(tmp_path, {"a": 1}), Silence())
    assert resumed.steps == uninterrupted.steps
    for name, parameter in uninterrupted.encoder.trained().items():
        torch.testing.assert_close(resumed.encoder.trained()[name], parameter, msg=name)


def test_pairs_are_on_the_side_of_their_query() -> None:
    train, validation = pairs()
    assert not set(train.queries) & set(validation.queries)
    assert all(split_of(query) == "train" for query in train.queries)
    query = train.queries[0]
    assert len(train.relevant[query]) == 3
    assert len(train.irrelevant[query]) == 1
    assert all(pair.weight == 1.0 for pair in train.pairs)


def test_hard_negatives_are_near_and_no_answers() -> None:
    rng = np.random.default_rng(0)
    items = unit(rng.normal(size=(len(TEXTS), 8)).astype(np.float32))
    one_query = QueryPairs([], {"oak saw": frozenset({9})})
    mined = with_hard_negatives(one_query, items[:1], items, TEXTS, 5).hard["oak saw"]
    assert 9 not in mined
    assert 0 in mined
    assert all("oak" in TEXTS[row] or "saw" in TEXTS[row] for row in mined[:4])
    scores = items[:3] @ items.T
    assert nearest(items[:3], items, 4) == np.argsort(-scores, axis=1)[:, :4].tolist()
    assert nearest_by_words(["nothing-alike"], TEXTS, 5) == [[]]


def test_views_of_an_item_are_its_own_words() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        words = pseudo_query("Delta Vero 1-Handle Shower Faucet", rng).split()
        assert 2 <= len(words) <= 4
        assert set(view("Delta Vero Shower", rng).lower().split()) <= {"delta", "vero", "shower"}
    assert view("", rng) == ""
    assert pseudo_query("one", rng) == "one"
    sides = [from_catalogue(TEXTS, IDS, side, 0) for side in ("train", "validation")]
    assert not {p.row for p in sides[0].pairs} & {p.row for p in sides[1].pairs}


def _files(folder: Path) -> list[str]:
    items, judgments = folder / "items.jsonl", folder / "judgments.jsonl"
    lines = [json.dumps({"item_id": i, "title": t}) for i, t in zip(IDS, TEXTS, strict=True)]
    items.write_text("\n".join(lines))
    rows = [
        {"query": query, "item_id": item_id, "grade": grade}
        for query, of_query in grades().items()
        for item_id, grade in of_query.items()
    ]
    rows += [{"query": "saw", "item_id": "nowhere", "grade": 3}]
    rows += [{"query": "saw", "item_id": "1", "grade": 99}]
    judgments.write_text("\n".join(map(json.dumps, rows)))
    return ["--items", str(items), "--judgments", str(judgments)]


def test_the_command_writes_a_bundle_and_reports_bad_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVE_INTENT_ENCODER", str(model()))
    args = [*_files(tmp_path), "--epochs", "2", "--batch", "16", "--learning-rate", "1e-3"]
    ran = CliRunner().invoke(command, [*args, "--out", str(tmp_path / "one")])
    assert ran.exit_code == 0, ran.output
    assert "the item is not among the items" in ran.output
    assert "the grade is no number from 0 to 10" in ran.output
    bundle = LearnedBundle.open(tmp_path / "one")
    assert set(bundle.provenance["encoder"]["data"]) == {"items.jsonl", "judgments.jsonl"}
    loaded = load_encoder(load(EncoderSettings, bundle=tmp_path / "one"))
    assert loaded.spec.model.endswith("-tuned")

    more = [*args, "--method", "lora", "--from", str(tmp_path / "one")]
    ran = CliRunner().invoke(command, [*more, "--out", str(tmp_path / "two")])
    assert ran.exit_code == 0, ran.output
    provenance = LearnedBundle.open(tmp_path / "two").provenance["encoder"]
    assert provenance["learned_on"] == loaded.spec.weights_hash

    catalogue = [*args[:2], *args[4:], "--out", str(tmp_path / "three")]
    ran = CliRunner().invoke(command, catalogue)
    assert ran.exit_code == 0, ran.output
    assert "views of items" in ran.output


def test_too_few_pairs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_INTENT_ENCODER", str(model()))
    args = [*_files(tmp_path), "--relevant", "5", "--out", str(tmp_path / "one")]
    ran = CliRunner().invoke(command, args)
    assert "only 0 pairs" in str(ran.exception)
    assert not (tmp_path / "one").exists()


def test_after_kill_9_the_same_command_resumes(tmp_path: Path) -> None:
    env = {**os.environ, "LIVE_INTENT_ENCODER": str(model())}
    args = [
        *_files(tmp_path), "--epochs", "30", "--batch", "16", "--checkpoints",
        str(tmp_path / "checkpoints"), "--out", str(tmp_path / "one"),
    ]  # fmt: skip
    code = "from learning.training.encoder.command import encoder; encoder()"
    command_line = [sys.executable, "-c", code, *args]
    process = subprocess.Popen(command_line, env=env, stderr=subprocess.PIPE, text=True)
    checkpoint = tmp_path / "checkpoints" / "tensors.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.is_file() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkpoint.is_file(), "there was no checkpoint"
    assert not (tmp_path / "one").exists()
    resumed = subprocess.run(command_line, env=env, capture_output=True, text=True, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert "going on after step" in resumed.stderr
    assert LearnedBundle.open(tmp_path / "one").has("encoder")
    assert not checkpoint.exists()
