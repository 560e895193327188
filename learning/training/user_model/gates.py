"""Learns the gates alpha, beta and demand: how much of the user vector is query, how much history.

The parts D_H, D_q, D_B and D_a of each row come from the service's own code and stay as they are;
learned are six weights and a bias for each gate, so that R . g ranks the target above items that
answer the query too. The gates are used only where they beat the fixed weights on other users.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.items import Item
from indexer.catalogue.words.terms import attribute_terms, terms
from indexer.progress import Progress
from learning.data.behaviour import VisitRow
from learning.data.visitors import Visitors
from learning.evaluation.measures.intervals import Interval, bootstrap, paired_difference
from query_service.sessions.documents import KnownItem
from query_service.user.user_model import UserModel
from query_service.user.user_vector import UserVector, build

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
NEGATIVES = 100  # items that a target is ranked among
STEPS, RATE = 400, 0.05


@dataclass(frozen=True)
class GateExamples:
    """The parts of n rows' user vectors against c = 1 + NEGATIVES items, the target first.

    `h`, `q`, `B`, `a` float32 [n, c]: inner products of D_H, D_q with the items' meaning halves
    and of D_B, D_a with their behaviour halves; `hq`, `Ba` float32 [n]: D_H . D_q and D_B . D_a;
    `known` bool [n, 4]: whether each part is known; `inputs` float32 [n, 6] of the gates.
    """

    h: Tensor
    q: Tensor
    B: Tensor
    a: Tensor
    hq: Tensor
    Ba: Tensor
    known: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class Gates:
    """NDCG@10 on validation rows: with `fixed` weights, with `learned` gates, the difference."""

    fixed: Interval
    learned: Interval
    difference: Interval

    @property
    def pays(self) -> bool:
        """Whether the learned gates are significantly better (95 % interval excludes 0)."""
        return self.difference.low > 0


def train_gates(
    model: UserModel,
    maker: "GateExampleMaker",
    train: Sequence[VisitRow],
    validation: Sequence[VisitRow],
    progress: Progress,
) -> Gates:
    """Trains the gates of `model` in place, on examples that `maker` makes of the rows.

    On the CPU, where `model` stays: the service's code makes the examples there.
    """
    model.cpu()
    examples = maker.examples(model, train, progress)
    held_out = maker.examples(model, validation, progress)
    fixed = _ndcg(model, held_out)
    log_temperature = nn.Parameter(torch.tensor(float(np.log(0.1))))
    optimizer = torch.optim.Adam([*model.gates.parameters(), log_temperature], lr=RATE)
    targets = torch.zeros(len(examples.h), dtype=torch.long)
    for _ in range(STEPS):
        logits = scores(model.gate_values(examples.inputs), examples)
        loss = functional.cross_entropy(logits / log_temperature.exp(), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    learned = _ndcg(model, held_out)
    return Gates(bootstrap(fixed), bootstrap(learned), paired_difference(learned, fixed))


def scores(gates: Tensor, examples: GateExamples) -> Tensor:
    """R . g of each row's items, [n, c], for gates [n, 3]: `mix` and `fuse`, differentiable.

    The weight of a part that is not known goes to the other.
    """
    known = examples.known
    alpha = _share(gates[:, 0], known[:, 0], known[:, 1])
    beta = _share(gates[:, 1], known[:, 2], known[:, 3])
    u = _mixed(examples.h, examples.q, alpha, examples.hq)
    v = _mixed(examples.B, examples.a, beta, examples.Ba)
    demand = _share(gates[:, 2], known[:, :2].any(1), known[:, 2:].any(1))
    length = torch.sqrt(demand**2 + (1 - demand) ** 2).clamp_min(1e-6)
    return (demand[:, None] * u + (1 - demand[:, None]) * v) / length[:, None]


def _share(gate: Tensor, first_known: Tensor, second_known: Tensor) -> Tensor:
    gate = torch.where(second_known, gate, torch.ones_like(gate))
    return torch.where(first_known, gate, torch.zeros_like(gate))


def _mixed(first: Tensor, second: Tensor, share: Tensor, inner: Tensor) -> Tensor:
    """Inner products of items with unit(share x first + (1 - share) x second) of unit vectors.

    `first`, `second` [n, c]: the items' with either vector; `inner` [n]: of the two vectors.
    """
    length = torch.sqrt(
        (share**2 + (1 - share) ** 2 + 2 * share * (1 - share) * inner).clamp_min(0)
    )
    mixed = share[:, None] * first + (1 - share[:, None]) * second
    return mixed / length.clamp_min(1e-6)[:, None]


def _ndcg(model: UserModel, examples: GateExamples) -> NDArray[np.float64]:
    """NDCG@10 of each row's target among its items, float64 [n]."""
    with torch.inference_mode():
        of_items = scores(model.gate_values(examples.inputs), examples)
        rank = (of_items[:, 1:] > of_items[:, :1]).sum(dim=1).numpy()
    return np.where(rank < 10, 1 / np.log2(rank + 2), 0.0)


