"""Learns the item halves and the transformer together: which item does a visitor act on next?

Sampled softmax over the catalogue (Jean et al. 2015): the target against items drawn by popularity
to the power of 3/4 and against the batch's other targets, each logit corrected by the log of how
often it is drawn, so that popular items are not punished for being drawn often. Vectors have unit
length (as in the index), their cosine is divided by a learned temperature.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.projections import Projections, unit
from indexer.progress import Progress
from learning.data.sessions import Session
from learning.training.runs import (
    Checkpoints,
    EarlyStop,
    TensorBoardLog,
    module_tensors,
    optimizer_tensors,
    restore_module,
    restore_optimizer,
)
from learning.training.user_model.item_halves import ItemTable
from learning.training.user_model.session_batches import SessionBatch, batches, formula, padded
from query_service.user.user_model import UserModel, UserModelConfig
from query_service.user.user_vector import FusionWeights

Vectors = NDArray[np.float32]
LEAST_TEMPERATURE = 0.02


@dataclass(frozen=True)
class UserModelTrainingSettings:
    """What a training is told; the defaults won on validation users of a games shop."""

    seed: int = 0
    epochs: int = 5
    patience: int = 3  # epochs without a better validation
    batch: int = 128  # sessions
    negatives: int = 2048  # drawn for a whole batch
    learning_rate: float = 1e-3
    residual_decay: float = 1.0  # weight decay of r_i: what few visitors say stays near the text
    residual_dropout: float = 0.1
    temperature: float = 0.07
    minutes: float = 30.0
    device: str = "cpu"


@dataclass(frozen=True)
class Learned:
    """What came out. `history`: a row of figures per epoch, the first of before training."""

    model: UserModel
    table: ItemTable
    acted_on: list[int]  # rows of items that training visitors acted on
    counts: NDArray[np.int64]  # how often, by row
    history: list[dict[str, float]]


class UserModelTrainer:
    """One training: the loop is `run`."""

    def __init__(
        self,
        config: UserModelConfig,
        settings: UserModelTrainingSettings,
        embeddings: Vectors,
        fitted: Projections,
        query_vectors: Vectors,
        train: Sequence[Session],
        validation: Sequence[Session],
    ) -> None:
        """`embeddings` float32 [n, D] of the catalogue, `query_vectors` float32 [q, M] of the
        sessions' queries. Every session of `train` is learned from whole; of `validation` the
        last event is the target.
        """
        torch.manual_seed(settings.seed)
        self.settings, self.fixed = settings, FusionWeights()
        self.device = torch.device(settings.device)
        self.most = config.max_steps
        self.train = [piece for session in train for piece in session.pieces(self.most + 1)]
        self.validation = list(validation)
        self.model = UserModel(config).to(self.device)
        self.table = ItemTable(embeddings, fitted, settings.residual_dropout).to(self.device)
        self.log_temperature = nn.Parameter(
            torch.tensor(float(np.log(settings.temperature)), device=self.device)
        )
        # The meaning halves do not change: the steps read them, and those of the queries.
        self.meaning = torch.from_numpy(unit(embeddings @ fitted.P_M.T)).to(self.device)
        self.queries = torch.from_numpy(query_vectors).to(self.device)
        self.counts = _counts(train, len(embeddings))
        drawn = np.maximum(self.counts, 0.5) ** 0.75
        self.drawn = drawn / drawn.sum()
        self.rng = np.random.default_rng(settings.seed)
        groups: list[dict[str, Any]] = [
            {"params": [p for n, p in self._named() if n != "table.residuals"]},
            {"params": [self.table.residuals], "weight_decay": settings.residual_decay},
        ]
        self.optimizer = torch.optim.AdamW(
            groups,
            lr=settings.learning_rate,
            weight_decay=0.01,
        )
        steps_an_epoch = -(-len(self.train) // settings.batch)
        self.total_steps = settings.epochs * steps_an_epoch
        self.done_steps = 0
        self.epoch = 0
        self.history: list[dict[str, float]] = []

    def run(self, checkpoints: Checkpoints, board: TensorBoardLog, progress: Progress) -> Learned:
        """Trains until the epochs, the patience or the minutes are over; keeps the best epoch.

        Goes on from the checkpoint, where there is one, at the epoch's beginning.
        """
        begun = time.monotonic()
        stop = EarlyStop(self.settings.patience)
        best: dict[str, Tensor] = {}
        found = checkpoints.load()
        if found is not None:
            best, stop = self._restore(*found)
            progress.note(f"going on after epoch {self.epoch} of a training that was broken off")
        else:
            self.history.append(self._look(0, float("nan"), board))
            stop.is_best(self.history[-1]["NDCG@10"])
            best = self._weights()
        while self.epoch < self.settings.epochs and not stop.over:
            if time.monotonic() - begun > self.settings.minutes * 60:
                progress.note(f"{self.settings.minutes:g} minutes are over: the best epoch is kept")
                break
            loss = self._one_epoch(progress)
            self.epoch += 1
            self.history.append(self._look(self.epoch, loss, board))
            progress.note(_told(self.history[-1]))
            if stop.is_best(self.history[-1]["NDCG@10"]):
                best = self._weights()
            checkpoints.save(*self._state(best, stop))
        restore_module(self.model, best, "model")
        restore_module(self.table, best, "table")
        self.model.eval()
        self.table.eval()
        acted_on = np.flatnonzero(self.counts).tolist()
        return Learned(self.model, self.table, acted_on, self.counts, self.history)

    def users(self, sessions: Sequence[Session]) -> Iterator[tuple[Sequence[Session], Tensor]]:
        """Groups of sessions and the D_B of each after all its steps but the last, [B, K]."""
        self.model.eval()
        self.table.eval()
        for first in range(0, len(sessions), 256):
            group = [s.newest(self.most + 1) for s in sessions[first : first + 256]]
            with torch.inference_mode():
                batch = self._to_device(padded(group, self.fixed))
                places = torch.tensor([max(len(s) - 2, 0) for s in group], device=self.device)
                after = self._after(batch)[torch.arange(len(group), device=self.device), places]
            yield group, after

    def _one_epoch(self, progress: Progress) -> float:
        self.model.train()
        self.table.train()
        total, count = 0.0, 0
        progress.start(f"epoch {self.epoch + 1} of {self.settings.epochs}", len(self.train))
        for group in batches(self.train, self.settings.batch, self.rng):
            batch = self._to_device(padded(group, self.fixed))
            wanted = batch.target >= 0
            self._set_rate()
            if bool(wanted.any()):
                loss = self._loss(self._after(batch)[wanted], batch.target[wanted])
                self.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_([p for _, p in self._named()], 1.0)
                self.optimizer.step()
                number = int(wanted.sum())
                total, count = total + float(loss.detach()) * number, count + number
            self.done_steps += 1
            progress.advance(len(group))
        progress.close()
        return total / max(count, 1)

    def _set_rate(self) -> None:
        """The learning rate rises for a tenth of the steps, then falls as a cosine to zero."""
        share = self.done_steps / max(self.total_steps, 1)
        shape = share / 0.1 if share < 0.1 else 0.5 + 0.5 * np.cos(np.pi * (share - 0.1) / 0.9)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * float(shape)

    def _after(self, batch: SessionBatch) -> Tensor:
        """The learned D_B after each step, [B, n, K], unit length."""
        b = self.table(batch.item.flatten()).view(*batch.item.shape, -1)
        b = b * batch.is_event[..., None]
        m = self.meaning[batch.item] * batch.is_event[..., None]
        asked = batch.query >= 0
        if bool(asked.any()):
            m = torch.where(asked[..., None], self.queries[batch.query.clamp_min(0)], m)
        added: Tensor = self.model(b, m, batch.kind, batch.gap)
        learned: Tensor = functional.normalize(formula(batch.mix, b) + added, dim=-1)
        return learned

    def _loss(self, users: Tensor, targets: Tensor) -> Tensor:
        """Sampled softmax of D_B [P, K] against targets [P], drawn items and other targets."""
        drawn = torch.from_numpy(
            self.rng.choice(len(self.drawn), self.settings.negatives, p=self.drawn)
        ).to(self.device)
        # A row may be drawn twice, or be a target too: how often it is expected is its correction.
        others, seen = torch.unique(torch.cat([drawn, targets]), return_counts=True)
        expected = self._expected(others, len(targets))
        b = self.table(torch.cat([targets, others]))
        own, rest = b[: len(targets)], b[len(targets) :]
        scale = 1 / self.log_temperature.exp().clamp_min(LEAST_TEMPERATURE)
        right = (users * own).sum(dim=1, keepdim=True) * scale  # [P, 1]
        wrong = users @ rest.T * scale - expected + torch.log(seen.float())  # [P, others]
        wrong = wrong.masked_fill(others[None, :] == targets[:, None], float("-inf"))
        logits = torch.cat([right, wrong], dim=1)
        loss: Tensor = (torch.logsumexp(logits, dim=1) - right[:, 0]).mean()
        return loss

    def _expected(self, rows: Tensor, targets: int) -> Tensor:
        """Log of how often each row is expected among the drawn items and the targets."""
        by_draw = self.settings.negatives * self.drawn[rows.cpu().numpy()]
        share = np.maximum(self.counts[rows.cpu().numpy()], 0.5) / max(self.counts.sum(), 1)
        return torch.from_numpy(np.log(by_draw + targets * share)).float().to(self.device)

    def _look(self, epoch: int, loss: float, board: TensorBoardLog) -> dict[str, float]:
        """Figures on the validation users: each one's last event, over the whole catalogue."""
        values = whole_catalogue(self, self.validation)
        told = {
            "epoch": epoch,
            "loss": loss,
            **{name: float(np.mean(v)) for name, v in values.items()},
            "temperature": float(self.log_temperature.detach().exp()),
        }
        board.add(epoch, {name: value for name, value in told.items() if name != "epoch"})
        return told

    def _named(self) -> list[tuple[str, nn.Parameter]]:
        return [
            *((f"model.{name}", p) for name, p in self.model.named_parameters()),
            *((f"table.{name}", p) for name, p in self.table.named_parameters()),
            ("log_temperature", self.log_temperature),
        ]

    def _weights(self) -> dict[str, Tensor]:
        found = module_tensors(self.model, "model") | module_tensors(self.table, "table")
        return {name: tensor.detach().clone() for name, tensor in found.items()}

    def _state(
        self, best: Mapping[str, Tensor], stop: EarlyStop
    ) -> tuple[dict[str, Tensor], dict[str, Any]]:
        tensors = {f"best.{name}": tensor for name, tensor in best.items()}
        tensors |= {f"now.{name}": tensor for name, tensor in self._weights().items()}
        tensors |= optimizer_tensors(self.optimizer)
        tensors |= {
            "log_temperature": self.log_temperature,
            "torch_rng": torch.get_rng_state(),
        }
        state = {
            "epoch": self.epoch,
            "history": self.history,
            "stop": asdict(stop),
            "rng": self.rng.bit_generator.state,
            "steps": self.done_steps,
        }
        return tensors, state

    def _restore(
        self, tensors: dict[str, Tensor], state: dict[str, Any]
    ) -> tuple[dict[str, Tensor], EarlyStop]:
        restore_module(self.model, tensors, "now.model")
        restore_module(self.table, tensors, "now.table")
        with torch.no_grad():
            self.log_temperature.copy_(tensors["log_temperature"])
        restore_optimizer(self.optimizer, tensors)
        torch.set_rng_state(tensors["torch_rng"])
        self.rng.bit_generator.state = state["rng"]
        self.done_steps = state["steps"]
        self.epoch, self.history = state["epoch"], state["history"]
        best = {
            name.removeprefix("best."): tensor
            for name, tensor in tensors.items()
            if name.startswith("best.")
        }
        return best, EarlyStop(**state["stop"])

    def _to_device(self, batch: SessionBatch) -> SessionBatch:
        return SessionBatch(*(tensor.to(self.device) for tensor in vars(batch).values()))


