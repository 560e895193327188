"""The network of a learned re-ranker: its residual is added to the fixed score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from query_service.ranking.learned.feature_matrix import FEATURE_SET
from query_service.ranking.learned.learned_scale import LearnedScale, Segment

LIMIT = 5.0  # standard deviations, at which features are clipped


@dataclass(frozen=True)
class RerankerConfig:
    """Shape of the network, and what it was trained for.

    `kinds`: of requests; others keep the fixed order. `trees_for`: those of `kinds` that LightGBM's
    trees score in place of the network. `fingerprint`: of the item vectors in its training.
    `scales`: of the segments where it is better; those without one keep the fixed order. None (a
    bundle of an earlier version, which chose none): 1 for all.
    """

    fingerprint: str = ""
    kinds: tuple[str, ...] = ("search",)
    columns: tuple[str, ...] = FEATURE_SET.columns
    pairs: tuple[str, ...] = FEATURE_SET.pairs
    hidden: int = 64
    attention: int = 16
    summary: int = 8
    dropout: float = 0.1
    trees_for: tuple[str, ...] = ()
    scales: tuple[LearnedScale, ...] | None = None

    def scale_of(self, segment: Segment) -> float:
        """How far what is learned acts on requests of this segment, 0 to 1."""
        if segment.request not in self.kinds:
            return 0.0
        if self.scales is None:
            return 1.0
        return next((each.scale for each in self.scales if each.segment == segment), 0.0)


class Residual(nn.Module):
    """The network whose output is added to the fixed score. Zero before training."""

    def __init__(self, config: RerankerConfig) -> None:
        super().__init__()
        F, P = len(config.columns), len(config.pairs)
        self.dropout = config.dropout
        for name, size in (("columns", F), ("pairs", P)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))
            self.register_buffer(f"{name}_kept", torch.ones(size))
        self.look = nn.Linear(P, config.attention)
        self.tell = nn.Linear(config.attention, 1 + config.summary)
        self.first = nn.Linear(F + config.summary, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden // 2)
        self.deep = nn.Linear(config.hidden // 2, 1)
        self.wide = nn.Linear(F, 1, bias=False)
        nn.init.zeros_(self.deep.weight)
        nn.init.zeros_(self.deep.bias)
        nn.init.zeros_(self.wide.weight)

    def forward(
        self,
        columns: Tensor,  # [B, n, F]
        pairs: Tensor,  # [B, n, E, P]
        real_events: Tensor,  # [B, E], False: padding
    ) -> Tensor:
        """The residual of each candidate, [B, n]."""
        x = self._standard(columns, "columns")
        pooled = self.attend(pairs, real_events)  # [B, n, summary]
        rate = self.dropout if self.training else 0.0
        hidden = functional.gelu(self.first(torch.cat([x, pooled], dim=-1)))
        hidden = functional.dropout(hidden, rate)
        hidden = functional.dropout(functional.gelu(self.second(hidden)), rate)
        residual: Tensor = (self.deep(hidden) + self.wide(x))[..., 0]
        return residual

    def attend(self, pairs: Tensor, real_events: Tensor) -> Tensor:
        """Attention pooling over the events of each candidate, [B, n, summary].

        `tell` gives each event's attention logit and its value projection.
        """
        if pairs.shape[2] == 0:
            return pairs.new_zeros(*pairs.shape[:2], self.tell.out_features - 1)
        output = self.tell(functional.gelu(self.look(self._standard(pairs, "pairs"))))
        logits, values = output[..., 0], output[..., 1:]
        logits = logits.masked_fill(~real_events[:, None], -1e9)  # [B, n, E]
        attention = torch.softmax(logits, dim=-1) * real_events[:, None]
        pooled: Tensor = (attention[..., None] * values).sum(dim=2)
        return pooled

    def _standard(self, values: Tensor, name: str) -> Tensor:
        """z-scores, clipped; 0 in the columns that an ablation switches off."""
        mean, scale, kept = (
            self.get_buffer(f"{name}_{what}") for what in ("mean", "scale", "kept")
        )
        return ((values - mean) / scale).clamp(-LIMIT, LIMIT) * kept

    def fit_scales(self, matrices: Sequence[NDArray[Any]], pairs: Sequence[NDArray[Any]]) -> None:
        """Set the means and standard deviations of columns, from lists' [n, F] and [n, E, P]."""
        for name, tables in (("columns", matrices), ("pairs", pairs)):
            rows = sum(table[..., 0].size for table in tables)
            if rows:  # list by list: all at once would be several GB
                axes = tuple(range(tables[0].ndim - 1))
                mean = sum(t.sum(axis=axes, dtype=np.float64) for t in tables) / rows
                square = sum(((t - mean) ** 2).sum(axis=axes) for t in tables) / rows
                scale = np.where(np.sqrt(square) > 1e-6, np.sqrt(square), 1.0)
                for what, values in (("mean", mean), ("scale", scale)):
                    self.get_buffer(f"{name}_{what}").copy_(torch.from_numpy(values))
