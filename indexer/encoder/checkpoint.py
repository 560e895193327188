"""A model folder's tokenizer and forward pass, ready to run."""

import copy
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.encoder.forward import Forward, LeanBert, TransformersForward, UnknownArchitecture
from indexer.encoder.model_folder import ModelUnavailable, ModelUse, read_config, weight_files

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)
_LEGACY_NORM = re.compile(r"LayerNorm\.(gamma|beta)$")  # names of the first BERT checkpoints
# Families whose positions start after their padding token's id.
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer")


@dataclass(frozen=True)
class Checkpoint:
    """A model as read; `forward` makes its forward pass on a device, in a number format."""

    config: Mapping[str, Any]
    forward: "Callable[[str, torch.dtype], Forward]"

    @property
    def positions(self) -> int | None:
        """The largest number of tokens of a text; None: no limit is known."""
        most: int | None = self.config.get("max_position_embeddings")
        if most is not None and self.config.get("model_type") in _OFFSET_POSITIONS:
            most -= int(self.config.get("pad_token_id", 1)) + 1
        return most


def read_checkpoint(folder: Path) -> Checkpoint:
    """Reads configuration and weights; imports transformers only for a model that needs it.

    Raises ModelUnavailable.
    """
    import torch

    config = read_config(folder)
    if "auto_map" in config:
        raise ModelUnavailable(
            f"the model {folder.name} brings code of its own (auto_map in config.json), which is "
            "never run: choose a model that transformers knows"
        )
    try:
        weights = _weights(folder)
        LeanBert(weights, config, "meta", torch.float32)  # a trial; `meta` takes no memory
    except ModelUnavailable:
        raise
    except UnknownArchitecture as reason:
        log.info("the model %s runs through transformers' forward: %s", folder.name, reason)
    except Exception as error:
        raise _unreadable(folder, error) from error
    else:
        return Checkpoint(config, partial(LeanBert, weights, config))
    try:
        model = _transformers_model(folder)
    except Exception as error:  # transformers raises many kinds
        raise _unreadable(folder, error) from error
    config = {**model.config.to_dict(), "hidden_size": model.config.hidden_size}
    pad = config.get("pad_token_id") or 0

    def forward(device: str, dtype: torch.dtype) -> Forward:
        own = copy.deepcopy(model)  # `to` rounds the weights in place
        return TransformersForward(own.to(device=device, dtype=dtype), pad)

    return Checkpoint(config, forward)


def read_tokenizer(folder: Path, use: ModelUse, vocabulary: int) -> "Tokenizer":
    """The tokenizer, without padding and truncation.

    Raises ModelUnavailable, also when it has token ids of `vocabulary` or more.
    """
    from tokenizers import Tokenizer, normalizers

    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(
                folder, use_fast=True, trust_remote_code=False
            ).backend_tokenizer
    except Exception as error:  # both raise many kinds, plain Exception among them
        raise _unreadable(folder, error, "tokenizer") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if use.lower_case:
        before = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *before])
    size = max(tokenizer.get_vocab().values(), default=-1) + 1
    if size > vocabulary:
        raise ModelUnavailable(
            f"the model {folder.name} knows {vocabulary} tokens and its tokenizer makes {size}: "
            "they belong to different models"
        )
    return tokenizer


def _weights(folder: Path) -> "dict[str, torch.Tensor]":
    from safetensors.torch import load_file

    files = weight_files(folder)
    tensors = (pair for file in files for pair in load_file(file).items())
    return {_LEGACY_NORM.sub(_norm_name, name): tensor for name, tensor in tensors}


def _norm_name(legacy: re.Match[str]) -> str:
    return "LayerNorm." + {"gamma": "weight", "beta": "bias"}[legacy[1]]


def _transformers_model(folder: Path) -> Any:
    """transformers' model, loaded without its progress bars and reports."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as transformers_logging

    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        return AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        ).eval()
    finally:
        transformers_logging.enable_progress_bar()
        transformers_logging.set_verbosity(level)


def _unreadable(folder: Path, error: Exception, what: str = "model") -> ModelUnavailable:
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0] if lines else 'no reason given'}"
    return ModelUnavailable(
        f"the {what} of {folder.name} can't be loaded ({reason}). LIVE_INTENT_ENCODER takes a "
        "model that transformers' AutoModel loads, with a fast tokenizer"
    )
