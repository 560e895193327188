"""What a model folder says of its use: pooling, prefixes, length, weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_config.errors import LiveIntentError

POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
_SUPPORTED_MODULES = ("Transformer", "Pooling", "Normalize")
# In sentence-transformers' order of precedence.
_ITEM_PROMPTS = ("document", "passage", "corpus")


class ModelUnavailable(LiveIntentError):
    """A model can't be found or loaded."""

    exit_code = 2


@dataclass(frozen=True)
class ModelUse:
    """How texts go through a model; None where its folder does not say."""

    pooling: str | None = None
    query_prefix: str | None = None
    item_prefix: str | None = None
    max_length: int | None = None
    lower_case: bool = False  # texts are lower-cased before they are tokenised


def read_use(folder: Path) -> ModelUse:
    """Reads sentence-transformers' files of a model folder, where there are any.

    Raises ModelUnavailable for a pooling or a layer that is not supported: to leave it out would
    give wrong vectors silently.
    """
    pooling_folder = "1_Pooling"
    for module in _json(folder, "modules.json", []):
        kind = str(module.get("type", "")).rsplit(".", 1)[-1]
        if kind not in _SUPPORTED_MODULES:
            raise ModelUnavailable(
                f"the model {folder.name} has a layer {kind}, which is not supported: choose one "
                f"with {', '.join(_SUPPORTED_MODULES)} only"
            )
        if kind == "Pooling":
            pooling_folder = str(module.get("path", pooling_folder))
    pooling = _json(folder, f"{pooling_folder}/config.json", {})
    about = _json(folder, "config_sentence_transformers.json", {})
    prompts: dict[str, str] = about.get("prompts") or {}
    if pooling.get("include_prompt") is False and any(prompts.values()):
        raise ModelUnavailable(
            f"the model {folder.name} leaves its prompt out of the pooling, which is not "
            "supported: choose another"
        )
    default = prompts.get(about.get("default_prompt_name") or "")
    transformer = _json(folder, "sentence_bert_config.json", {})
    return ModelUse(
        _pooling(pooling, folder.name),
        prompts.get("query", default),
        next((prompts[name] for name in _ITEM_PROMPTS if name in prompts), default),
        transformer.get("max_seq_length"),
        bool(transformer.get("do_lower_case")),
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
    """The files with the weights, in order of name. Raises ModelUnavailable: there are none."""
    for pattern in ("model*.safetensors", "*.safetensors"):
        files = sorted(folder.glob(pattern))
        if files:
            return files
    pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt"))
    how = (
        "its weights are pickled, and a pickle can run code when it is read. Convert them: "
        "transformers' save_pretrained writes model.safetensors"
        if pickled
        else "model.safetensors is missing"
    )
    raise ModelUnavailable(f"the model folder {folder.name} holds no weights: {how}")


def weights_hash(folder: Path) -> str:
    """sha256 over the weight files, 16 hex digits. Raises ModelUnavailable when there are none."""
    digest = hashlib.sha256()
    for path in weight_files(folder):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _pooling(config: Mapping[str, Any], name: str) -> str | None:
    mode = config.get("pooling_mode")
    if not isinstance(mode, str):
        on = [key for key, value in config.items() if key.startswith("pooling_mode") and value]
        mode = ", ".join(POOLINGS.get(key, key) for key in on) or None
    if mode not in (None, *POOLINGS.values()):
        raise ModelUnavailable(
            f"the model {name} pools by {mode}; mean and cls are supported: choose another"
        )
    return mode


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
