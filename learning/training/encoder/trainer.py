"""Tunes an encoder so that a query is near the items that answer it, and far from the others.

Contrastive loss with the batch's other items and mined hard ones as negatives (van den Oord et al.
2018; Henderson et al. 2017), each pair weighed by its grade. Every random choice of a step depends
on the seed and the step's number alone, so that a training that was broken off goes on as if it
had not been.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.progress import Progress
from learning.evaluation.measures.metrics import ndcg
from learning.training.encoder.query_pairs import Pair, QueryPairs, view
from learning.training.encoder.trainable_encoder import Method, TrainableEncoder
from learning.training.runs import (
    Checkpoints,
    EarlyStop,
    TensorBoardLog,
    optimizer_tensors,
    restore_optimizer,
)

LOOK_AT = 10  # places of NDCG


@dataclass(frozen=True)
class TuningSettings:
    """What a tuning is told; the defaults won on validation queries of a hardware shop."""

    seed: int = 0
    method: Method = "full"
    learning_rate: float = 1e-4
    epochs: float = 1.0
    batch: int = 64  # pairs of a step
    hard: int = 1  # hard negatives of each
    temperature: float = 0.05
    rank: int = 16  # of LoRA
    looks: int = 6  # validations
    patience: int = 3  # looks without a better one
    minutes: float = 30.0
    checkpoint_s: float = 60.0
    device: str = "cpu"


# Adapters have few weights, and want larger steps.
DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "full": {"learning_rate": 1e-4, "epochs": 1.0},
    "lora": {"learning_rate": 1e-3, "epochs": 1.0},
    "ia3": {"learning_rate": 1e-2, "epochs": 1.0},
    "bias": {"learning_rate": 1e-3, "epochs": 1.0},
}


@dataclass(frozen=True)
class Pool:
    """What validation asks: each query against the items `rows`, which hold all its answers."""

    queries: Sequence[str]
    rows: Sequence[int]
    gains: NDArray[np.float64]  # [q, rows]: 1 where the item answers the query

    @classmethod
    def draw(cls, pairs: QueryPairs, items: int, most: int, queries: int, seed: int) -> "Pool":
        """Up to `queries` queries; their answers, hard negatives and others by chance: `most`."""
        rng = np.random.default_rng([seed, 1])
        asked = pairs.queries
        if len(asked) > queries:
            asked = [asked[place] for place in np.sort(rng.permutation(len(asked))[:queries])]
        rows = {row for query in asked for row in pairs.good[query]}
        near = sorted({row for query in asked for row in pairs.hard.get(query, ())} - rows)
        rng.shuffle(near)
        chosen = dict.fromkeys([*sorted(rows), *near, *rng.permutation(items).tolist()])
        kept = list(chosen)[: max(most, len(rows))]
        gains = np.array([[float(row in pairs.good[query]) for row in kept] for query in asked])
        return cls(asked, kept, gains)


@dataclass
class Tuned:
    """What came out: `history` has a row of figures per look, the first before training.

    `first` and `best`: NDCG@10 of each validation query before training and of what is kept.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    steps: int = 0
    first: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)


