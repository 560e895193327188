"""What is learned of the user vector: a causal transformer over the session, and three gates.

Before training it changes nothing: the transformer's output starts at zero (D_B is the formula's),
and the gates start at the fixed alpha, beta and demand. The same code trains and serves.
"""

import copy
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from query_service.user.actions import ACTIONS
from query_service.user.session_steps import GATE_INPUTS, SessionSteps

Vectors = NDArray[np.float32]
CONFIG, WEIGHTS = "config.json", "weights.safetensors"
GATES = ("alpha", "beta", "demand")
_REACH = 1.2  # a gate's sigmoid is stretched by this, so that it gets to 0 and 1


@dataclass(frozen=True)
class UserModelConfig:
    """Sizes of a user model; `fingerprint` is that of the item vectors it was trained on."""

    behaviour_dims: int  # K
    meaning_dims: int  # M
    fingerprint: str = ""
    layers: int = 2
    heads: int = 2
    width: int = 128
    max_steps: int = 50  # of events and queries together; the latest count
    dropout: float = 0.4
    gates: tuple[float, float, float] = (0.7, 0.8, 0.5)  # where the gates start
    gates_learned: bool = False  # False: alpha, beta and demand stay what the settings say


class UserModel(nn.Module):
    """D_B = unit(formula + transformer), and gates for alpha, beta and demand."""

    def __init__(self, config: UserModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.from_behaviour = nn.Linear(config.behaviour_dims, width, bias=False)
        self.from_meaning = nn.Linear(config.meaning_dims, width, bias=False)
        self.kinds = nn.Embedding(len(ACTIONS) + 1, width)
        self.places = nn.Embedding(config.max_steps, width)
        self.gap = nn.Linear(1, width)
        self.blocks = nn.ModuleList(
            _Block(width, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.behaviour_dims)
        self.dropout = nn.Dropout(config.dropout)
        self.gates = nn.Linear(GATE_INPUTS, len(GATES))
        self.gates_learned = config.gates_learned
        self._begin()

    def _begin(self) -> None:
        """Step 0 is the formulas: a transformer that adds nothing, gates at their fixed values."""
        for table in (self.kinds, self.places):
            nn.init.normal_(table.weight, std=0.02)
        for layer in (self.out, self.gates):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.gap.weight)
        nn.init.zeros_(self.gap.bias)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor([_before_gate(v) for v in self.config.gates]))

    def forward(
        self,
        behaviour: Tensor,  # [B, n, K]
        meaning: Tensor,  # [B, n, M]
        kind: Tensor,  # [B, n]
        gap: Tensor,  # [B, n] seconds
    ) -> Tensor:
        """What is added to D_B after each step, [B, n, K]; a step sees itself and earlier ones."""
        steps = kind.shape[1]
        x = self.from_behaviour(behaviour) + self.from_meaning(meaning)  # [B, n, width]
        x = x * math.sqrt(self.config.width) / 2 + self.kinds(kind)
        x = x + self.places(torch.arange(steps, device=kind.device))
        x = x + self.gap(torch.log1p(gap.clamp_min(0))[..., None] / 10)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        added: Tensor = self.out(self.norm(x))
        return added

    def gate_values(self, inputs: Tensor) -> Tensor:
        """alpha, beta and demand in [0, 1] (both ends are reached), [B, 3], of inputs [B, 6]."""
        stretched = torch.sigmoid(self.gates(inputs)) * _REACH - (_REACH - 1) / 2
        return stretched.clamp(0, 1)

    @torch.inference_mode()
    def behaviour(self, D_B: Vectors, steps: SessionSteps) -> Vectors:
        """The learned D_B, float32 [K], unit length, from the formula's and n >= 1 steps."""
        added = self(
            torch.from_numpy(steps.behaviour)[None],
            torch.from_numpy(steps.meaning)[None],
            torch.from_numpy(steps.kind)[None],
            torch.from_numpy(steps.gap)[None],
        )[0, -1]
        learned: Vectors = functional.normalize(torch.from_numpy(D_B) + added, dim=0).numpy()
        return learned

    @property
    def fingerprint(self) -> str:
        """Of the item vectors that it was trained on."""
        return self.config.fingerprint

    @property
    def most_steps(self) -> int:
        """How many of the newest steps it reads."""
        return self.config.max_steps

    def with_fixed_gates(self) -> "UserModel":
        """The same model with alpha, beta and demand as the settings say."""
        other = copy.copy(self)
        other.gates_learned = False
        return other

    @torch.inference_mode()
    def gate(self, inputs: Vectors) -> tuple[float, float, float] | None:
        """alpha, beta and demand for one visitor's `gate_inputs`; None: not learned."""
        if not self.gates_learned:
            return None
        alpha, beta, demand = self.gate_values(torch.from_numpy(inputs)[None])[0].tolist()
        return alpha, beta, demand

    def save(self, folder: Path) -> None:
        """Writes config and weights as a part of a learned bundle."""
        from safetensors.torch import save_file

        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2), "utf-8")
        save_file({k: v.contiguous() for k, v in self.state_dict().items()}, folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The reverse of `save`, ready to serve."""
        from safetensors.torch import load_file

        told = json.loads((folder / CONFIG).read_text("utf-8"))
        model = cls(UserModelConfig(**{**told, "gates": tuple(told["gates"])}))
        model.load_state_dict(load_file(folder / WEIGHTS))
        return model.eval()


class _Block(nn.Module):
    """Pre-norm causal self-attention and a feed-forward layer (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, width] -> the same shape."""
        batch, steps, width = x.shape
        parts = self.qkv(self.norm_1(x)).view(batch, steps, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # each [B, heads, n, width / heads]
        rate = self.rate if self.training else 0.0
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=rate)
        x = x + self.dropout(self.mixed(seen.transpose(1, 2).reshape(batch, steps, width)))
        hidden = self.dropout(functional.gelu(self.wide(self.norm_2(x))))
        fed: Tensor = x + self.dropout(self.narrow(hidden))
        return fed


def _before_gate(value: float) -> float:
    """The number whose stretched sigmoid is `value`."""
    share = (min(max(value, 0.0), 1.0) + (_REACH - 1) / 2) / _REACH
    return math.log(share / (1 - share))
