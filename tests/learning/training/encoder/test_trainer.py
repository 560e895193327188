"""The tuning of an encoder: it begins where the encoder is, learns, and goes on after a kill."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from indexer.bundle.learned_bundle import LearnedBundle
from indexer.bundle.projections import unit
from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.progress import Silence
from indexer.settings import EncoderSettings
from learning.data.splits import split_of
from learning.training.encoder.command import encoder as command
from learning.training.encoder.hard_negatives import nearest, nearest_by_words, with_hard_negatives
from learning.training.encoder.query_pairs import (
    QueryPairs,
    from_catalogue,
    from_grades,
    pseudo_query,
    view,
)
from learning.training.encoder.trainable_encoder import METHODS, TrainableEncoder
from learning.training.encoder.trainer import Pool, Tuner, TuningSettings
from learning.training.runs import Checkpoints, TensorBoardLog
from plugin_config.settings import load

THINGS = ["hammer", "saw", "drill", "ladder", "faucet", "paint", "screw", "lamp"]
MADE = ["steel", "oak", "brass", "copper", "plastic", "white", "black", "blue"]
SAID = dict(zip(THINGS, ["zog", "mib", "tal", "fep", "gux", "rin", "wob", "kez"], strict=True))
TEXTS = [f"{made} {thing} number {n}" for n in range(3) for made in MADE for thing in THINGS]
IDS = [str(n) for n in range(len(TEXTS))]


def model() -> Path:
    """A two-layer BERT's folder."""
    found = importlib.util.find_spec("cognition")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "model"


def grades() -> dict[str, dict[str, float]]:
    """Queries in words that no title has: only a training can tell what they mean."""
    found = {}
    for made in MADE:
        for thing in THINGS:
            rows = [n for n, text in enumerate(TEXTS) if text.startswith(f"{made} {thing} ")]
            other = (rows[0] + 1) % len(TEXTS)
            found[f"{made} {SAID[thing]}"] = {**{str(r): 3.0 for r in rows}, str(other): 1.0}
    return found


@pytest.fixture(scope="module")
def untrained() -> Encoder:
    return load_encoder(load(EncoderSettings, encoder=str(model()), number_format="float32"))


def tuner(untrained: Encoder, **changes: object) -> Tuner:
    rows = {item_id: row for row, item_id in enumerate(IDS)}
    settings = TuningSettings(
        **{"epochs": 4.0, "batch": 16, "looks": 2, "learning_rate": 1e-3, **changes}
    )
    trainable = TrainableEncoder(model(), untrained.spec, method=settings.method)
    train = from_grades(grades(), rows, 2.67, "train")
    held = from_grades(grades(), rows, 2.67, "validation")
    return Tuner(trainable, settings, TEXTS, train, Pool.draw(held, len(TEXTS), 100, 50, 0))


