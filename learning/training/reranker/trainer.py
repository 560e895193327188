"""Learns the re-ranker's residual from lists: a plain loop, and LightGBM as the rival."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from indexer.progress import Progress
from learning.training.reranker.losses import LOSSES
from learning.training.reranker.ranking_lists import RankingList, ndcg_of
from learning.training.runs import (
    Checkpoints,
    EarlyStop,
    TensorBoardLog,
    module_tensors,
    optimizer_tensors,
    restore_module,
    restore_optimizer,
)
from query_service.ranking.learned_reranker import LearnedReranker, RerankerConfig, Residual

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class RerankerTrainingSettings:
    """What a training is told."""

    seed: int = 0
    epochs: int = 30
    patience: int = 5  # epochs without a better validation
    batch: int = 32  # lists
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    dropout: float = 0.2
    hidden: int = 64
    trees: int = 500  # of LightGBM, at most
    device: str = "cpu"


@dataclass(frozen=True)
class ListBatch:
    """B lists, padded: matrix [B, n, F], pairs [B, n, E, P], seen [B, E], the rest [B, n]."""

    matrix: Tensor
    pairs: Tensor
    seen: Tensor
    fixed: Tensor
    gains: Tensor
    real: Tensor


def padded(lists: Sequence[RankingList]) -> ListBatch:
    """Lists of different lengths as one batch; padding is False in `seen` and `real`."""
    B, n = len(lists), max(len(each) for each in lists)
    E = max(each.pairs.shape[1] for each in lists)
    F, P = lists[0].matrix.shape[1], lists[0].pairs.shape[2]
    matrix, pairs = np.zeros((B, n, F), np.float32), np.zeros((B, n, E, P), np.float32)
    seen, real = np.zeros((B, E), bool), np.zeros((B, n), bool)
    fixed, gains = np.zeros((B, n), np.float32), np.zeros((B, n), np.float32)
    for row, each in enumerate(lists):
        size, events = each.pairs.shape[:2]
        matrix[row, :size], pairs[row, :size, :events] = each.matrix, each.pairs
        seen[row, :events], real[row, :size] = True, True
        fixed[row, :size], gains[row, :size] = each.fixed, each.gains
    return ListBatch(*(torch.from_numpy(a) for a in (matrix, pairs, seen, fixed, gains, real)))


class RerankerTrainer:
    """One training with one loss: the loop is `run`."""

    def __init__(
        self,
        config: RerankerConfig,
        settings: RerankerTrainingSettings,
        loss: str,
        train: Sequence[RankingList],
        validation: Sequence[RankingList],
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.name, self.loss = settings, loss, LOSSES[loss]
        self.train, self.validation = train, validation
        self.device = torch.device(settings.device)
        self.residual = Residual(config)
        self.residual.fit_scales([r.matrix for r in train], [r.pairs for r in train])
        self.residual.to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.residual.parameters(), lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.rng = np.random.default_rng(settings.seed)
        self.epoch = 0
        self.history: list[dict[str, float]] = []

    def run(self, checkpoints: Checkpoints, board: TensorBoardLog, progress: Progress) -> Residual:
        """Trains until the epochs or the patience are over; the best epoch's weights.

        Goes on from the checkpoint, where there is one, at the epoch's beginning. Epoch 0 is the
        fixed order: when nothing is better, nothing is added.
        """
        stop = EarlyStop(self.settings.patience)
        found = checkpoints.load()
        if found is not None:
            best, stop = self._restore(*found)
            progress.note(f"{self.name}: going on after epoch {self.epoch}")
        else:
            best = self._weights()
            stop.is_best(self._look(float("nan"), board))
        while self.epoch < self.settings.epochs and not stop.over:
            loss = self._one_epoch(progress)
            self.epoch += 1
            measured = self._look(loss, board)
            progress.note(
                f"{self.name}, epoch {self.epoch}: loss {loss:.4f}; on validation "
                f"NDCG@10 {measured:.4f}"
            )
            if stop.is_best(measured):
                best = self._weights()
            checkpoints.save(*self._state(best, stop))
        restore_module(self.residual, best, "residual")
        return self.residual.eval()

    def _one_epoch(self, progress: Progress) -> float:
        self.residual.train()
        total, count = 0.0, 0
        progress.start(f"{self.name}: epoch {self.epoch + 1}", len(self.train))
        for group in self._batches():
            batch = ListBatch(*(t.to(self.device) for t in vars(padded(group)).values()))
            self._set_rate()
            scores = batch.fixed + self.residual(batch.matrix, batch.pairs, batch.seen)
            loss = self.loss(scores, batch.gains, batch.real)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.residual.parameters(), 5.0)
            self.optimizer.step()
            total, count = total + float(loss.detach()) * len(group), count + len(group)
            progress.advance(len(group))
        progress.close()
        return total / max(count, 1)

    def _batches(self) -> Iterator[list[RankingList]]:
        """Lists in a random order, those with about as many events together: less padding."""
        size = self.settings.batch
        order = self.rng.permutation(len(self.train))
        groups: list[list[int]] = []
        for first in range(0, len(order), size * 8):
            chunk = sorted(
                order[first : first + size * 8], key=lambda i: self.train[i].pairs.shape[1]
            )
            groups += [chunk[k : k + size] for k in range(0, len(chunk), size)]
        for place in self.rng.permutation(len(groups)):
            yield [self.train[i] for i in groups[place]]

    def _set_rate(self) -> None:
        """Falls as a cosine over the epochs, to a twentieth."""
        share = self.epoch / max(self.settings.epochs, 1)
        rate = self.settings.learning_rate * (0.05 + 0.95 * (0.5 + 0.5 * np.cos(np.pi * share)))
        for group in self.optimizer.param_groups:
            group["lr"] = float(rate)

    def _look(self, loss: float, board: TensorBoardLog) -> float:
        scores = residual_scores(self.residual, self.validation)
        value = float(np.nanmean(ndcgs(self.validation, scores)))
        self.history.append({"epoch": self.epoch, "loss": loss, "NDCG@10": value})
        board.add(self.epoch, {"loss": loss, "NDCG@10": value})
        return value

    def _weights(self) -> dict[str, Tensor]:
        found = module_tensors(self.residual, "residual")
        return {name: tensor.detach().clone() for name, tensor in found.items()}

    def _state(
        self, best: Mapping[str, Tensor], stop: EarlyStop
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"best.{name}": tensor for name, tensor in best.items()}
        tensors |= {f"now.{name}": tensor for name, tensor in self._weights().items()}
        tensors |= optimizer_tensors(self.optimizer) | {"torch_rng": torch.get_rng_state()}
        state = {"epoch": self.epoch, "history": self.history, "stop": asdict(stop),
                 "rng": self.rng.bit_generator.state}  # fmt: skip
        return tensors, state

    def _restore(
        self, tensors: dict[str, Tensor], state: dict[str, Any]
    ) -> tuple[dict[str, Tensor], EarlyStop]:
        restore_module(self.residual, tensors, "now.residual")
        restore_optimizer(self.optimizer, tensors)
        torch.set_rng_state(tensors["torch_rng"])
        self.rng.bit_generator.state = state["rng"]
        self.epoch, self.history = state["epoch"], state["history"]
        best = {name.removeprefix("best."): tensor for name, tensor in tensors.items()
                if name.startswith("best.")}  # fmt: skip
        return best, EarlyStop(**state["stop"])


@torch.inference_mode()
def residual_scores(residual: Residual, lists: Sequence[RankingList]) -> list[Floats]:
    """Fixed score and residual of each list's candidates, float32 [n] each."""
    residual.eval()
    device = residual.wide.weight.device
    found: list[Floats] = []
    for each in lists:
        if not len(each):
            found.append(each.fixed)
            continue
        matrix = torch.from_numpy(each.matrix)[None].to(device)
        pairs = torch.from_numpy(each.pairs.astype(np.float32))[None].to(device)
        seen = torch.ones(1, pairs.shape[2], dtype=torch.bool, device=device)
        found.append(each.fixed + residual(matrix, pairs, seen)[0].cpu().numpy())
    return found


def ndcgs(lists: Sequence[RankingList], scores: Sequence[Floats]) -> NDArray[np.float64]:
    """NDCG@10 of each list, float64 [lists]; NaN for one without anything of worth."""
    return np.array([ndcg_of(each, s) for each, s in zip(lists, scores, strict=True)])


def learned(
    config: RerankerConfig, residual: Residual, trees: Mapping[str, Any] | None = None
) -> LearnedReranker:
    """A re-ranker of these weights, and of trees by kind of request."""
    model = LearnedReranker(config, trees=trees)
    model.residual.load_state_dict(residual.state_dict())
    return model.eval()
