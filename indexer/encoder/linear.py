"""A linear layer whose weights are laid out for the CPU once, instead of at every call."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Activation = Literal["none", "gelu"]


class Linear:
    """x W^T + b, then the activation; float32 or bfloat16 on a CPU, any format on a GPU.

    On a CPU the weights are kept as oneDNN wants them (as torch's own compiler does it): about
    twice as fast as a plain layer, which rearranges them at each call. A torch without these
    operators computes it plainly.
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


_works: dict[torch.dtype, bool] = {}


def packing_works(dtype: torch.dtype) -> bool:
    """Whether this torch, on this CPU, has the operators and computes the right thing by them."""
    if dtype not in _works:
        _works[dtype] = _try_packing(dtype)
    return _works[dtype]


def _try_packing(dtype: torch.dtype) -> bool:
    if dtype not in (torch.float32, torch.bfloat16):
        return False
    draw = torch.Generator().manual_seed(0)
    x, weight = torch.randn(5, 48, generator=draw), torch.randn(32, 48, generator=draw) / 7
    bias = torch.randn(32, generator=draw)
    plain = F.gelu(F.linear(x, weight, bias))
    try:
        packed = _packed_linear(x.to(dtype), _pack(weight.to(dtype)), bias.to(dtype), "gelu")
    except (AttributeError, RuntimeError, TypeError):  # the operators are torch's own affair
        return False
    return bool((packed.float() - plain).abs().max() < 0.05)


def _pack(weight: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
    return packed


def _packed_linear(x: Tensor, weight: Tensor, bias: Tensor, activation: Activation) -> Tensor:
    kind = "" if activation == "none" else "none"  # gelu by the error function, not tanh
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, activation, [], kind)
    return y
