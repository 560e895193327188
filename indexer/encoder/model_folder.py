"""What a model folder says of its own use: pooling, prefixes, length, weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_SUPPORTED_MODULES = ("Transformer", "Pooling", "Normalize")
# As sentence-transformers looks for them, first to last.
_ITEM_PROMPTS = ("document", "passage", "corpus")


class ModelUnavailable(LiveIntentError):
    """A model can't be found or loaded."""


@dataclass(frozen=True)
class ModelUse:
    """How a model wants to be used; None where its folder does not say."""

    pooling: str | None = None
    query_prefix: str | None = None
    item_prefix: str | None = None
    max_length: int | None = None
    lower_case: bool = False  # texts are put in lower case before they are tokenised


def read_use(folder: Path) -> ModelUse:
    """Reads sentence-transformers' files of a model folder; absent files say nothing.

    Raises ModelUnavailable for a way of pooling, or a layer, that is not done here: leaving it
    out would give wrong vectors without a word.
    """
    place = "1_Pooling"
    for module in _json(folder, "modules.json", []):
        kind = str(module.get("type", "")).rsplit(".", 1)[-1]
        if kind not in _SUPPORTED_MODULES:
            raise ModelUnavailable(
                f"the model {folder.name} has a layer {kind}, which is not supported: choose one "
                f"with {', '.join(_SUPPORTED_MODULES)} only"
            )
        if kind == "Pooling":
            place = str(module.get("path", place))
    modes = _json(folder, f"{place}/config.json", {})
    prompts, query, item = _prompts(folder)
    if modes.get("include_prompt") is False and any(prompts.values()):
        raise ModelUnavailable(
            f"the model {folder.name} leaves its prompt out of the pooling, which is not "
            "supported: choose another"
        )
    about = _json(folder, "sentence_bert_config.json", {})
    return ModelUse(
        _pooling(modes, folder.name),
        query,
        item,
        about.get("max_seq_length"),
        bool(about.get("do_lower_case")),
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`. Raises ModelUnavailable."""
    config = _json(folder, "config.json", None)
    if not isinstance(config, dict):
        raise ModelUnavailable(
            f"the folder {folder.name} is no model: it has no config.json. Name a folder in "
            "Hugging Face form in LIVE_INTENT_ENCODER"
        )
    return config


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights, in order of name. Raises ModelUnavailable: none."""
    for pattern in ("model*.safetensors", "*.safetensors", "pytorch_model*.bin"):
        files = sorted(folder.glob(pattern))
        if files:
            return files
    raise ModelUnavailable(
        f"the model folder {folder.name} holds no weights: model.safetensors is missing"
    )


def weights_hash(folder: Path) -> str:
    """sha256 over the weight files, 16 hex digits. Raises ModelUnavailable when there are none."""
    digest = hashlib.sha256()
    for path in weight_files(folder):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _pooling(modes: Mapping[str, Any], name: str) -> str | None:
    chosen = modes.get("pooling_mode")
    if not isinstance(chosen, str):
        on = [mode for mode, is_on in modes.items() if mode.startswith("pooling_mode") and is_on]
        chosen = ", ".join(POOLINGS.get(mode, mode) for mode in on) or None
    if chosen not in (None, *POOLINGS.values()):
        raise ModelUnavailable(
            f"the model {name} pools by {chosen}; mean and cls are supported: choose another"
        )
    return chosen


def _prompts(folder: Path) -> tuple[dict[str, str], str | None, str | None]:
    """All prompts, that of a query, that of an item."""
    about = _json(folder, "config_sentence_transformers.json", {})
    prompts: dict[str, str] = about.get("prompts") or {}
    default = prompts.get(about.get("default_prompt_name") or "")
    item = next((prompts[name] for name in _ITEM_PROMPTS if name in prompts), default)
    return prompts, prompts.get("query", default), item


def _json(folder: Path, name: str, default: Any) -> Any:
    path = folder / name
    if not path.is_file():
        return default
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelUnavailable(
            f"{name} of the model {folder.name} is not JSON ({error}): fetch the model again"
        ) from error
