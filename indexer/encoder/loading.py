"""From settings to an encoder: finds the model, reads it, checks its number format."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.learned_bundle import ENCODER, ITEM_HALVES, LearnedBundle
from indexer.bundle.projections import Projections
from indexer.encoder.checkpoint import Checkpoint, read_checkpoint, read_tokenizer
from indexer.encoder.encoder import Encoder
from indexer.encoder.model_folder import ModelUse, read_use, weights_hash
from indexer.encoder.model_names import model_folder, shown_name
from indexer.encoder.number_format import TOLERANCE, choose_device, choose_format
from indexer.encoder_spec import EncoderSpec
from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    from indexer.settings import EncoderSettings

log = logging.getLogger(__name__)
MAX_LENGTH = 512  # tokens of a text, where neither the folder nor the settings give a number
_SAMPLES = (
    "wireless headphones with noise cancelling", "小米手机 8GB+256GB 5G", "red", "a b " * 99,
)  # fmt: skip


def load_encoder(settings: "EncoderSettings") -> Encoder:
    """The encoder of the settings' learned bundle, else of their short name, folder or hub name.

    Settings override what the model's folder says of its use. Raises ModelUnavailable,
    SettingsError, BundleError.
    """
    device = choose_device(settings.device)
    dtype = choose_format(settings.number_format, device)
    if device != "cpu":
        # Its attention builds a plan for each new shape, and every batch of queries has new ones:
        # 64 of different lengths took 37 ms on an H100, in float32 (which has no such kernel) 10.
        torch.backends.cuda.enable_cudnn_sdp(False)
    bundle = LearnedBundle.open(settings.bundle) if settings.bundle else None
    if bundle is not None and bundle.has(ENCODER):
        folder = bundle.path(ENCODER)
        name = str(bundle.provenance[ENCODER].get("name", "tuned"))
    else:
        folder, name = model_folder(settings.encoder, settings.models_dir), settings.encoder
    use = read_use(folder)
    checkpoint = read_checkpoint(folder)
    spec = _spec(settings, use, folder, name, checkpoint)
    halves = None
    if bundle is not None and bundle.has(ITEM_HALVES):
        halves = _learned_halves(bundle, spec)
        spec = spec.with_halves(len(halves.P_M), len(halves.P_K), halves.fingerprint)
    tokenizer = read_tokenizer(folder, use, checkpoint.config["vocab_size"])
    tokenizer.enable_truncation(spec.max_length)

    def encoder(dtype: torch.dtype) -> Encoder:
        return Encoder(
            spec,
            tokenizer,
            checkpoint.forward(device, dtype),
            device,
            dtype,
            threads=settings.encode_threads or torch.get_num_threads(),
            cache_size=settings.query_cache_size,
            halves=halves,
        )

    if dtype == torch.float32:
        return encoder(dtype)
    exact = encoder(torch.float32).encode_items(_SAMPLES)
    rounded = encoder(dtype)
    cosine = float((rounded.encode_items(_SAMPLES) * exact).sum(axis=1).min())
    if cosine >= TOLERANCE:  # False for NaN
        return rounded
    name = str(dtype).removeprefix("torch.")
    if settings.number_format != "auto":
        raise SettingsError(
            f"LIVE_INTENT_NUMBER_FORMAT={name} changes the vectors of {spec.model} (cosine "
            f"{cosine:.4f} to float32, {TOLERANCE} is allowed). Allowed here: auto, float32"
        )
    log.warning("%s keeps to float32: its vectors in %s have a cosine of %.4f", spec.model, name,
                cosine)  # fmt: skip
    return encoder(torch.float32)


def _learned_halves(bundle: LearnedBundle, spec: EncoderSpec) -> Projections:
    """The item halves of a bundle. Raises BundleError if they were learned with another encoder."""
    provenance = bundle.provenance[ITEM_HALVES]
    weights = provenance.get("encoder_weights")
    if weights != spec.weights_hash:
        raise BundleError(
            f"the item halves of the learned bundle {bundle.folder} were learned with the encoder "
            f"{provenance.get('encoder')} (weights {weights}); LIVE_INTENT_ENCODER gives "
            f"{spec.model} (weights {spec.weights_hash}). Set it to that one, or learn again"
        )
    return Projections.load(bundle.path(ITEM_HALVES))


def _spec(
    settings: "EncoderSettings", use: ModelUse, folder: Path, name: str, checkpoint: Checkpoint
) -> EncoderSpec:
    dimension: int = checkpoint.config["hidden_size"]
    halves = (settings.meaning_dims, settings.behaviour_dims)
    if settings.layout == "sum":
        halves = (dimension, dimension)
    elif max(halves) > dimension:
        raise SettingsError(
            f"LIVE_INTENT_LAYOUT=concat asks for halves of {halves[0]} and {halves[1]} dimensions, "
            f"the encoder {settings.encoder} gives {dimension}: set LIVE_INTENT_MEANING_DIMS and "
            "LIVE_INTENT_BEHAVIOUR_DIMS to at most that"
        )
    return EncoderSpec(
        model=shown_name(name),
        weights_hash=weights_hash(folder),
        pooling=settings.pooling or use.pooling or "mean",
        normalize=True,
        query_prefix=_prefix(settings.query_prefix, use.query_prefix),
        item_prefix=_prefix(settings.item_prefix, use.item_prefix),
        max_length=_length(settings, use, checkpoint.positions),
        dimension=dimension,
        layout=settings.layout,
        meaning_dims=halves[0],
        behaviour_dims=halves[1],
    )


def _length(settings: "EncoderSettings", use: ModelUse, positions: int | None) -> int:
    if positions is not None and settings.max_length and settings.max_length > positions:
        raise SettingsError(
            f"LIVE_INTENT_MAX_LENGTH={settings.max_length}: the encoder {settings.encoder} has "
            f"positions for {positions} tokens. Allowed: 8 to {positions}"
        )
    length = settings.max_length or use.max_length or MAX_LENGTH
    return length if positions is None else min(length, positions)


def _prefix(setting: str | None, of_model: str | None) -> str:
    return setting if setting is not None else of_model or ""
