"""The encoder: texts in, unit vectors out. Items and queries go through the same object."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.encoder_spec import EncoderSpec
from indexer.model_folder import ModelUse, read_use, weights_hash
from indexer.model_names import ModelUnavailable, locate, shown_name
from indexer.number_format import choose_device, choose_format
from indexer.projections import unit
from indexer.settings import EncoderSettings

if TYPE_CHECKING:
    import torch

BATCH = 64  # texts
PADDING = 1.15  # a batch is cut where the longest would be this many times the shortest
LONGEST = 512
Vectors = NDArray[np.float32]


class Encoder:
    """A bi-encoder of the BERT family. Safe to use from many threads."""

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: Any,
        forward: "torch.nn.Module",
        device: str,
        dtype: "torch.dtype",
        cache_size: int = 10_000,
    ) -> None:
        self.spec = spec
        self.device = device
        self.dtype = dtype
        self._tokenizer = tokenizer
        self._forward = forward
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._cache_size = cache_size
        self._lock = threading.Lock()

    @classmethod
    def load(cls, settings: EncoderSettings) -> "Encoder":
        """Loads a model by short name, folder or hub name.

        What the model's folder says of its use is overruled by the settings. Raises
        ModelUnavailable, SettingsError.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer

        if settings.encode_threads:
            torch.set_num_threads(settings.encode_threads)
        device = choose_device(settings.device)
        dtype = choose_format(settings.number_format, device)
        place = locate(settings.encoder, settings.models_dir)
        try:
            folder = Path(place) if Path(place).is_dir() else _from_hub(place)
            tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True).backend_tokenizer
            with _quiet():
                model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        except ModelUnavailable:
            raise
        except Exception as error:  # transformers raises many kinds
            raise ModelUnavailable(
                f"the encoder {settings.encoder} can't be loaded ({type(error).__name__}: "
                f"{str(error).splitlines()[0] if str(error) else 'no reason given'}). "
                "LIVE_INTENT_ENCODER takes minilm, multilingual, a folder in Hugging Face form, or "
                "a hub name where the hub can be reached"
            ) from error
        spec = _spec(settings, read_use(folder), folder, model.config)
        tokenizer.no_padding()
        tokenizer.enable_truncation(spec.max_length)
        from indexer.forward import lean

        forward = lean(model, model.config).to(device=device, dtype=dtype).eval()
        return cls(spec, tokenizer, forward, device, dtype, settings.query_cache_size)

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of item texts: float32 [n, D], unit length, in the order given."""
        return self.encode_tokens(self.tokenize_items(texts))

    def tokenize_items(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of item texts; a thread may do this while another is in `encode_tokens`."""
        return self._tokenize([self.spec.item_prefix + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of queries: float32 [n, D], unit length; recent ones come from the cache."""
        found: dict[str, Vectors] = {}
        with self._lock:
            for text in texts:
                if text in self._cache:
                    self._cache.move_to_end(text)
                    found[text] = self._cache[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            tokens = self._tokenize([self.spec.query_prefix + text for text in missing])
            vectors = self.encode_tokens(tokens)
            vectors.setflags(write=False)  # rows are shared through the cache
            found |= dict(zip(missing, vectors, strict=True))
            with self._lock:
                for text in missing:
                    self._cache[text] = found[text]
                while len(self._cache) > self._cache_size:
                    self._cache.popitem(last=False)
        if not texts:
            return np.zeros((0, self.spec.dimension), np.float32)
        rows: Vectors = np.stack([found[text] for text in texts])
        return rows

    def encode_query(self, text: str) -> Vectors:
        """Embedding of one query: float32 [D], unit length."""
        vector: Vectors = self.encode_queries([text])[0]
        return vector

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        return [each.ids for each in self._tokenizer.encode_batch_fast(texts)] if texts else []

    def encode_tokens(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        """Embeddings of tokenised texts: float32 [n, D], unit length, in the order given."""
        import torch

        vectors = np.zeros((len(tokens), self.spec.dimension), dtype=np.float32)
        if not tokens:
            return vectors
        with torch.inference_mode():
            for places in _batches([len(ids) for ids in tokens]):
                ids, mask = _padded([tokens[i] for i in places])
                ids = ids.to(self.device)
                mask = None if mask is None else mask.to(self.device)
                hidden = self._forward(ids, mask).float()  # [B, T, D]
                vectors[places] = _pool(hidden, mask, self.spec.pooling).cpu().numpy()
        return unit(vectors) if self.spec.normalize else vectors


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts, longest first, in batches of nearly one length."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) == BATCH or lengths[batch[0]] > PADDING * lengths[place]):
            yield batch
            batch = []
        batch.append(place)
    yield batch


def _padded(rows: Sequence[Sequence[int]]) -> tuple["torch.Tensor", "torch.Tensor | None"]:
    """Token ids int64 [B, T] and their mask bool [B, T]; no mask where all are of one length."""
    import torch

    longest = max(len(row) for row in rows)
    if min(len(row) for row in rows) == longest:
        return torch.tensor(rows, dtype=torch.long), None
    ids = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=bool)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = True
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _pool(hidden: "torch.Tensor", mask: "torch.Tensor | None", pooling: str) -> "torch.Tensor":
    """[B, T, D] -> [B, D]."""
    if pooling == "cls":
        return hidden[:, 0]
    if mask is None:
        return hidden.mean(dim=1)
    weights = mask[:, :, None].to(hidden.dtype)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def _spec(settings: EncoderSettings, use: ModelUse, folder: Path, config: Any) -> EncoderSpec:
    positions = config.max_position_embeddings
    if config.model_type in ("roberta", "xlm-roberta"):
        positions -= config.pad_token_id + 1
    wanted = settings.max_length or use.max_length or LONGEST

    def first(*values: str | None) -> str:
        return next((value for value in values if value is not None), "")

    spec = EncoderSpec(
        model=shown_name(settings.encoder),
        weights_hash=weights_hash(folder),
        pooling=settings.pooling or use.pooling or "mean",
        normalize=True,
        query_prefix=first(settings.query_prefix, use.query_prefix),
        item_prefix=first(settings.item_prefix, use.item_prefix),
        max_length=min(wanted, positions),
        dimension=config.hidden_size,
        layout=settings.layout,
        meaning_dims=settings.meaning_dims if settings.layout == "concat" else config.hidden_size,
        behaviour_dims=settings.behaviour_dims
        if settings.layout == "concat"
        else config.hidden_size,
    )
    if max(spec.meaning_dims, spec.behaviour_dims) > spec.dimension:
        raise ModelUnavailable(
            f"the layout concat asks for halves of {spec.meaning_dims} and {spec.behaviour_dims} "
            f"dimensions, the encoder {spec.model} gives {spec.dimension}: set "
            "LIVE_INTENT_MEANING_DIMS and LIVE_INTENT_BEHAVIOUR_DIMS to at most that"
        )
    return spec


def _from_hub(name: str) -> Path:
    """The local copy of a hub's model, downloaded where it is not there yet."""
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", "1_Pooling/*"]
    folder = Path(snapshot_download(name, allow_patterns=patterns))
    if not list(folder.glob("*.safetensors")):  # old repositories have pickled weights only
        folder = Path(snapshot_download(name, allow_patterns=[*patterns, "pytorch_model*.bin"]))
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and reports of transformers: a service's log is for what matters."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()
        logging.set_verbosity(level)
