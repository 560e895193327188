"""The gates: scores equal those of the service's R; they learn to trust an exact query."""

import numpy as np
import pytest
import torch

from indexer.encoder.number_format import choose_device
from indexer.progress import Silence
from learning.data.behaviour import PastEvent, VisitRow
from learning.training.user_model.gates import GateExampleMaker, GateExamples, scores, train_gates
from query_service.user.user_model import UserModel, UserModelConfig
from query_service.user.user_vector import FusionWeights, build
from tests.query_service.fixtures import (
    NOW,
    K,
    M,
    bundle,
    embeddings,
    event,
    items,
    query,
    visitor,
)  # fmt: skip


def _model() -> UserModel:
    torch.manual_seed(0)
    return UserModel(UserModelConfig(behaviour_dims=K, meaning_dims=M, width=8)).eval()


@pytest.mark.parametrize("gates", [(0.7, 0.8, 0.5), (1.0, 0.0, 0.9), (0.0, 1.0, 0.2)])
@pytest.mark.parametrize("has_query", [True, False])
def test_scores_are_inner_products_with_r(gates: tuple, has_query: bool) -> None:
    index_bundle, e = bundle("concat"), embeddings()
    who = visitor(
        [event(index_bundle, 0), event(index_bundle, 4)],
        [query("huawei", e[1])] if has_query else [],
    )
    alpha, beta, demand = gates
    built = build(
        who, index_bundle, now=NOW, query_text="xiaomi phone" if has_query else "",
        query_vector=e[3] if has_query else None,
        weights=FusionWeights(alpha=alpha, beta=beta, demand=demand),
    )  # fmt: skip
    g = index_bundle.item_vectors(e)
    meaning, behaviour = index_bundle.halves(g)
    parts = [built.D_H, built.D_q, built.D_B, built.D_a]
    halves = [meaning, meaning, behaviour, behaviour]
    inner = [
        torch.from_numpy(h @ p.vector if p.known else np.zeros(len(h), np.float32))[None]
        for p, h in zip(parts, halves, strict=True)
    ]
    hq = float(built.D_H.vector @ built.D_q.vector) if has_query else 0.0
    Ba = float(built.D_B.vector @ built.D_a.vector)
    examples = GateExamples(
        *inner, torch.tensor([hq]), torch.tensor([Ba]),
        torch.tensor([[p.known for p in parts]]), torch.zeros(1, 6),
    )  # fmt: skip
    # g has halves of length 1 / sqrt(2)
    expected = (g @ built.R) * np.sqrt(2)
    np.testing.assert_allclose(scores(torch.tensor([gates]), examples)[0], expected, atol=1e-5)


def test_they_learn_to_trust_the_query_where_the_history_misleads() -> None:
    index_bundle, e = bundle("concat"), embeddings()
    rng = np.random.default_rng(0)
    rows = []
    for user in range(120):
        target, other = rng.choice(30, 2, replace=False)
        rows.append(
            VisitRow(str(user), items()[target].title, (PastEvent(str(other)),), str(target))
        )
    titles = {item.title: e[n] for n, item in enumerate(items())}
    model = _model().to(choose_device("auto"))
    maker = GateExampleMaker(
        items(),
        index_bundle,
        index_bundle.item_vectors(e),
        lambda texts: np.stack([titles[t] for t in texts]),
        0,
    )
    gates = train_gates(model, maker, rows[:80], rows[80:], Silence())
    assert gates.difference.mean > 0
    assert gates.pays
