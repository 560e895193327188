"""The learned part of the user vector: a causal transformer over the session, and three gates.

Before training it changes nothing: the transformer's output is zero, so that D_B is the formula's,
and the gates give the fixed alpha, beta and demand. The same code trains and serves.
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
_STRETCH = 1.2  # a gate's sigmoid is stretched by this, so that it reaches 0 and 1


@dataclass(frozen=True)
class UserModelConfig:
    """Sizes of a user model; `fingerprint` is that of the item vectors in its training."""

    behaviour_dims: int  # K
    meaning_dims: int  # M
    fingerprint: str = ""
    layers: int = 2
    heads: int = 2
    width: int = 128
    max_steps: int = 50  # the newest events and queries together that it reads
    dropout: float = 0.4
    gates: tuple[float, float, float] = (0.7, 0.8, 0.5)  # where the gates start
    gates_learned: bool = False  # False: alpha, beta and demand are those of the settings


class UserModel(nn.Module):
    """D_B = unit(formula + transformer), and gates for alpha, beta and demand.

    `most_steps`: how many of the newest steps it reads.
    """

    def __init__(self, config: UserModelConfig) -> None:
        super().__init__()
        self.config = config
        self.most_steps = config.max_steps
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
        # Step 0 is the formulas: a transformer that adds nothing, gates at their fixed values.
        for table in (self.kinds, self.places):
            nn.init.normal_(table.weight, std=0.02)
        for layer in (self.out, self.gates, self.gap):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.gates.bias.copy_(torch.tensor([_gate_logit(value) for value in config.gates]))

    def forward(
        self,
        behaviour: Tensor,  # [B, n, K]
        meaning: Tensor,  # [B, n, M]
        kind: Tensor,  # [B, n]
        gap: Tensor,  # [B, n] seconds
    ) -> Tensor:
        """What is added to D_B after each step, [B, n, K], by that step and earlier ones."""
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
        """alpha, beta and demand in [0, 1], both ends included: [B, 3], of inputs [B, 6]."""
        stretched = torch.sigmoid(self.gates(inputs)) * _STRETCH - (_STRETCH - 1) / 2
        return stretched.clamp(0, 1)

    @torch.inference_mode()
    def behaviour(self, D_B: Vectors, steps: SessionSteps) -> Vectors:
        """The learned D_B, float32 [K], unit length, from the formula's and n >= 1 steps."""
        arrays = (steps.behaviour, steps.meaning, steps.kind, steps.gap)
        added = self(*(torch.from_numpy(array)[None] for array in arrays))[0, -1]
        learned: Vectors = functional.normalize(torch.from_numpy(D_B) + added, dim=0).numpy()
        return learned

    def with_fixed_gates(self) -> "UserModel":
        """The same model, with alpha, beta and demand of the settings."""
        other = copy.copy(self)
        other.gates_learned = False
        return other

    @torch.inference_mode()
    def gate(self, inputs: Vectors) -> tuple[float, float, float] | None:
        """alpha, beta and demand for one visitor's `gate_inputs` [6]; None where not learned."""
        if not self.gates_learned:
            return None
        alpha, beta, demand = self.gate_values(torch.from_numpy(inputs)[None])[0].tolist()
        return alpha, beta, demand

    def save(self, folder: Path) -> None:
        """Write config and weights, as a part of a learned bundle."""
        from safetensors.torch import save_file

        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2), "utf-8")
        save_file({k: v.contiguous() for k, v in self.state_dict().items()}, folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The inverse of `save`, ready to serve."""
        from safetensors.torch import load_file

        config = json.loads((folder / CONFIG).read_text("utf-8"))
        model = cls(UserModelConfig(**{**config, "gates": tuple(config["gates"])}))
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
        """[B, n, width] to the same shape."""
        batch, steps, width = x.shape
        qkv = self.qkv(self.norm_1(x)).view(batch, steps, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, n, width / heads]
        rate = self.rate if self.training else 0.0
        heads = functional.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=rate)
        x = x + self.dropout(self.mixed(heads.transpose(1, 2).reshape(batch, steps, width)))
        hidden = self.dropout(functional.gelu(self.wide(self.norm_2(x))))
        output: Tensor = x + self.dropout(self.narrow(hidden))
        return output


def _gate_logit(value: float) -> float:
    """The number whose stretched sigmoid is `value`."""
    share = (min(max(value, 0.0), 1.0) + (_STRETCH - 1) / 2) / _STRETCH
    return math.log(share / (1 - share))