class GateExampleMaker:
    """Draws the negatives of each row, and computes its parts as the service does."""

    def __init__(
        self,
        items: Sequence[Item],
        bundle: ModelBundle,
        vectors: Vectors,
        encode: Encode,
        seed: int,
    ) -> None:
        """`vectors` float32 [n, M + K] of the items; `encode`: queries to float32 [q, D]."""
        self.bundle, self.vectors, self.encode = bundle, vectors, encode
        self.rng = np.random.default_rng(seed)
        self.rows = {item.item_id: row for row, item in enumerate(items)}
        self.known = {
            item.item_id: KnownItem(
                item.title, tuple(attribute_terms(item)), vectors[row], bundle.vector_space
            )
            for row, item in enumerate(items)
        }
        self.with_term: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(items):
            for term in set(terms(item.title)):
                self.with_term[term].append(row)

    def examples(
        self, model: UserModel, rows: Sequence[VisitRow], progress: Progress
    ) -> GateExamples:
        """An example of each row; `model` gives the inputs of the gates."""
        visitors = Visitors({str(n): row.history for n, row in enumerate(rows)}, self.known)
        texts = sorted({row.query for row in rows if row.query})
        query_vectors = dict(zip(texts, self.encode(texts), strict=True))
        examples: list[tuple[Any, ...]] = []
        progress.start("user vectors for the gates", len(rows))
        for n, row in enumerate(rows):
            user = build(
                visitors.visitor(str(n)),
                self.bundle,
                now=time.time(),
                query_text=row.query,
                query_vector=query_vectors.get(row.query),
                model=model,
            )
            examples.append(self._example(user, row))
            progress.advance()
        progress.close()
        columns = zip(*examples, strict=True)
        return GateExamples(*(torch.from_numpy(np.stack(column)) for column in columns))

    def _example(self, user: UserVector, row: VisitRow) -> tuple[Any, ...]:
        """A row of each field of GateExamples."""
        meaning, behaviour = self.bundle.halves(self.vectors[self._target_and_negatives(row)])
        parts = (user.D_H, user.D_q, user.D_B, user.D_a)
        halves = (meaning, meaning, behaviour, behaviour)
        inner = [
            half @ part.vector if part.known else np.zeros(len(half), np.float32)
            for part, half in zip(parts, halves, strict=True)
        ]
        hq = user.D_H.vector @ user.D_q.vector if user.D_H.known and user.D_q.known else 0.0
        Ba = user.D_B.vector @ user.D_a.vector if user.D_B.known and user.D_a.known else 0.0
        known = np.array([part.known for part in parts])
        return *inner, np.float32(hq), np.float32(Ba), known, user.gate_inputs

    def _target_and_negatives(self, row: VisitRow) -> list[int]:
        """The target's row, then NEGATIVES rows that share a term with the query, or any."""
        target = self.rows[row.target]
        matching = {r for term in terms(row.query) for r in self.with_term.get(term, ())}
        own = {self.rows[event.item_id] for event in row.history} | {target}
        negatives = np.array(sorted(matching - own), dtype=np.int64)
        if len(negatives) > NEGATIVES:
            negatives = self.rng.choice(negatives, NEGATIVES, replace=False)
        while len(negatives) < NEGATIVES:
            drawn = self.rng.integers(0, len(self.vectors), NEGATIVES - len(negatives))
            negatives = np.concatenate([negatives, drawn[drawn != target]])
        return [target, *negatives.tolist()]
