"""The behaviour halves of items in training: b_i = unit(P_K e_i + r_i)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.projections import Projections

Vectors = NDArray[np.float32]


class ItemTable(nn.Module):
    """P_K starts as fitted on the catalogue and every r_i at zero: the untrained halves."""

    def __init__(self, embeddings: Vectors, fitted: Projections, residual_dropout: float) -> None:
        """`embeddings` float32 [n, D] of the whole catalogue.

        `residual_dropout`: share of the items whose r_i counts as zero at a step, so that P_K
        fits cold items too.
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
            mask = torch.rand(len(rows), 1, device=rows.device) >= self.residual_dropout
            residuals = residuals * mask
        projected = functional.linear(self.embeddings[rows], self.P_K)
        return functional.normalize(projected + residuals, dim=-1)

    @torch.inference_mode()
    def all(self, step: int = 65_536) -> Tensor:
        """b of every item, [n, K]."""
        rows = torch.arange(len(self.embeddings), device=self.P_K.device)
        return torch.cat([self(block) for block in torch.split(rows, step)])

    def projections(self, fitted: Projections, ids: list[str], acted_on: list[int]) -> Projections:
        """For a bundle: P_M as fitted, P_K, and r_i of the items at rows `acted_on`.

        Nobody acted on the others: none of them was ever a target, and their r_i stays zero.
        """
        residuals = self.residuals.detach().cpu().numpy()[acted_on].astype(np.float32)
        P_K = self.P_K.detach().cpu().numpy().astype(np.float32)
        return Projections(fitted.P_M, P_K, tuple(ids[row] for row in acted_on), residuals)
