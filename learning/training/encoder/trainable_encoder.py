"""An encoder that can be trained: the same vectors as `indexer.encoder.encoder`, with gradients."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from indexer.encoder.checkpoint import read_tokenizer
from indexer.encoder.model_folder import read_config, read_use
from indexer.encoder.number_format import cpu_has_bfloat16
from plugin_config.errors import SettingsError

if TYPE_CHECKING:
    from indexer.encoder_spec import EncoderSpec

Method = Literal["full", "lora", "ia3", "bias"]
ATTENTION = "live_intent"
GROUPS = 3  # a step's texts are padded in so many batches of similar lengths: less padding


class TrainableEncoder(nn.Module):
    """A transformer from a folder in Hugging Face form, with its tokenizer.

    `method` says which of its weights are trained.
    """

    def __init__(
        self,
        folder: Path,
        spec: "EncoderSpec",
        *,
        method: Method = "full",
        rank: int = 16,
        dropout: float = 0.0,
        max_length: int = 48,
        device: str = "cpu",
    ) -> None:
        """`spec` says how the encoder pools, and its prefixes of queries and items.

        `rank` is that of LoRA. Raises SettingsError when peft is needed and missing.
        """
        super().__init__()
        self.folder, self.spec, self.device = folder, spec, torch.device(device)
        use, config = read_use(folder), read_config(folder)
        self.tokenizer = read_tokenizer(folder, use, config["vocab_size"])
        self.tokenizer.enable_truncation(min(max_length, spec.max_length))
        self.in_bfloat16 = device != "cpu" or cpu_has_bfloat16()
        self.model: Any = _adapted(_transformer(folder, dropout), method, rank).to(self.device)

    def tokens(self, texts: Sequence[str], *, queries: bool = False) -> list[list[int]]:
        """Token ids of each text behind the encoder's prefix of queries or items."""
        prefix = self.spec.query_prefix if queries else self.spec.item_prefix
        encodings = self.tokenizer.encode_batch_fast([prefix + text for text in texts])
        return [encoding.ids or [0] for encoding in encodings]

    def forward(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Embeddings of tokenised texts, float32 [n, D], unit length, in the texts' order."""
        pooled = by_length(self._pooled, tokens, -(-len(tokens) // GROUPS))
        return functional.normalize(pooled, dim=-1)

    def _pooled(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        ids, mask = padded(tokens, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        hidden = hidden.float()  # [n, T, D]
        if self.spec.pooling == "cls":
            first: Tensor = hidden[:, 0]
            return first
        weights = mask[..., None].float()
        mean: Tensor = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        return mean

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that are trained, by name."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Sets trained parameters, by the names of `trained`."""
        parameters = self.trained()
        for name, tensor in tensors.items():
            parameters[name].copy_(tensor)

    def save(self, out: Path) -> None:
        """Writes a folder that `indexer.encoder` loads, adapters merged into the weights."""
        for path in self.folder.rglob("*"):
            weights = path.suffix in {".safetensors", ".bin"} or path.name.endswith(".index.json")
            if path.is_file() and not weights:
                target = out / path.relative_to(self.folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        has_adapters = hasattr(self.model, "merge_and_unload")
        model = self.model.merge_and_unload() if has_adapters else self.model
        config = (out / "config.json").read_text("utf-8")
        model.save_pretrained(out)
        (out / "config.json").write_text(config, "utf-8")  # unchanged, as the architecture is


def by_length(
    encode: Callable[[Sequence[Sequence[int]]], Tensor], tokens: Sequence[Sequence[int]], size: int
) -> Tensor:
    """Vectors of texts, [n, D], in their order; `encode` gets `size` of similar lengths a time."""
    order = sorted(range(len(tokens)), key=lambda text: len(tokens[text]))
    blocks = [order[first : first + size] for first in range(0, len(order), size)]
    vectors = torch.cat([encode([tokens[text] for text in block]) for block in blocks])
    return vectors[torch.tensor(order).argsort().to(vectors.device)]


def padded(tokens: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and mask (1: a token, 0: padding), int64 [n, T] each."""
    ids = torch.zeros(len(tokens), max(map(len, tokens)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, of_text in enumerate(tokens):
        ids[row, : len(of_text)] = torch.tensor(of_text)
        mask[row, : len(of_text)] = 1
    return ids.to(device), mask.to(device)


def _transformer(folder: Path, dropout: float) -> Any:
    from transformers import AutoModel

    model = AutoModel.from_pretrained(
        folder,
        dtype=torch.float32,
        attn_implementation=_attention(),
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
    )
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    return model.train()


def _adapted(model: Any, method: Method, rank: int) -> Any:
    """The model with adapters, or with the weights frozen that `method` does not train."""
    if method == "full":
        return model
    if method == "bias":  # BitFit (Ben Zaken et al. 2022), and the norms' weights
        for name, parameter in model.named_parameters():
            parameter.requires_grad = name.endswith(".bias") or "norm" in name.lower()
        return model
    try:
        import peft
    except ImportError:
        raise SettingsError(
            f"--method {method} needs the package peft: pip install peft, or take "
            "--method full or bias"
        ) from None
    if method == "lora":
        config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    else:
        config = peft.IA3Config(
            target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"]
        )
    return peft.get_peft_model(model, config)


def _attention() -> str:
    """Registers `_attend`: torch's fused attention has a slow backward pass on a CPU."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(ATTENTION, _attend)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    return ATTENTION


def _attend(
    module: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attention in float32 of queries, keys and values [n, H, T, d] -> [n, T, H, d]."""
    with torch.autocast(q.device.type, enabled=False):
        scale = options.get("scaling") or q.shape[-1] ** -0.5
        logits = (q.float() * scale) @ k.float().transpose(-1, -2)  # [n, H, T, T]
        if mask is not None:
            logits = logits.masked_fill(~mask, float("-inf"))
        attended = torch.softmax(logits, dim=-1) @ v.float()
    return attended.transpose(1, 2).contiguous().to(q.dtype), None
