"""Item halves while they are learned: b_i = unit(P_K e_i + r_i)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.projections import Projections

Vectors = NDArray[np.float32]


class ItemTable(nn.Module):
    """P_K starts as fitted on the catalogue, every r_i at zero: the untrained halves."""

    def __init__(self, embeddings: Vectors, fitted: Projections, residual_dropout: float) -> None:
        """`embeddings` float32 [n, D] of the whole catalogue.

        `residual_dropout`: share of the items that stand on their text alone at each step, so
        that P_K is good for cold items.
        """
        super().__init__()
        self.embeddings: Tensor
        self.register_buffer("embeddings", torch.from_numpy(embeddings), persistent=False)
        self.P_K = nn.Parameter(torch.from_numpy(fitted.P_K.copy()))
        self.residuals = nn.Parameter(torch.zeros(len(embeddings), len(fitted.P_K)))
        self.residual_dropout = residual_dropout

    def forward(self, rows: Tensor) -> Tensor:
        """b of the items at `rows` int64 [m]: [m, K], unit length."""
        residuals = self.residuals[rows]
        if self.training and self.residual_dropout > 0:
            kept = torch.rand(len(rows), 1, device=rows.device) >= self.residual_dropout
            residuals = residuals * kept
        projected = functional.linear(self.embeddings[rows], self.P_K)
        return functional.normalize(projected + residuals, dim=-1)

    @torch.inference_mode()
    def all(self, step: int = 65_536) -> Tensor:
        """b of every item, [n, K]."""
        count = len(self.embeddings)
        parts = [
            self(torch.arange(first, min(first + step, count), device=self.P_K.device))
            for first in range(0, count, step)
        ]
        return torch.cat(parts)

    def projections(self, fitted: Projections, ids: list[str], acted_on: list[int]) -> Projections:
        """What goes into a bundle: P_M as fitted, P_K, and r_i of the items at rows `acted_on`.

        The others' r_i never had a reason to be anything but zero.
        """
        residuals = self.residuals.detach().cpu().numpy()[acted_on].astype(np.float32)
        return Projections(
            fitted.P_M,
            self.P_K.detach().cpu().numpy().astype(np.float32),
            tuple(ids[row] for row in acted_on),
            residuals,
        )
