"""A linear layer whose weights are packed for the CPU once, instead of at every call."""

from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Activation = Literal["none", "gelu"]


class Linear:
    """x W^T + b, then the activation; float32 or bfloat16 on a CPU, any format on a GPU.

    On a CPU the weights are packed for oneDNN once (as torch's own compiler does it): about twice
    as fast as a plain layer, which rearranges them at each call. A torch without these operators
    uses the plain layer.
    """

    def __init__(self, weight: Tensor, bias: Tensor, activation: Activation = "none") -> None:
        self._bias = bias
        self._activation = activation
        self._packed = weight.device.type == "cpu" and packing_works(weight.dtype)
        self._weight = _pack(weight) if self._packed else weight

    def __call__(self, x: Tensor) -> Tensor:
        """[N, in] -> [N, out]."""
        if self._packed:
            return _packed_linear(x, self._weight, self._bias, self._activation)
        y = F.linear(x, self._weight, self._bias)
        return F.gelu(y) if self._activation == "gelu" else y


@cache
def packing_works(dtype: torch.dtype) -> bool:
    """Whether this torch, on this CPU, has the operators and computes correctly with them."""
    if dtype not in (torch.float32, torch.bfloat16):
        return False
    rng = torch.Generator().manual_seed(0)
    x, weight = torch.randn(5, 48, generator=rng), torch.randn(32, 48, generator=rng) / 7
    bias = torch.randn(32, generator=rng)
    plain = F.gelu(F.linear(x, weight, bias))
    try:
        packed = _packed_linear(x.to(dtype), _pack(weight.to(dtype)), bias.to(dtype), "gelu")
    except (AttributeError, RuntimeError, TypeError):  # the operators are private to torch
        return False
    return bool((packed.float() - plain).abs().max() < 0.05)


def _pack(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
    return packed


def _packed_linear(x: Tensor, weight: Tensor, bias: Tensor, activation: Activation) -> Tensor:
    # The algorithm "none" of gelu is the exact one, with erf; the other is its tanh approximation.
    algorithm = "" if activation == "none" else "none"
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, activation, [], algorithm)
    return y
