"""Tunes an encoder so that a query is near the items that answer it, and far from the others.

Contrastive loss with the batch's other items and mined hard ones as negatives (van den Oord et al.
2018; Henderson et al. 2017), each pair weighted by its grade. Every random choice of a step depends
on the seed and the step's number alone, so that a resumed training gives what an uninterrupted one
gives.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from indexer.progress import Progress
from learning.evaluation.measures.metrics import ndcg
from learning.training.checkpoints import (
    Checkpoints,
    optimizer_tensors,
    restore_optimizer,
    with_prefix,
    without_prefix,
)
from learning.training.encoder.query_pairs import Pair, QueryPairs, ValidationPool, view
from learning.training.encoder.trainable_encoder import Method, TrainableEncoder, by_length
from learning.training.epoch_trainer import EarlyStop, gradient_step

K = 10  # of NDCG
ENCODE_BATCH = 192  # texts, of similar lengths


@dataclass(frozen=True)
class EncoderTrainingSettings:
    """Settings of a training; the defaults won on validation queries of a hardware shop."""

    seed: int = 0
    method: Method = "full"
    learning_rate: float = 1e-4
    epochs: float = 1.0
    batch: int = 64  # pairs of a step
    hard: int = 1  # hard negatives of each
    temperature: float = 0.05
    rank: int = 16  # of LoRA
    looks: int = 6  # validations
    patience: int = 3  # validations without a better one
    minutes: float = 30.0
    checkpoint_s: float = 60.0
    device: str = "cpu"


# Defaults by method: adapters have few weights, and need larger steps.
LEARNING_RATES: Mapping[Method, float] = {"full": 1e-4, "lora": 1e-3, "ia3": 1e-2, "bias": 1e-3}


class EncoderTrainer:
    """One training; `run` leaves the best weights in `encoder`.

    `history`: step, loss and NDCG@10 of each validation, the first before training. `first` and
    `best`: NDCG@10 of each validation query before training and with the best weights.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        settings: EncoderTrainingSettings,
        texts: Sequence[str],
        train: QueryPairs,
        pool: ValidationPool,
        *,
        views: bool = False,
    ) -> None:
        """`views`: draw the pairs' queries from the items' own words, again at every step."""
        self.encoder, self.settings, self.views = encoder, settings, views
        self.texts, self.train, self.pool = texts, train, pool
        self.parameters = encoder.trained()
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(), lr=settings.learning_rate, weight_decay=0.01
        )
        self.total_steps = max(round(settings.epochs * len(train.pairs) / settings.batch), 1)
        self.history: list[dict[str, float]] = []
        self.steps = 0
        self.first: list[float] = []
        self.best: list[float] = []
        self._stop = EarlyStop(settings.patience)
        self._best: dict[str, Tensor] = {}

    def run(self, checkpoints: Checkpoints, progress: Progress) -> Self:
        """Trains until the steps, the patience or the minutes are over.

        Resumes from the checkpoint, where there is one.
        """
        settings, total = self.settings, self.total_steps
        begun = saved = time.monotonic()
        every = max(total // settings.looks, 1)
        checkpoint = checkpoints.load()
        if checkpoint is None:
            self._look(float("nan"), checkpoints, progress)
        else:
            self._restore(*checkpoint)
            progress.note(f"going on after step {self.steps} of {total}")
        progress.start("tune the encoder", total * settings.batch)
        progress.advance(self.steps * settings.batch)
        losses: list[float] = []
        while self.steps < total and not self._stop.over:
            losses.append(self._step())
            progress.advance(settings.batch)
            step, now = self.steps, time.monotonic()
            late = now - begun > settings.minutes * 60
            if step % every == 0 or step == total or late:
                self._look(float(np.mean(losses)), checkpoints, progress)
                losses = []
            if now - saved > settings.checkpoint_s or step % every == 0:
                checkpoints.save(*self._state())
                saved = time.monotonic()
            if late:
                progress.note(f"{settings.minutes:g} minutes are over after step {step}")
                break
        progress.close()
        checkpoints.close_curves()
        self.encoder.restore(self._best)
        return self

    def _step(self) -> float:
        settings, step = self.settings, self.steps
        rng = np.random.default_rng([settings.seed, step])
        torch.manual_seed(settings.seed + step)  # of dropout
        loss = self._loss(self._pairs(step), rng)
        # The rate rises for a tenth of the steps, then falls linearly to zero.
        warm_up = min((step + 1) / max(self.total_steps * 0.1, 1), 1.0)
        rate = settings.learning_rate * (warm_up * (1 - step / self.total_steps))
        self.steps += 1
        return gradient_step(self.optimizer, loss, self.parameters.values(), rate, 1.0)

    def _loss(self, pairs: Sequence[Pair], rng: np.random.Generator) -> Tensor:
        """Cross-entropy of each query's item among the batch's items and the hard negatives."""
        rows = [pair.row for pair in pairs]
        if self.views:
            queries = [view(self.texts[row], rng) for row in rows]
        else:
            queries = [pair.query for pair in pairs]
            rows += self._hard_negatives(pairs, rng)
        query_tokens = self.encoder.tokens(queries, queries=True)
        item_tokens = self.encoder.tokens([self.texts[row] for row in rows])
        vectors = self.encoder([*query_tokens, *item_tokens])  # [pairs + rows, D]
        logits = vectors[: len(pairs)] @ vectors[len(pairs) :].T / self.settings.temperature
        # Another item that answers the query too is no negative.
        other_answers = torch.tensor(
            [
                [
                    column != target and (row == pair.row or row in self.train.relevant[pair.query])
                    for column, row in enumerate(rows)
                ]
                for target, pair in enumerate(pairs)
            ]
        )
        logits = logits.masked_fill(other_answers.to(logits.device), float("-inf"))
        targets = torch.arange(len(pairs), device=logits.device)
        weights = torch.tensor([pair.weight for pair in pairs], device=logits.device)
        losses = functional.cross_entropy(logits, targets, reduction="none")
        return (losses * weights).sum() / weights.sum()

    def _hard_negatives(self, pairs: Sequence[Pair], rng: np.random.Generator) -> list[int]:
        """Rows of hard negatives: judged irrelevant or mined, half each where there are both."""
        rows: list[int] = []
        for pair in pairs:
            judged = self.train.irrelevant.get(pair.query, ())
            mined = self.train.hard.get(pair.query, ())
            for _ in range(self.settings.hard):
                source = judged if judged and (not mined or rng.random() < 0.5) else mined
                if source:
                    rows.append(int(source[int(rng.integers(len(source)))]))
        return rows

    def _pairs(self, step: int) -> list[Pair]:
        """The pairs of a step: each epoch goes through all of them in an order of its own."""
        size, count = self.settings.batch, len(self.train.pairs)
        positions = range(step * size, (step + 1) * size)
        orders = {
            epoch: np.random.default_rng([self.settings.seed, epoch, 2]).permutation(count)
            for epoch in {position // count for position in positions}
        }
        return [self.train.pairs[orders[p // count][p % count]] for p in positions]

    @torch.inference_mode()
    def validate(self) -> NDArray[np.float64]:
        """NDCG@10 of each validation query in its pool, by the encoder alone, float64 [q]."""
        encoder = self.encoder.eval()
        items = encoder.tokens([self.texts[row] for row in self.pool.rows])
        queries = encoder.tokens(self.pool.queries, queries=True)
        item_vectors, query_vectors = (
            by_length(encoder, tokens, ENCODE_BATCH) for tokens in (items, queries)
        )
        encoder.train()
        scores = (query_vectors @ item_vectors.T).cpu().numpy()
        top = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        gains = np.take_along_axis(self.pool.gains, top, axis=1)
        return ndcg(gains, self.pool.gains, K)

    def _look(self, loss: float, checkpoints: Checkpoints, progress: Progress) -> None:
        """Validates, and keeps the weights when they are the best until now."""
        values = self.validate()
        figures = {"loss": loss, "NDCG@10": float(values.mean())}
        self.history.append({"step": self.steps, **figures})
        checkpoints.add_to_curves(self.steps, figures)
        progress.note(
            f"step {self.steps} of {self.total_steps}: loss {loss:.4f}, validation NDCG@10 "
            f"{figures['NDCG@10']:.4f} (in a pool of {len(self.pool.rows)})"
        )
        self.first = self.first or values.tolist()
        if self._stop.is_best(figures["NDCG@10"]):
            self.best = values.tolist()
            self._best = {name: p.detach().clone() for name, p in self.parameters.items()}

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a checkpoint holds: tensors, and what goes into JSON."""
        tensors = with_prefix("model.", self.parameters) | with_prefix("best.", self._best)
        tensors |= optimizer_tensors(self.optimizer)
        tuned = {"history": self.history, "steps": self.steps,
                 "first": self.first, "best": self.best}  # fmt: skip
        return tensors, {"tuned": tuned, "stop": astuple(self._stop)[1:]}

    def _restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """The reverse of `_state`."""
        self.encoder.restore(without_prefix("model.", tensors))
        restore_optimizer(self.optimizer, tensors)
        best = without_prefix("best.", tensors)
        self._best = {name: tensor.to(self.encoder.device) for name, tensor in best.items()}
        tuned = state["tuned"]
        self.history, self.steps = tuned["history"], tuned["steps"]
        self.first, self.best = tuned["first"], tuned["best"]
        self._stop = EarlyStop(self.settings.patience, *state["stop"])
