"""A lean forward pass of a BERT-family encoder: the same maths as transformers', less around it.

One matrix for query, key and value, fused attention, no mask where nothing is padded. Used where
the architecture is exactly known; any other model runs through transformers' own forward.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FAMILIES = ("bert", "roberta", "xlm-roberta")


class LeanBert(nn.Module):
    """Post-norm transformer encoder (Devlin et al. 2019), weights taken from a loaded model."""

    def __init__(self, model: nn.Module, config: Any) -> None:
        super().__init__()
        self.heads: int = config.num_attention_heads
        self.eps: float = config.layer_norm_eps
        # RoBERTa counts positions from behind its padding token.
        self.first_position = 0 if config.model_type == "bert" else config.pad_token_id + 1
        state = {name: tensor.detach() for name, tensor in model.state_dict().items()}

        def keep(name: str, *tensors: Tensor) -> None:
            self.register_buffer(name, torch.cat(tensors) if len(tensors) > 1 else tensors[0])

        embeddings = "embeddings."
        keep("words", state[embeddings + "word_embeddings.weight"])
        # Every text is of type 0: its embedding is added to the positions once, here.
        types = state[embeddings + "token_type_embeddings.weight"][0]
        keep("positions", state[embeddings + "position_embeddings.weight"] + types)
        keep("norm_w", state[embeddings + "LayerNorm.weight"])
        keep("norm_b", state[embeddings + "LayerNorm.bias"])
        self.layers = config.num_hidden_layers
        for i in range(self.layers):
            layer = f"encoder.layer.{i}."
            own = layer + "attention.self."
            for kind in ("weight", "bias"):
                parts = [state[f"{own}{part}.{kind}"] for part in ("query", "key", "value")]
                keep(f"qkv_{kind}_{i}", *parts)
            for name, place in (
                ("out", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("up", "intermediate.dense"),
                ("down", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                keep(f"{name}_weight_{i}", state[f"{layer}{place}.weight"])
                keep(f"{name}_bias_{i}", state[f"{layer}{place}.bias"])

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Token vectors [B, T, D] of `ids` int64 [B, T]; `mask` bool [B, T], None: no padding."""
        B, T = ids.shape
        weights: dict[str, Tensor] = self._buffers  # type: ignore[assignment]
        first = self.first_position
        x = F.embedding(ids, weights["words"]) + weights["positions"][first : first + T]
        dims = (x.shape[-1],)
        x = F.layer_norm(x, dims, weights["norm_w"], weights["norm_b"], self.eps)
        attend = None if mask is None else mask[:, None, None, :]  # [B, 1, 1, T]
        for i in range(self.layers):

            def linear(name: str, y: Tensor, i: int = i) -> Tensor:
                return F.linear(y, weights[f"{name}_weight_{i}"], weights[f"{name}_bias_{i}"])

            def norm(name: str, y: Tensor, i: int = i) -> Tensor:
                weight, bias = weights[f"{name}_weight_{i}"], weights[f"{name}_bias_{i}"]
                return F.layer_norm(y, dims, weight, bias, self.eps)

            qkv = linear("qkv", x).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            seen = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=attend)
            seen = seen.transpose(1, 2).reshape(B, T, -1)  # [B, T, D]
            x = norm("norm1", x + linear("out", seen))
            x = norm("norm2", x + linear("down", F.gelu(linear("up", x))))
        return x


class HubForward(nn.Module):
    """Any other model, through transformers' own forward."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Token vectors [B, T, D]."""
        attention = torch.ones_like(ids) if mask is None else mask.long()
        hidden: Tensor = self.model(input_ids=ids, attention_mask=attention).last_hidden_state
        return hidden


def lean(model: nn.Module, config: Any) -> nn.Module:
    """The lean forward pass where the architecture is known to be the one above."""
    known = (
        config.model_type in FAMILIES
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and config.hidden_act == "gelu"
        and not getattr(config, "is_decoder", False)
        and not getattr(config, "add_cross_attention", False)
    )
    return LeanBert(model, config) if known else HubForward(model)
