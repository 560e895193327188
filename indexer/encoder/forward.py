"""A lean forward pass of a BERT-family encoder: the same maths as transformers', less overhead.

One matrix for query, key and value, and no padding: the tokens of a batch's texts are concatenated,
and attention runs on texts of one length together. It is used where the architecture is exactly
known; any other model runs through transformers' own forward.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from indexer.encoder.linear import Linear

FAMILIES = ("bert", "roberta", "xlm-roberta")
LAYER_TENSORS = 16
# For one text of up to this many tokens in bfloat16, two small matrix products are faster than the
# fused kernel. Not for more texts: torch keeps a kernel per shape, a gigabyte for 50,000 titles.
SHORT_TEXT = 32
# On a CPU oneDNN keeps a kernel of about a megabyte for each number of rows that a linear layer has
# seen. Rows are therefore added up to a multiple of this: few numbers, not one for each batch.
ROW_STEP = 128


class Forward(Protocol):
    """Token ids in, token vectors out."""

    def __call__(self, groups: Sequence[Tensor]) -> list[Tensor]:
        """Token vectors [n, T, D] of each group int64 [n, T] of texts of one length."""


class UnknownArchitecture(Exception):
    """The lean forward pass does not implement this model's architecture."""


class LeanBert:
    """Post-norm transformer encoder (Devlin et al. 2019) over the weights of a checkpoint."""

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        config: Mapping[str, Any],
        device: str | torch.device,
        dtype: torch.dtype,
    ) -> None:
        """Raises UnknownArchitecture when configuration or weights are not those of a known one."""
        _check(config)
        prefix = _prefix(weights)
        # RoBERTa's positions start after its padding token's id.
        self.first = 0 if config["model_type"] == "bert" else config.get("pad_token_id", 1) + 1

        def tensor(*names: str) -> Tensor:
            parts = [weights[prefix + name] for name in names]
            joined = torch.cat(parts) if len(parts) > 1 else parts[0]
            return joined.to(device=device, dtype=dtype)

        def linear(*names: str, gelu: bool = False) -> Linear:
            weight = tensor(*(f"{name}.weight" for name in names))
            bias = tensor(*(f"{name}.bias" for name in names))
            return Linear(weight, bias, "gelu" if gelu else "none")

        def norm(name: str) -> tuple[Tensor, Tensor]:
            return tensor(f"{name}.weight"), tensor(f"{name}.bias")

        try:
            self.heads: int = config["num_attention_heads"]
            self.eps: float = config["layer_norm_eps"]
            self._words = tensor("embeddings.word_embeddings.weight")
            # Every token is of type 0: its embedding is added to the positions once, here.
            types = tensor("embeddings.token_type_embeddings.weight")[0]
            positions = tensor("embeddings.position_embeddings.weight")
            # An addition on `meta` would import torch's compiler, and Triton with it.
            self._positions = positions if positions.is_meta else positions + types
            self._norm = norm("embeddings.LayerNorm")
            self._layers = []
            for i in range(config["num_hidden_layers"]):
                layer = f"encoder.layer.{i}."
                if sum(name.startswith(prefix + layer) for name in weights) != LAYER_TENSORS:
                    raise UnknownArchitecture(f"layer {i} has other tensors than BERT's")
                attention = f"{layer}attention.self."
                self._layers.append(
                    (
                        linear(f"{attention}query", f"{attention}key", f"{attention}value"),
                        linear(f"{layer}attention.output.dense"),
                        norm(f"{layer}attention.output.LayerNorm"),
                        linear(f"{layer}intermediate.dense", gelu=True),
                        linear(f"{layer}output.dense"),
                        norm(f"{layer}output.LayerNorm"),
                    )
                )
        except KeyError as error:
            raise UnknownArchitecture(f"there is no {error}") from error

    def __call__(self, groups: Sequence[Tensor]) -> list[Tensor]:
        """Token vectors [n, T, D] of each group int64 [n, T]."""
        x = self._embed(groups)  # [N, D], N: all tokens of all texts, and rows that are ignored
        for qkv, attention_out, norm1, up, down, norm2 in self._layers:
            x = self._normed(x + attention_out(self._attention(qkv(x), groups)), norm1)
            x = self._normed(x + down(up(x)), norm2)
        parts = _texts_of(x, groups)
        return [part.view(*g.shape, -1) for part, g in zip(parts, groups, strict=True)]

    def _embed(self, groups: Sequence[Tensor]) -> Tensor:
        parts = [
            F.embedding(group, self._words)
            + self._positions[self.first : self.first + group.shape[1]]
            for group in groups
        ]
        rows = [part.view(-1, part.shape[-1]) for part in parts]
        x = torch.cat(rows)  # [N, D]
        if x.device.type == "cpu" and len(x) > ROW_STEP:
            x = F.pad(x, (0, 0, 0, -len(x) % ROW_STEP))
        return self._normed(x, self._norm)

    def _normed(self, x: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x, (x.shape[-1],), norm[0], norm[1], self.eps)

    def _attention(self, qkv: Tensor, groups: Sequence[Tensor]) -> Tensor:
        """[N, 3 D] -> [N, D]; each text attends to itself alone."""
        parts = []
        for part, group in zip(_texts_of(qkv, groups), groups, strict=True):
            n, T = group.shape
            q, k, v = part.view(n, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # [n, H, T, d]
            if n == 1 and T <= SHORT_TEXT and q.dtype == torch.bfloat16 and q.device.type == "cpu":
                scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))  # [n, H, T, T]
                context = torch.matmul(torch.softmax(scores, dim=-1), v)
            else:
                context = F.scaled_dot_product_attention(q, k, v)
            parts.append(context.transpose(1, 2).reshape(n * T, -1))
        ignored = len(qkv) - sum(map(len, parts))
        if ignored:
            parts.append(parts[0].new_zeros(ignored, parts[0].shape[1]))
        return torch.cat(parts) if len(parts) > 1 else parts[0]


