"""Learns the gates alpha, beta and demand: how much of the user vector is query, how much history.

The parts D_H, D_q, D_B and D_a of each row come from the service's own code and stay as they are;
learned are six weights and a bias for each gate, so that R . g finds the target among items that
answer the query too. The gates are used only where they beat the fixed weights on other users.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.items import Item
from indexer.catalogue.terms import attribute_features, terms
from indexer.progress import Progress
from learning.data.behaviour import VisitRow
from learning.data.visitors import Visitors
from learning.evaluation.measures.intervals import Interval, bootstrap, paired_difference
from query_service.sessions.documents import KnownItem
from query_service.user.user_model import UserModel
from query_service.user.user_vector import UserVector, build

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
OTHERS = 100  # items that a target is told from
STEPS, RATE = 400, 0.05


@dataclass(frozen=True)
class Parts:
    """The parts of n rows against their c = 1 + OTHERS items, the target first.

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
    """`learned` NDCG@10 on validation rows, and its difference to the fixed weights."""

    fixed: Interval
    learned: Interval
    difference: Interval

    @property
    def pays(self) -> bool:
        """Whether the learned gates are surely better."""
        return self.difference.low > 0


def train_gates(
    model: UserModel,
    bundle: ModelBundle,
    items: Sequence[Item],
    vectors: Vectors,
    train: Sequence[VisitRow],
    validation: Sequence[VisitRow],
    encode: Encode,
    *,
    seed: int,
    progress: Progress,
) -> Gates:
    """Trains the gates of `model` in place. `vectors` float32 [n, M + K] are the items'.

    `encode` gives the embeddings float32 [q, D] of queries.
    """
    torch.manual_seed(seed)
    finder = _Finder(items, bundle, vectors, encode, seed)
    learn_from = finder.parts(model, train, progress)
    test_on = finder.parts(model, validation, progress)
    fixed = _gains(model, test_on)
    log_temperature = nn.Parameter(torch.tensor(float(np.log(0.1))))
    optimizer = torch.optim.Adam([*model.gates.parameters(), log_temperature], lr=RATE)
    targets = torch.zeros(len(learn_from.h), dtype=torch.long)
    for _ in range(STEPS):
        logits = scores(model.gate_values(learn_from.inputs), learn_from)
        loss = functional.cross_entropy(logits / log_temperature.exp(), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    learned = _gains(model, test_on)
    return Gates(bootstrap(fixed), bootstrap(learned), paired_difference(learned, fixed))


def scores(gates: Tensor, parts: Parts) -> Tensor:
    """R . g of each row's items, [n, c], for gates [n, 3]: `mix` and `fuse`, differentiable.

    A part that is not known leaves its weight to the other.
    """
    alpha = _share(gates[:, 0], parts.known[:, 0], parts.known[:, 1])
    beta = _share(gates[:, 1], parts.known[:, 2], parts.known[:, 3])
    u = _mixed(parts.h, parts.q, alpha, parts.hq)
    v = _mixed(parts.B, parts.a, beta, parts.Ba)
    demand = _share(gates[:, 2], parts.known[:, :2].any(1), parts.known[:, 2:].any(1))
    length = torch.sqrt(demand**2 + (1 - demand) ** 2).clamp_min(1e-6)
    return (demand[:, None] * u + (1 - demand[:, None]) * v) / length[:, None]


def _share(gate: Tensor, first: Tensor, second: Tensor) -> Tensor:
    gate = torch.where(second, gate, torch.ones_like(gate))
    return torch.where(first, gate, torch.zeros_like(gate))


def _mixed(first: Tensor, second: Tensor, share: Tensor, inner: Tensor) -> Tensor:
    """Inner products with unit(share x first + (1 - share) x second) of unit vectors."""
    length = torch.sqrt(
        (share**2 + (1 - share) ** 2 + 2 * share * (1 - share) * inner).clamp_min(0)
    )
    mixed = share[:, None] * first + (1 - share[:, None]) * second
    return mixed / length.clamp_min(1e-6)[:, None]


def _gains(model: UserModel, parts: Parts) -> NDArray[np.float64]:
    """NDCG@10 of each row's target among its items, float64 [n]."""
    with torch.inference_mode():
        found = scores(model.gate_values(parts.inputs), parts)
        place = (found[:, 1:] > found[:, :1]).sum(dim=1).numpy()
    return np.where(place < 10, 1 / np.log2(place + 2), 0.0)


class _Finder:
    """Items that a target is told from, and the parts against them."""

    def __init__(
        self,
        items: Sequence[Item],
        bundle: ModelBundle,
        vectors: Vectors,
        encode: Encode,
        seed: int,
    ) -> None:
        self.bundle, self.vectors, self.encode = bundle, vectors, encode
        self.rng = np.random.default_rng(seed)
        self.rows = {item.item_id: row for row, item in enumerate(items)}
        self.known = {
            item.item_id: KnownItem(
                item.title, tuple(attribute_features(item)), vectors[row], bundle.vector_space
            )
            for row, item in enumerate(items)
        }
        self.with_term: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(items):
            for term in set(terms(item.title)):
                self.with_term[term].append(row)

    def parts(self, model: UserModel, rows: Sequence[VisitRow], progress: Progress) -> Parts:
        visitors = Visitors({str(n): row.history for n, row in enumerate(rows)}, self.known)
        texts = sorted({row.query for row in rows if row.query})
        queries = dict(zip(texts, self.encode(texts), strict=True))
        found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
        progress.start("user vectors for the gates", len(rows))
        for place, row in enumerate(rows):
            made = build(
                visitors.visitor(str(place)),
                self.bundle,
                now=time.time(),
                query_text=row.query,
                query_vector=queries.get(row.query),
                model=model,
            )
            for name, value in self._of(made, row).items():
                found[name].append(value)
            progress.advance()
        progress.close()
        return Parts(**{name: torch.from_numpy(np.stack(v)) for name, v in found.items()})

    def _of(self, made: UserVector, row: VisitRow) -> dict[str, NDArray[np.float32]]:
        meaning, behaviour = self.bundle.halves(self.vectors[self._told_from(row)])
        parts = (made.D_H, made.D_q, made.D_B, made.D_a)
        halves = (meaning, meaning, behaviour, behaviour)
        inner = [
            half @ part.vector if part.known else np.zeros(len(half), np.float32)
            for part, half in zip(parts, halves, strict=True)
        ]
        hq = made.D_H.vector @ made.D_q.vector if made.D_H.known and made.D_q.known else 0.0
        Ba = made.D_B.vector @ made.D_a.vector if made.D_B.known and made.D_a.known else 0.0
        assert made.gate_inputs is not None
        return {
            **dict(zip(("h", "q", "B", "a"), inner, strict=True)),
            "hq": np.array(hq, np.float32),
            "Ba": np.array(Ba, np.float32),
            "known": np.array([part.known for part in parts]),
            "inputs": made.gate_inputs,
        }

    def _told_from(self, row: VisitRow) -> list[int]:
        """The target's row, then OTHERS rows that have a word of the query, or any."""
        target = self.rows[row.target]
        like = {r for term in terms(row.query) for r in self.with_term.get(term, ())}
        own = {self.rows[event.item_id] for event in row.history} | {target}
        choice = np.array(sorted(like - own), dtype=np.int64)
        if len(choice) > OTHERS:
            choice = self.rng.choice(choice, OTHERS, replace=False)
        while len(choice) < OTHERS:
            drawn = self.rng.integers(0, len(self.vectors), OTHERS - len(choice))
            choice = np.concatenate([choice, drawn[drawn != target]])
        return [target, *choice.tolist()]
