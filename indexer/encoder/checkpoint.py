"""A model folder's tokenizer and forward pass, ready to run."""

import copy
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.encoder.forward import Forward, LeanBert, PlainForward, UnknownArchitecture
from indexer.encoder.model_folder import ModelUnavailable, ModelUse, read_config, weight_files

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)
# Families that count positions from behind their padding token.
_OFFSET = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer")


@dataclass(frozen=True)
class Checkpoint:
    """A model on its way from the disk: `weights` where the lean forward pass knows them.

    Else `model` is transformers' own.
    """

    config: Mapping[str, Any]
    weights: "Mapping[str, torch.Tensor] | None"
    model: "torch.nn.Module | None"

    def forward(self, device: str, dtype: "torch.dtype") -> Forward:
        """The forward pass on a device, in a number format."""
        if self.weights is not None:
            return LeanBert(self.weights, self.config, device, dtype)
        if self.model is None:
            raise TypeError("a checkpoint has weights or a model")
        pad = self.config.get("pad_token_id") or 0
        # A copy: weights once rounded stay so.
        return PlainForward(copy.deepcopy(self.model).to(device=device, dtype=dtype), pad)

    @property
    def positions(self) -> int | None:
        """Most tokens of a text; None: no limit known."""
        most: int | None = self.config.get("max_position_embeddings")
        if most is not None and self.config.get("model_type") in _OFFSET:
            most -= int(self.config.get("pad_token_id", 1)) + 1
        return most


def read_checkpoint(folder: Path) -> Checkpoint:
    """Reads configuration and weights; transformers is loaded only for what needs it.

    Raises ModelUnavailable.
    """
    import torch

    config = read_config(folder)
    try:
        weights = _weights(folder)
        LeanBert(weights, config, "meta", torch.float32)  # whether it could: no memory is taken
    except UnknownArchitecture as reason:
        log.info("the model %s runs through transformers' forward: %s", folder.name, reason)
    except Exception as error:
        raise _unreadable(folder, error) from error
    else:
        return Checkpoint(config, weights, None)
    try:
        model = _transformers_model(folder)
    except Exception as error:  # transformers raises many kinds
        raise _unreadable(folder, error) from error
    full = model.config.to_dict()
    return Checkpoint({**full, "hidden_size": model.config.hidden_size}, None, model)


def read_tokenizer(folder: Path, use: ModelUse, vocabulary: int) -> "Tokenizer":
    """The tokenizer, neither padding nor cutting yet; ids are below `vocabulary`.

    Raises ModelUnavailable.
    """
    from tokenizers import Tokenizer, normalizers

    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        else:
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True).backend_tokenizer
    except Exception as error:  # both raise many kinds, plain Exception among them
        raise _unreadable(folder, error, "tokenizer") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if use.lower_case:
        own = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
    words = max(tokenizer.get_vocab().values(), default=-1) + 1
    if words > vocabulary:
        raise ModelUnavailable(
            f"the model {folder.name} knows {vocabulary} tokens and its tokenizer makes {words}: "
            "they belong to different models"
        )
    return tokenizer


def _weights(folder: Path) -> "dict[str, torch.Tensor]":
    from safetensors.torch import load_file

    files = weight_files(folder)
    if files[0].suffix != ".safetensors":
        raise UnknownArchitecture("its weights are pickled")
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def _transformers_model(folder: Path) -> Any:
    import torch
    from transformers import AutoModel
    from transformers.utils import logging as its_logging

    with _quiet(its_logging):
        return AutoModel.from_pretrained(folder, dtype=torch.float32).eval()


def _unreadable(folder: Path, error: Exception, what: str = "model") -> ModelUnavailable:
    said = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {said[0] if said else 'no reason given'}"
    return ModelUnavailable(
        f"the {what} of {folder.name} can't be loaded ({reason}). LIVE_INTENT_ENCODER takes a "
        "model that transformers' AutoModel loads, with a fast tokenizer"
    )


@contextmanager
def _quiet(its_logging: Any) -> Iterator[None]:
    """No progress bars and reports of transformers: a service's log is for what matters."""
    level = its_logging.get_verbosity()
    its_logging.set_verbosity_error()
    its_logging.disable_progress_bar()
    try:
        yield
    finally:
        its_logging.enable_progress_bar()
        its_logging.set_verbosity(level)
