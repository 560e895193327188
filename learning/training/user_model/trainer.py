"""Learns the item halves and the transformer together: which item does a visitor act on next?

Sampled softmax over the catalogue (Jean et al. 2015): the target against items drawn by popularity
to the power of 3/4 and against the batch's other targets, each logit corrected by the log of how
often it is drawn, so that popular items are not punished for being drawn often. Vectors have unit
length (as in the index), their cosine is divided by a learned temperature.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.projections import Projections, unit
from learning.data.sessions import Session
from learning.training.epoch_trainer import EpochSettings, EpochTrainer, gradient_step
from learning.training.user_model.item_halves import ItemTable
from learning.training.user_model.session_batches import (
    SessionBatch,
    formula,
    padded,
    shuffled_batches,
)
from query_service.user.user_model import UserModel, UserModelConfig
from query_service.user.user_vector import FusionWeights

Vectors = NDArray[np.float32]
LEAST_TEMPERATURE = 0.02


@dataclass(frozen=True)
class UserModelTrainingSettings(EpochSettings):
    """Settings of a training; the defaults won on validation users of a games shop."""

    epochs: int = 5
    patience: int = 3
    batch: int = 128  # sessions
    negatives: int = 2048  # drawn for a whole batch
    learning_rate: float = 1e-3
    residual_decay: float = 1.0  # weight decay of r_i: items of few visitors stay near the text
    residual_dropout: float = 0.1
    temperature: float = 0.07
    minutes: float = 30.0
    device: str = "cpu"


@dataclass(frozen=True)
class TrainingSessions:
    """All steps of `train` are learned from; in `validation` the last event is the target.

    `query_vectors` float32 [q, M]: the meaning halves of the texts that `Session.query` numbers.
    """

    train: Sequence[Session]
    validation: Sequence[Session]
    query_vectors: Vectors


class UserModelTrainer(EpochTrainer):
    """One training of `model` and `table`; `run` leaves the best epoch's weights in them.

    `counts` int64 [n]: how often the training visitors acted on each item.
    """

    printed, loss_digits = ("NDCG@10", "Recall@10"), 3

    def __init__(
        self,
        config: UserModelConfig,
        settings: UserModelTrainingSettings,
        embeddings: Vectors,
        fitted: Projections,
        sessions: TrainingSessions,
    ) -> None:
        """`embeddings` float32 [n, D] of the catalogue, `fitted` its fitted item halves."""
        torch.manual_seed(settings.seed)
        self.settings, self.weights = settings, FusionWeights()
        self.device = torch.device(settings.device)
        self.max_steps = config.max_steps
        self.validation = list(sessions.validation)
        self.model = UserModel(config).to(self.device)
        self.table = ItemTable(embeddings, fitted, settings.residual_dropout).to(self.device)
        self.log_temperature = nn.Parameter(
            torch.tensor(float(np.log(settings.temperature)), device=self.device)
        )
        # The meaning halves do not change: the steps read them, and those of the queries.
        self.meaning = torch.from_numpy(unit(embeddings @ fitted.P_M.T)).to(self.device)
        self.queries = torch.from_numpy(sessions.query_vectors).to(self.device)
        rows = np.concatenate([session.item[session.item >= 0] for session in sessions.train])
        self.counts: NDArray[np.int64] = np.bincount(rows, minlength=len(embeddings))
        probabilities = np.maximum(self.counts, 0.5) ** 0.75
        self.negative_probabilities = probabilities / probabilities.sum()
        self.parameters = [
            *self.model.parameters(), *self.table.parameters(), self.log_temperature,
        ]  # fmt: skip
        residuals = self.table.residuals
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters if p is not residuals]},
            {"params": [residuals], "weight_decay": settings.residual_decay},
        ]
        super().__init__(
            [piece for session in sessions.train for piece in session.pieces(self.max_steps + 1)],
            {"model": self.model, "table": self.table},
            torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=0.01),
            settings,
            minutes=settings.minutes,
        )
        self.total_steps = settings.epochs * -(-len(self.examples) // settings.batch)
        self.steps = 0

    def users(self, sessions: Sequence[Session]) -> Iterator[tuple[Sequence[Session], Tensor]]:
        """Groups of sessions and the D_B of each after all its steps but the last, [B, K]."""
        self.modules.eval()
        for first in range(0, len(sessions), 256):
            group = [s.newest(self.max_steps + 1) for s in sessions[first : first + 256]]
            with torch.inference_mode():
                after_steps = self._user_vectors(self._to_device(padded(group, self.weights)))
                last = [max(len(session) - 2, 0) for session in group]
                users = after_steps[list(range(len(group))), last]
            yield group, users

    def _batches(self) -> Iterator[Sequence[Session]]:
        return shuffled_batches(self.examples, self.settings.batch, self.rng)

    def _train_batch(self, batch: Sequence[Session]) -> tuple[float, int]:
        """The loss is the mean over the batch's targets, its weight their number."""
        tensors = self._to_device(padded(batch, self.weights))
        has_target = tensors.target >= 0
        value, count = 0.0, int(has_target.sum())
        if count:
            users = self._user_vectors(tensors)[has_target]
            loss = self._loss(users, tensors.target[has_target])
            value = gradient_step(self.optimizer, loss, self.parameters, self._rate(), 1.0)
        self.steps += 1
        return value, count

    def _validate(self) -> dict[str, float]:
        values = whole_catalogue(self, self.validation)
        return {
            **{name: float(np.mean(v)) for name, v in values.items()},
            "temperature": float(self.log_temperature.detach().exp()),
        }

    def _rate(self) -> float:
        """The learning rate rises for a tenth of the steps, then falls as a cosine to zero."""
        share = self.steps / max(self.total_steps, 1)
        shape = share / 0.1 if share < 0.1 else 0.5 + 0.5 * np.cos(np.pi * (share - 0.1) / 0.9)
        return self.settings.learning_rate * float(shape)

    def _user_vectors(self, batch: SessionBatch) -> Tensor:
        """The learned D_B after each step, [B, n, K], unit length."""
        b = self.table(batch.item.flatten()).view(*batch.item.shape, -1)
        b = b * batch.is_event[..., None]
        m = self.meaning[batch.item] * batch.is_event[..., None]
        is_query = batch.query >= 0
        if bool(is_query.any()):
            m = torch.where(is_query[..., None], self.queries[batch.query.clamp_min(0)], m)
        added: Tensor = self.model(b, m, batch.kind, batch.gap)
        learned: Tensor = functional.normalize(formula(batch.mix, b) + added, dim=-1)
        return learned

    def _loss(self, users: Tensor, targets: Tensor) -> Tensor:
        """Sampled softmax of D_B [P, K] against targets [P], drawn items and other targets."""
        drawn = torch.from_numpy(
            self.rng.choice(
                len(self.counts), self.settings.negatives, p=self.negative_probabilities
            )
        ).to(self.device)
        # A row may be drawn twice, or be a target too: how often it is expected is its correction.
        negatives, repeats = torch.unique(torch.cat([drawn, targets]), return_counts=True)
        expected = self._log_expected(negatives, len(targets))
        b = self.table(torch.cat([targets, negatives]))
        target_b, negative_b = b[: len(targets)], b[len(targets) :]
        scale = 1 / self.log_temperature.exp().clamp_min(LEAST_TEMPERATURE)
        right = (users * target_b).sum(dim=1, keepdim=True) * scale  # [P, 1]
        wrong = users @ negative_b.T * scale - expected + torch.log(repeats.float())  # [P, m]
        wrong = wrong.masked_fill(negatives[None, :] == targets[:, None], float("-inf"))
        logits = torch.cat([right, wrong], dim=1)
        loss: Tensor = (torch.logsumexp(logits, dim=1) - right[:, 0]).mean()
        return loss

    def _log_expected(self, rows: Tensor, targets: int) -> Tensor:
        """Log of how often each row is expected among the drawn items and the `targets` targets."""
        indices = rows.cpu().numpy()
        by_draw = self.settings.negatives * self.negative_probabilities[indices]
        share = np.maximum(self.counts[indices], 0.5) / max(self.counts.sum(), 1)
        return torch.from_numpy(np.log(by_draw + targets * share)).float().to(self.device)

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors, state = super()._state()
        tensors["log_temperature"] = self.log_temperature
        return tensors, {**state, "steps": self.steps}

    def _restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        super()._restore(tensors, state)
        with torch.no_grad():
            self.log_temperature.copy_(tensors["log_temperature"])
        self.steps = state["steps"]

    def _to_device(self, batch: SessionBatch) -> SessionBatch:
        return SessionBatch(*(tensor.to(self.device) for tensor in vars(batch).values()))


def whole_catalogue(
    trainer: UserModelTrainer, sessions: Sequence[Session]
) -> dict[str, NDArray[np.float64]]:
    """NDCG@10 and Recall@10, @100 of each session's last item by D_B . b alone, float64 [n].

    Among all items of the catalogue, the session's other items left out.
    """
    trainer.table.eval()
    b = trainer.table.all()
    ranks: list[int] = []  # of the target, 0 for the best
    for group, users in trainer.users(sessions):
        scores = users @ b.T  # [B, items]
        whole = sessions[len(ranks) : len(ranks) + len(group)]
        for row, session in zip(scores, whole, strict=True):
            target = int(session.item[-1])
            others = [int(i) for i in session.item[:-1] if i >= 0 and i != target]
            row[others] = -2.0
            ranks.append(int((row > row[target]).sum()))
    rank = np.array(ranks)
    return {
        "NDCG@10": np.where(rank < 10, 1 / np.log2(rank + 2), 0.0),
        "Recall@10": (rank < 10).astype(np.float64),
        "Recall@100": (rank < 100).astype(np.float64),
    }
