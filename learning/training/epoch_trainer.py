"""The loop of a training by epochs: resume, validate, keep the best weights, stop early."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from indexer.progress import Progress
from learning.training.checkpoints import (
    Checkpoints,
    optimizer_tensors,
    random_states,
    restore_optimizer,
    restore_random_states,
    with_prefix,
    without_prefix,
)

Optimizer = torch.optim.Optimizer


@dataclass
class EarlyStop:
    """Early stopping: over when a metric (higher is better) has not risen for `patience` looks."""

    patience: int
    best: float = float("-inf")
    best_at: int = -1
    looks: int = 0

    def is_best(self, value: float) -> bool:
        """Counts a validation; whether its `value` is the best until now."""
        self.looks += 1
        if value > self.best:
            self.best, self.best_at = value, self.looks
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether to stop."""
        return self.looks - max(self.best_at, 0) >= self.patience


def gradient_step(
    optimizer: Optimizer, loss: Tensor, weights: Iterable[Tensor], rate: float, max_norm: float
) -> float:
    """Does a step at learning rate `rate`, the gradient clipped to `max_norm`; gives the loss."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(weights, max_norm)
    optimizer.step()
    return float(loss.detach())


@dataclass(frozen=True)
class EpochSettings:
    """The settings that every training by epochs has."""

    seed: int = 0
    epochs: int = 30
    patience: int = 5  # epochs without a better validation
    batch: int = 32  # examples


class EpochTrainer(ABC):
    """A training by epochs; a subclass says how to train on a batch and how to validate.

    `epoch` counts the epochs done. `history` has the figures of each: epoch, loss (the mean over
    the epoch) and those of the validation. Epoch 0 is before training: when no later epoch is
    better, the weights stay as they were.
    """

    printed: tuple[str, ...] = ("NDCG@10",)  # figures in the line on an epoch
    loss_digits = 4  # of the same line

    def __init__(
        self,
        examples: Sequence[Any],
        modules: dict[str, nn.Module],
        optimizer: Optimizer,
        settings: EpochSettings,
        *,
        minutes: float = float("inf"),
        label: str = "",
    ) -> None:
        """`modules`: all that are trained, by the prefix of their weights in a checkpoint.

        `label` begins the progress lines.
        """
        self.examples, self.optimizer = examples, optimizer
        self.modules = nn.ModuleDict(modules)
        self.epochs, self.minutes, self.label = settings.epochs, minutes, label
        self.rng = np.random.default_rng(settings.seed)
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        self._stop = EarlyStop(settings.patience)
        self._best: dict[str, Tensor] = {}

    @abstractmethod
    def _batches(self) -> Iterator[Sequence[Any]]:
        """The examples in batches, in an order that `rng` draws."""

    @abstractmethod
    def _train_batch(self, batch: Sequence[Any]) -> tuple[float, int]:
        """Does a gradient step; the batch's loss, and its weight in the epoch's mean."""

    @abstractmethod
    def _validate(self) -> dict[str, float]:
        """Figures on the validation data; NDCG@10 decides which epoch is kept."""

    def run(self, checkpoints: Checkpoints, progress: Progress) -> Self:
        """Trains until the epochs, the patience or the minutes are over; keeps the best epoch.

        Resumes from the checkpoint, where there is one, at the start of an epoch.
        """
        begun = time.monotonic()
        checkpoint = checkpoints.load()
        if checkpoint is None:
            self._look(float("nan"), checkpoints)
        else:
            self._restore(*checkpoint)
            progress.note(f"{self.label}going on after epoch {self.epoch}")
        while self.epoch < self.epochs and not self._stop.over:
            if time.monotonic() - begun > self.minutes * 60:
                progress.note(f"{self.minutes:g} minutes are over: the best epoch is kept")
                break
            loss = self._train_epoch(progress)
            self.epoch += 1
            self._look(loss, checkpoints)
            figures = ", ".join(f"{name} {self.history[-1][name]:.4f}" for name in self.printed)
            progress.note(
                f"{self.label}epoch {self.epoch}: loss {loss:.{self.loss_digits}f}; "
                f"on validation {figures}"
            )
            checkpoints.save(*self._state())
        self.modules.load_state_dict(self._best)
        self.modules.eval()
        checkpoints.close_curves()
        return self

    def _train_epoch(self, progress: Progress) -> float:
        self.modules.train()
        total, count = 0.0, 0
        progress.start(f"{self.label}epoch {self.epoch + 1} of {self.epochs}", len(self.examples))
        for batch in self._batches():
            loss, weight = self._train_batch(batch)
            total, count = total + loss * weight, count + weight
            progress.advance(len(batch))
        progress.close()
        return total / max(count, 1)

    def _look(self, loss: float, checkpoints: Checkpoints) -> None:
        """Validates, and keeps the weights when they are the best until now."""
        figures = {"loss": loss, **self._validate()}
        self.history.append({"epoch": self.epoch, **figures})
        checkpoints.add_to_curves(self.epoch, figures)
        if self._stop.is_best(figures["NDCG@10"]):
            self._best = self._weights()

    def _weights(self) -> dict[str, Tensor]:
        weights = self.modules.state_dict()
        return {name: tensor.detach().clone() for name, tensor in weights.items()}

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a checkpoint holds: tensors, and what goes into JSON."""
        tensors = with_prefix("best.", self._best) | with_prefix("now.", self._weights())
        tensors |= optimizer_tensors(self.optimizer) | random_states()
        state = {"epoch": self.epoch, "history": self.history, "stop": asdict(self._stop),
                 "rng": self.rng.bit_generator.state}  # fmt: skip
        return tensors, state

    def _restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """The reverse of `_state`."""
        self.modules.load_state_dict(without_prefix("now.", tensors))
        restore_optimizer(self.optimizer, tensors)
        restore_random_states(tensors)
        self.rng.bit_generator.state = state["rng"]
        self.epoch, self.history = state["epoch"], state["history"]
        self._stop, self._best = EarlyStop(**state["stop"]), without_prefix("best.", tensors)