class Tuner:
    """One training: the loop is `run`. It leaves the best weights in the encoder."""

    def __init__(
        self,
        encoder: TrainableEncoder,
        settings: TuningSettings,
        texts: Sequence[str],
        train: QueryPairs,
        pool: Pool,
        *,
        views: bool = False,
    ) -> None:
        """`views`: the pairs' queries are drawn anew from the items' own words at every step."""
        self.encoder, self.settings, self.views = encoder, settings, views
        self.train, self.pool = train, pool
        self.texts = texts
        self.parameters = encoder.trained()
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(), lr=settings.learning_rate, weight_decay=0.01
        )
        self.total = max(round(settings.epochs * len(train.pairs) / settings.batch), 1)
        self.tuned = Tuned()

    def run(self, checkpoints: Checkpoints, board: TensorBoardLog, progress: Progress) -> Tuned:
        """Trains until the steps, the patience or the minutes are over."""
        begun = saved = time.monotonic()
        stop = EarlyStop(self.settings.patience)
        every = max(self.total // self.settings.looks, 1)
        found = checkpoints.load()
        if found is None:
            best = self._looked(stop, float("nan"), board, progress, {})
        else:
            best, stop = self._restore(*found)
            progress.note(f"going on after step {self.tuned.steps} of {self.total}")
        progress.start("tune the encoder", self.total * self.settings.batch)
        progress.advance(self.tuned.steps * self.settings.batch)
        losses: list[float] = []
        while self.tuned.steps < self.total and not stop.over:
            losses.append(self._step())
            progress.advance(self.settings.batch)
            step, now = self.tuned.steps, time.monotonic()
            late = now - begun > self.settings.minutes * 60
            if step % every == 0 or step == self.total or late:
                best = self._looked(stop, float(np.mean(losses)), board, progress, best)
                losses = []
            if now - saved > self.settings.checkpoint_s or step % every == 0:
                checkpoints.save(*self._state(best, stop))
                saved = time.monotonic()
            if late:
                progress.note(f"{self.settings.minutes:g} minutes are over after step {step}")
                break
        progress.close()
        self.encoder.restore(best)
        return self.tuned

    def _step(self) -> float:
        step = self.tuned.steps
        rng = np.random.default_rng([self.settings.seed, step])
        torch.manual_seed(self.settings.seed + step)  # of dropout
        pairs = self._pairs(step)
        loss = self._loss(pairs, rng)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate(step)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        self.optimizer.step()
        self.tuned.steps += 1
        return float(loss.detach())

    def _loss(self, pairs: Sequence[Pair], rng: np.random.Generator) -> Tensor:
        """Cross entropy of each query's item among the batch's items and the hard ones."""
        if self.views:
            queries = [view(self.texts[pair.row], rng) for pair in pairs]
            rows = [pair.row for pair in pairs]
        else:
            queries = [pair.query for pair in pairs]
            rows = [pair.row for pair in pairs] + self._hard(pairs, rng)
        asked = self.encoder.tokens(queries, queries=True)
        offered = self.encoder.tokens([self.texts[row] for row in rows])
        vectors = self.encoder([*asked, *offered])  # [pairs + rows, D]
        logits = vectors[: len(pairs)] @ vectors[len(pairs) :].T / self.settings.temperature
        known = torch.tensor(
            [
                [
                    place != own and (row == pair.row or row in self.train.good[pair.query])
                    for place, row in enumerate(rows)
                ]
                for own, pair in enumerate(pairs)
            ]
        )
        # Another item that answers the query too is no negative.
        logits = logits.masked_fill(known.to(logits.device), float("-inf"))
        target = torch.arange(len(pairs), device=logits.device)
        weights = torch.tensor([pair.weight for pair in pairs], device=logits.device)
        each = functional.cross_entropy(logits, target, reduction="none")
        return (each * weights).sum() / weights.sum()

    def _hard(self, pairs: Sequence[Pair], rng: np.random.Generator) -> list[int]:
        """Rows of hard negatives: judged bad or found near, half each where there are both."""
        found: list[int] = []
        for pair in pairs:
            bad, near = self.train.bad.get(pair.query, ()), self.train.hard.get(pair.query, ())
            for _ in range(self.settings.hard):
                source = bad if bad and (not near or rng.random() < 0.5) else near
                if source:
                    found.append(int(source[int(rng.integers(len(source)))]))
        return found

    def _pairs(self, step: int) -> list[Pair]:
        """The pairs of a step: each epoch goes through all of them in an order of its own."""
        size, count = self.settings.batch, len(self.train.pairs)
        places = range(step * size, (step + 1) * size)
        orders = {
            epoch: np.random.default_rng([self.settings.seed, epoch, 2]).permutation(count)
            for epoch in {place // count for place in places}
        }
        return [self.train.pairs[orders[place // count][place % count]] for place in places]

    def _rate(self, step: int) -> float:
        """Rises for a tenth of the steps, then falls in a line to zero."""
        return min((step + 1) / max(self.total * 0.1, 1), 1.0) * (1 - step / self.total)

    @torch.inference_mode()
    def look(self) -> NDArray[np.float64]:
        """NDCG@10 of each validation query in its pool, by the encoder alone."""
        items = self._encode([self.texts[row] for row in self.pool.rows], queries=False)
        queries = self._encode(self.pool.queries, queries=True)
        scores = (queries @ items.T).cpu().numpy()
        best = np.argsort(-scores, axis=1, kind="stable")[:, :LOOK_AT]
        gains = np.take_along_axis(self.pool.gains, best, axis=1)
        return ndcg(gains, self.pool.gains, LOOK_AT)

    def _encode(self, texts: Sequence[str], *, queries: bool) -> Tensor:
        self.encoder.eval()
        tokens = self.encoder.tokens(texts, queries=queries)
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        parts = [
            self.encoder([tokens[place] for place in order[first : first + 192]])
            for first in range(0, len(order), 192)
        ]
        back = torch.from_numpy(np.argsort(np.array(order))).to(parts[0].device)
        self.encoder.train()
        return torch.cat(parts)[back]

    def _looked(
        self,
        stop: EarlyStop,
        loss: float,
        board: TensorBoardLog,
        progress: Progress,
        best: Mapping[str, Tensor],
    ) -> dict[str, Tensor]:
        """Validates; the best weights until now."""
        values = self.look()
        value = float(values.mean())
        row = {"step": self.tuned.steps, "loss": loss, "NDCG@10": value}
        self.tuned.history.append(row)
        board.add(self.tuned.steps, {"loss": loss, "NDCG@10": value})
        progress.note(
            f"step {self.tuned.steps} of {self.total}: loss {loss:.4f}, validation NDCG@10 "
            f"{value:.4f} (in a pool of {len(self.pool.rows)})"
        )
        self.tuned.first = self.tuned.first or values.tolist()
        if stop.is_best(value):
            self.tuned.best = values.tolist()
            return {name: p.detach().clone() for name, p in self.parameters.items()}
        return dict(best)

    def _state(
        self, best: Mapping[str, Tensor], stop: EarlyStop
    ) -> tuple[dict[str, Tensor], dict[str, object]]:
        tensors = {f"model.{name}": p.detach() for name, p in self.parameters.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
        tensors |= optimizer_tensors(self.optimizer)
        state: dict[str, object] = {
            "tuned": asdict(self.tuned), "stop": [stop.best, stop.best_at, stop.looks],
        }  # fmt: skip
        return tensors, state

    def _restore(
        self, tensors: Mapping[str, Tensor], state: Mapping[str, object]
    ) -> tuple[dict[str, Tensor], EarlyStop]:
        def named(start: str) -> dict[str, Tensor]:
            return {
                name.removeprefix(start): tensor.to(self.encoder.device)
                for name, tensor in tensors.items()
                if name.startswith(start)
            }

        self.encoder.restore(named("model."))
        restore_optimizer(self.optimizer, tensors)
        told: dict[str, object] = dict(state)
        self.tuned = Tuned(**told["tuned"])  # type: ignore[arg-type]
        return named("best."), EarlyStop(self.settings.patience, *told["stop"])  # type: ignore[misc]
