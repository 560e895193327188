"""What a model folder says of its own use: pooling, prefixes, length, weights."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.model_names import ModelUnavailable

POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_SUPPORTED_MODULES = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True)
class ModelUse:
    """How a model wants to be used; None where its folder does not say."""

    pooling: str | None = None
    query_prefix: str | None = None
    item_prefix: str | None = None
    max_length: int | None = None


def read_use(folder: Path) -> ModelUse:
    """Reads sentence-transformers' files of a model folder; absent files say nothing.

    Raises ModelUnavailable for a way of pooling, or a layer, that is not done here: leaving it
    out would give wrong vectors without a word.
    """
    for module in _json(folder / "modules.json", []):
        kind = str(module.get("type", "")).rsplit(".", 1)[-1]
        if kind not in _SUPPORTED_MODULES:
            raise ModelUnavailable(
                f"the model {folder.name} has a layer {kind}, which is not supported: choose one "
                f"with {', '.join(_SUPPORTED_MODULES)} only"
            )
    pooling: str | None = None
    modes = _json(folder / "1_Pooling" / "config.json", {})
    if "pooling_mode" in modes and isinstance(modes["pooling_mode"], str):
        pooling = modes["pooling_mode"]
    else:
        chosen = [name for name, on in modes.items() if name.startswith("pooling_mode") and on]
        if len(chosen) > 1 or any(name not in POOLINGS for name in chosen):
            pooling = ", ".join(chosen)
        elif chosen:
            pooling = POOLINGS[chosen[0]]
    if pooling not in (None, *POOLINGS.values()):
        raise ModelUnavailable(
            f"the model {folder.name} pools by {pooling}; mean and cls are supported. Choose "
            "another, or set LIVE_INTENT_POOLING for a model whose folder does not say"
        )
    prompts = _json(folder / "config_sentence_transformers.json", {}).get("prompts") or {}
    length = _json(folder / "sentence_bert_config.json", {}).get("max_seq_length")
    item_prompt = next((prompts[n] for n in ("passage", "document") if n in prompts), None)
    return ModelUse(pooling, prompts.get("query"), item_prompt, length)


def weights_hash(folder: Path) -> str:
    """sha256 over the weight files, 16 hex digits. Raises ModelUnavailable when there are none."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise ModelUnavailable(f"the model folder {folder.name} holds no weights")
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _json(path: Path, default: Any) -> Any:
    if not path.is_file():
        return default
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelUnavailable(f"{path.name} of the model is not JSON: {error}") from error
