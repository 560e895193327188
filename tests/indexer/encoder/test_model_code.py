"""No code comes with a model: neither in pickled weights nor beside its configuration."""

import json
import re
import shutil
from pathlib import Path

import pytest

from indexer.encoder.checkpoint import read_checkpoint
from indexer.encoder.model_folder import ModelUnavailable
from tests.integration.rebuilding import tiny_model

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(tiny_model(), tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_with_only_pickled_weights_is_refused(folder):
    for file in folder.glob("*.safetensors"):
        file.unlink()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ModelUnavailable, match=r"pickled.*save_pretrained"):
        read_checkpoint(folder)


def test_a_model_that_brings_code_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_own.OwnModel"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling_own.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(ModelUnavailable, match=r"auto_map.*never run"):
        read_checkpoint(folder)


def test_nothing_unpickles_and_nothing_runs_a_models_code():
    folders = ("plugin_config", "indexer", "query_service", "learning", "live_intent")
    files = [file for name in folders for file in (ROOT / name).rglob("*.py")]
    assert len(files) > 400
    for file in files:
        text = file.read_text(encoding="utf-8")
        unsafe = r"trust_remote_code=True|allow_pickle=True|import (pickle|joblib|dill|shelve)\b"
        assert not re.search(unsafe, text), file
        for call in re.findall(r"torch\.load\([^)]*\)", text):
            assert "weights_only=True" in call, file
