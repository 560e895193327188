"""Learns the re-ranker's residual from lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learning.training.epoch_trainer import EpochSettings, EpochTrainer, gradient_step
from learning.training.reranker.losses import LOSSES
from learning.training.reranker.ranking_lists import RankingList, ndcg_of
from query_service.ranking.learned.residual import RerankerConfig, Residual

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class RerankerTrainingSettings(EpochSettings):
    """Settings of a training; a batch is of lists."""

    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    dropout: float = 0.2
    hidden: int = 64
    trees: int = 500  # of LightGBM, at most
    device: str = "cpu"


@dataclass(frozen=True)
class ListBatch:
    """B lists, padded to n candidates and E events: matrix [B, n, F], pairs [B, n, E, P].

    `real_events` [B, E] and `mask` [B, n] are False for padding; `fixed`, `gains` [B, n].
    """

    matrix: Tensor
    pairs: Tensor
    real_events: Tensor
    fixed: Tensor
    gains: Tensor
    mask: Tensor


def padded(lists: Sequence[RankingList]) -> ListBatch:
    """Lists of different lengths as one batch."""
    B, n = len(lists), max(len(each) for each in lists)
    E = max(each.pairs.shape[1] for each in lists)
    F, P = lists[0].matrix.shape[1], lists[0].pairs.shape[2]
    matrix, pairs = np.zeros((B, n, F), np.float32), np.zeros((B, n, E, P), np.float32)
    real_events, mask = np.zeros((B, E), bool), np.zeros((B, n), bool)
    fixed, gains = np.zeros((B, n), np.float32), np.zeros((B, n), np.float32)
    for row, each in enumerate(lists):
        size, events = each.pairs.shape[:2]
        matrix[row, :size], pairs[row, :size, :events] = each.matrix, each.pairs
        real_events[row, :events], mask[row, :size] = True, True
        fixed[row, :size], gains[row, :size] = each.fixed, each.gains
    arrays = (matrix, pairs, real_events, fixed, gains, mask)
    return ListBatch(*map(torch.from_numpy, arrays))


class RerankerTrainer(EpochTrainer):
    """One training with one loss; `run` leaves the best epoch's weights in `residual`.

    Before training the residual is zero: epoch 0 is the fixed order.
    """

    def __init__(
        self,
        config: RerankerConfig,
        settings: RerankerTrainingSettings,
        loss: str,
        train: Sequence[RankingList],
        validation: Sequence[RankingList],
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.loss, self.validation = settings, LOSSES[loss], validation
        self.device = torch.device(settings.device)
        self.residual = Residual(config)
        self.residual.fit_scales([r.matrix for r in train], [r.pairs for r in train])
        self.residual.to(self.device)
        optimizer = torch.optim.AdamW(
            self.residual.parameters(), lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )  # fmt: skip
        super().__init__(train, {"residual": self.residual}, optimizer, settings, label=f"{loss}, ")

    def _batches(self) -> Iterator[list[RankingList]]:
        """Lists with about as many events together: less padding."""
        size = self.settings.batch
        order = self.rng.permutation(len(self.examples))
        groups: list[list[int]] = []
        for first in range(0, len(order), size * 8):
            chunk = sorted(
                order[first : first + size * 8], key=lambda i: self.examples[i].pairs.shape[1]
            )
            groups += [chunk[k : k + size] for k in range(0, len(chunk), size)]
        for index in self.rng.permutation(len(groups)):
            yield [self.examples[i] for i in groups[index]]

    def _train_batch(self, batch: Sequence[RankingList]) -> tuple[float, int]:
        lists = ListBatch(*(t.to(self.device) for t in vars(padded(batch)).values()))
        scores = lists.fixed + self.residual(lists.matrix, lists.pairs, lists.real_events)
        loss = self.loss(scores, lists.gains, lists.mask)
        weights = self.residual.parameters()
        return gradient_step(self.optimizer, loss, weights, self._rate(), 5.0), len(batch)

    def _validate(self) -> dict[str, float]:
        scores = residual_scores(self.residual, self.validation)
        return {"NDCG@10": float(np.nanmean(ndcgs(self.validation, scores)))}

    def _rate(self) -> float:
        """The learning rate falls as a cosine over the epochs, to a twentieth."""
        share = self.epoch / max(self.settings.epochs, 1)
        return float(
            self.settings.learning_rate * (0.05 + 0.95 * (0.5 + 0.5 * np.cos(np.pi * share)))
        )


@torch.inference_mode()
def residual_scores(residual: Residual, lists: Sequence[RankingList]) -> list[Floats]:
    """Sum of fixed score and residual of each list's candidates, float32 [n] each."""
    residual.eval()
    device = residual.wide.weight.device
    scores: list[Floats] = []
    for each in lists:
        if not len(each):
            scores.append(each.fixed)
            continue
        matrix = torch.from_numpy(each.matrix)[None].to(device)
        pairs = torch.from_numpy(each.pairs.astype(np.float32))[None].to(device)
        real_events = torch.ones(1, pairs.shape[2], dtype=torch.bool, device=device)
        scores.append(each.fixed + residual(matrix, pairs, real_events)[0].cpu().numpy())
    return scores


def ndcgs(lists: Sequence[RankingList], scores: Sequence[Floats]) -> NDArray[np.float64]:
    """NDCG@10 of each list, float64 [lists]; NaN for one without a validation gain."""
    return np.array([ndcg_of(each, s) for each, s in zip(lists, scores, strict=True)])