def whole_catalogue(
    trainer: UserModelTrainer, sessions: Sequence[Session]
) -> dict[str, NDArray[np.float64]]:
    """NDCG@10 and Recall@10, @100 of each session's last item by D_B . b alone, float64 [n].

    Over the whole catalogue, the session's other items left out.
    """
    trainer.table.eval()
    b = trainer.table.all()
    places: list[int] = []
    for group, users in trainer.users(sessions):
        scores = users @ b.T  # [B, items]
        whole = sessions[len(places) : len(places) + len(group)]
        for row, session in zip(scores, whole, strict=True):
            target = int(session.item[-1])
            own = [int(i) for i in session.item[:-1] if i >= 0 and i != target]
            row[own] = -2.0
            places.append(int((row > row[target]).sum()))
    place = np.array(places)
    return {
        "NDCG@10": np.where(place < 10, 1 / np.log2(place + 2), 0.0),
        "Recall@10": (place < 10).astype(np.float64),
        "Recall@100": (place < 100).astype(np.float64),
    }


def _counts(sessions: Sequence[Session], items: int) -> NDArray[np.int64]:
    rows = [session.item[session.item >= 0] for session in sessions]
    return np.bincount(np.concatenate(rows), minlength=items)


def _told(row: Mapping[str, float]) -> str:
    measures = ", ".join(f"{name} {row[name]:.4f}" for name in ("NDCG@10", "Recall@10"))
    return f"epoch {row['epoch']:.0f}: loss {row['loss']:.3f}; on validation {measures}"
