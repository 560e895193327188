"""The learned user model: it starts as the formulas, is causal, and is a source of its own."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.bundle.model_bundle import ModelBundle
from query_service.user.session_steps import QUERY, gate_inputs, session_steps
from query_service.user.user_model import UserModel, UserModelConfig
from query_service.user.user_vector import build
from query_service.user.vector_part import Source
from query_service.user.visitor import Visitor
from tests.query_service.fixtures import NOW, K, M, bundle, embeddings, event, query, visitor

CONFIG = UserModelConfig(behaviour_dims=K, meaning_dims=M, width=8, max_steps=10)


def _model(trained: bool = True, **changes: object) -> UserModel:
    torch.manual_seed(0)
    model = UserModel(UserModelConfig(**{**CONFIG.__dict__, **changes}))
    if trained:
        torch.nn.init.normal_(model.out.weight)
        torch.nn.init.normal_(model.gates.weight)
    return model.eval()


def _who(made: ModelBundle) -> Visitor:
    e = embeddings()
    return visitor([event(made, 0), event(made, 4), event(made, 9)], [query("huawei", e[1])])


@pytest.mark.parametrize("gates_learned", [False, True])
def test_step_0_equals_the_formulas(gates_learned: bool) -> None:
    made, e = bundle("concat"), embeddings()
    model = _model(trained=False, gates_learned=gates_learned)
    options = {"now": NOW, "query_text": "xiaomi phone", "query_vector": e[3]}
    plain = build(_who(made), made, **options)
    learned = build(_who(made), made, model=model, **options)
    np.testing.assert_allclose(learned.R, plain.R, atol=1e-5)
    assert learned.sources == plain.sources


def test_what_is_learned_is_a_source_of_its_own_and_shares_add_up() -> None:
    made, e = bundle("concat"), embeddings()
    result = build(_who(made), made, now=NOW, query_text="x", query_vector=e[3], model=_model())
    assert Source("model") in result.sources
    np.testing.assert_allclose(result.contributions.sum(axis=0), result.R, atol=1e-5)
    assert np.linalg.norm(result.R) == pytest.approx(1, abs=1e-4)


def test_without_events_there_is_no_behaviour_to_add_to() -> None:
    made, e = bundle("concat"), embeddings()
    who = visitor([], [query("huawei", e[1])])
    result = build(who, made, now=NOW, query_text="x", query_vector=e[3], model=_model())
    assert Source("model") not in result.sources
    assert not result.D_B.known


def test_a_step_sees_no_later_one() -> None:
    model = _model()
    rng = np.random.default_rng(0)
    inputs = [torch.tensor(rng.normal(size=(1, 6, dims)), dtype=torch.float32) for dims in (K, M)]
    kind, gap = torch.zeros(1, 6, dtype=torch.long), torch.zeros(1, 6)
    whole = model(*inputs, kind, gap)
    first = model(*(x[:, :4] for x in inputs), kind[:, :4], gap[:, :4])
    torch.testing.assert_close(whole[:, :4], first)


def test_gates_reach_both_ends() -> None:
    model = _model()
    with torch.no_grad():
        model.gates.weight.zero_()
        model.gates.bias.copy_(torch.tensor([9.0, -9.0, 0.0]))
    values = model.gate_values(torch.zeros(1, 6))[0].tolist()
    assert values == pytest.approx([1.0, 0.0, 0.5])
    assert model.gate(gate_inputs(1, 0, [60.0], 0.3)) is None  # not learned in this model


def test_steps_are_the_newest_in_order_of_time() -> None:
    made, e = bundle("concat"), embeddings()
    who = visitor(
        [event(made, 0, timestamp=NOW - 90), event(made, 4, "like", timestamp=NOW - 10)],
        [query("huawei", e[1], timestamp=NOW - 50)],
    )
    steps = session_steps(who, made, 2)
    assert steps.kind.tolist()[0] == QUERY
    assert steps.gap.tolist() == [0.0, 40.0]
    assert not steps.behaviour[0].any()
    np.testing.assert_allclose(np.linalg.norm(steps.meaning, axis=1), 1, atol=1e-3)


def test_a_saved_model_comes_back_the_same(tmp_path: Path) -> None:
    made, model = bundle("concat"), _model(gates_learned=True)
    model.save(tmp_path)
    back = UserModel.load(tmp_path)
    assert back.config == model.config
    options = {"now": NOW, "query_text": "phone", "query_vector": embeddings()[2]}
    np.testing.assert_allclose(
        build(_who(made), made, model=back, **options).R,
        build(_who(made), made, model=model, **options).R,
        atol=1e-6,
    )


def test_fifty_events_cost_little() -> None:
    """At most 2 ms on a CPU is wanted; a busy machine gets five times that here."""
    model = UserModel(UserModelConfig(behaviour_dims=128, meaning_dims=200)).eval()
    made = bundle("concat")
    steps = session_steps(visitor([event(made, i % 30) for i in range(50)]), made, 50)
    rng = np.random.default_rng(0)
    steps = type(steps)(
        rng.normal(size=(50, 128)).astype(np.float32),
        rng.normal(size=(50, 200)).astype(np.float32),
        steps.kind,
        steps.gap,
    )
    D_B = steps.behaviour[0]
    times = []
    for _ in range(30):
        begun = time.perf_counter()
        model.behaviour(D_B, steps)
        times.append(time.perf_counter() - begun)
    assert np.median(times) < 0.010