class TransformersForward:
    """Any other model, through transformers' own forward, with padding."""

    def __init__(self, model: nn.Module, pad: int) -> None:
        self._model = model
        self._pad = pad

    def __call__(self, groups: Sequence[Tensor]) -> list[Tensor]:
        """Token vectors [n, T, D] of each group int64 [n, T]."""
        longest = max(group.shape[1] for group in groups)
        ids = torch.cat([F.pad(g, (0, longest - g.shape[1]), value=self._pad) for g in groups])
        mask = torch.cat(
            [F.pad(torch.ones_like(g), (0, longest - g.shape[1]), value=0) for g in groups]
        )
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state  # [B, T, D]
        parts = _split(hidden, [group.shape[0] for group in groups])
        return [part[:, : g.shape[1]] for part, g in zip(parts, groups, strict=True)]


def _texts_of(x: Tensor, groups: Sequence[Tensor]) -> Sequence[Tensor]:
    """The rows of each group's tokens, without those that `ROW_STEP` added."""
    sizes = [group.numel() for group in groups]
    return _split(x[: sum(sizes)], sizes)


def _split(x: Tensor, sizes: list[int]) -> Sequence[Tensor]:
    parts: Sequence[Tensor] = torch.split(x, sizes)
    return parts


def _check(config: Mapping[str, Any]) -> None:
    family = config.get("model_type")
    if family not in FAMILIES:
        raise UnknownArchitecture(f"the model is a {family}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise UnknownArchitecture("positions are not absolute")
    if config.get("hidden_act") != "gelu":
        raise UnknownArchitecture(f"the activation is {config.get('hidden_act')}")
    if config.get("is_decoder") or config.get("add_cross_attention") or "auto_map" in config:
        raise UnknownArchitecture("the model is more than an encoder")


def _prefix(weights: Mapping[str, Tensor]) -> str:
    """The prefix of every tensor name: empty, or `bert.` where the checkpoint has a head too."""
    word = "embeddings.word_embeddings.weight"
    prefixes = [name.removesuffix(word) for name in weights if name.endswith(word)]
    if len(prefixes) != 1:
        raise UnknownArchitecture(f"there are {len(prefixes)} word embeddings, not one")
    return prefixes[0]