def test_vectors_before_training_are_the_encoders(untrained: Encoder) -> None:
    trainable = TrainableEncoder(model(), untrained.spec)
    trainable.in_bfloat16 = False
    texts = [*TEXTS[:9], "a much longer title, with commas and 1/2 in. x 3 ft. dimensions"]
    with torch.inference_mode():
        vectors = trainable(trainable.tokens(texts)).numpy()
    np.testing.assert_allclose(vectors, untrained.encode_items(texts), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_and_its_folder_loads(
    untrained: Encoder, tmp_path: Path, method: str
) -> None:
    rate = {"full": 1e-3, "lora": 3e-3, "ia3": 3e-2, "bias": 1e-2}[method]
    made = tuner(untrained, method=method, learning_rate=rate)
    before = made.encoder(made.encoder.tokens(TEXTS[:5])).detach().numpy()
    np.testing.assert_allclose(before, untrained.encode_items(TEXTS[:5]), atol=0.05)
    tuned = made.run(Checkpoints(None, {}), TensorBoardLog(None), Silence())
    assert tuned.history[-1]["loss"] < tuned.history[1]["loss"]
    made.encoder.save(tmp_path)
    loaded = load_encoder(load(EncoderSettings, encoder=str(tmp_path), number_format="float32"))
    assert loaded.spec.weights_hash != untrained.spec.weights_hash
    assert loaded.spec.pooling == untrained.spec.pooling
    with torch.inference_mode():
        expected = made.encoder(made.encoder.tokens(TEXTS[:5])).numpy()
    np.testing.assert_allclose(loaded.encode_items(TEXTS[:5]), expected, atol=0.02)


def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not_been(
    untrained: Encoder, tmp_path: Path
) -> None:
    whole = tuner(untrained)
    whole.run(Checkpoints(None, {}), TensorBoardLog(None), Silence())

    class Stopped(Exception):
        pass

    class StopsThere(Silence):
        def __init__(self) -> None:
            self.done = 0

        def advance(self, count: int = 1) -> None:
            self.done += count
            if self.done >= 16 * 7:
                raise Stopped

    with pytest.raises(Stopped):
        tuner(untrained, checkpoint_s=0.0).run(
            Checkpoints(tmp_path, {"a": 1}), TensorBoardLog(None), StopsThere()
        )
    again = tuner(untrained)
    again.run(Checkpoints(tmp_path, {"a": 1}), TensorBoardLog(None), Silence())
    assert again.tuned.steps == whole.tuned.steps
    for name, parameter in whole.encoder.trained().items():
        torch.testing.assert_close(again.encoder.trained()[name], parameter, msg=name)


def test_pairs_stand_on_the_side_of_their_query() -> None:
    rows = {item_id: row for row, item_id in enumerate(IDS)}
    train, held = (from_grades(grades(), rows, 2.67, s) for s in ("train", "validation"))
    assert not set(train.queries) & set(held.queries)
    assert all(split_of(query) == "train" for query in train.queries)
    query = train.queries[0]
    assert len(train.good[query]) == 3
    assert len(train.bad[query]) == 1
    assert all(pair.weight == 1.0 for pair in train.pairs)


def test_hard_negatives_are_near_and_no_answers() -> None:
    rng = np.random.default_rng(0)
    items = unit(rng.normal(size=(len(TEXTS), 8)).astype(np.float32))
    pairs = QueryPairs([], {"oak saw": frozenset({9})})
    mined = with_hard_negatives(pairs, items[:1], items, TEXTS, 5).hard["oak saw"]
    assert 9 not in mined
    assert 0 in mined
    assert all("oak" in TEXTS[row] or "saw" in TEXTS[row] for row in mined[:4])
    scores = items[:3] @ items.T
    assert nearest(items[:3], items, 4) == np.argsort(-scores, axis=1)[:, :4].tolist()
    assert nearest_by_words(["nothing-alike"], TEXTS, 5) == [[]]


def test_views_of_an_item_are_its_own_words() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn = pseudo_query("Delta Vero 1-Handle Shower Faucet", rng).split()
        assert 2 <= len(drawn) <= 4
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


def test_the_command_writes_a_bundle_and_tells_of_bad_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVE_INTENT_ENCODER", str(model()))
    args = [*_files(tmp_path), "--epochs", "2", "--batch", "16", "--learning-rate", "1e-3"]
    ran = CliRunner().invoke(command, [*args, "--out", str(tmp_path / "one")])
    assert ran.exit_code == 0, ran.output
    assert "the item is not among the items" in ran.output
    assert "the grade is no number from 0 to 10" in ran.output
    bundle = LearnedBundle.open(tmp_path / "one")
    told = bundle.provenance["encoder"]
    assert set(told["data"]) == {"items.jsonl", "judgments.jsonl"}
    loaded = load_encoder(load(EncoderSettings, bundle=tmp_path / "one"))
    assert loaded.spec.model.endswith("-tuned")

    more = [*args, "--method", "lora", "--from", str(tmp_path / "one")]
    ran = CliRunner().invoke(command, [*more, "--out", str(tmp_path / "two")])
    assert ran.exit_code == 0, ran.output
    told = LearnedBundle.open(tmp_path / "two").provenance["encoder"]
    assert told["learned_on"] == loaded.spec.weights_hash

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


def test_after_kill_9_the_same_command_goes_on(tmp_path: Path) -> None:
    env = {**os.environ, "LIVE_INTENT_ENCODER": str(model())}
    args = [
        *_files(tmp_path), "--epochs", "30", "--batch", "16", "--checkpoints",
        str(tmp_path / "kept"), "--out", str(tmp_path / "one"),
    ]  # fmt: skip
    code = "from learning.training.encoder.command import encoder; encoder()"
    line = [sys.executable, "-c", code, *args]
    running = subprocess.Popen(line, env=env, stderr=subprocess.PIPE, text=True)
    state = tmp_path / "kept" / "tensors.safetensors"
    until = time.monotonic() + 120
    while not state.is_file() and time.monotonic() < until and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert state.is_file(), "there was no checkpoint"
    assert not (tmp_path / "one").exists()
    again = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "going on after step" in again.stderr
    assert LearnedBundle.open(tmp_path / "one").has("encoder")
    assert not state.exists()
