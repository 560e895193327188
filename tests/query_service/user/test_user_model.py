"""The learned user model: it starts as the formulas, is causal, and has a share of its own."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder.number_format import torch_threads
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


def _visitor(model_bundle: ModelBundle) -> Visitor:
    e = embeddings()
    events = [event(model_bundle, item) for item in (0, 4, 9)]
    return visitor(events, [query("huawei", e[1])])


@pytest.mark.parametrize("gates_learned", [False, True])
def test_step_0_equals_the_formulas(gates_learned: bool) -> None:
    fitted, e = bundle("concat"), embeddings()
    model = _model(trained=False, gates_learned=gates_learned)
    options = {"now": NOW, "query_text": "xiaomi phone", "query_vector": e[3]}
    plain = build(_visitor(fitted), fitted, **options)
    learned = build(_visitor(fitted), fitted, model=model, **options)
    np.testing.assert_allclose(learned.R, plain.R, atol=1e-5)
    assert learned.sources == plain.sources


def test_the_model_is_a_source_of_its_own_and_contributions_add_up() -> None:
    fitted, e = bundle("concat"), embeddings()
    result = build(
        _visitor(fitted), fitted, now=NOW, query_text="x", query_vector=e[3], model=_model()
    )
    assert Source("model") in result.sources
    np.testing.assert_allclose(result.contributions.sum(axis=0), result.R, atol=1e-5)
    assert np.linalg.norm(result.R) == pytest.approx(1, abs=1e-4)


def test_without_events_the_model_adds_nothing() -> None:
    fitted, e = bundle("concat"), embeddings()
    searcher = visitor([], [query("huawei", e[1])])
    result = build(searcher, fitted, now=NOW, query_text="x", query_vector=e[3], model=_model())
    assert Source("model") not in result.sources
    assert not result.D_B.known


def test_a_step_does_not_depend_on_later_ones() -> None:
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


def test_steps_are_the_newest_events_and_queries_in_order_of_time() -> None:
    fitted, e = bundle("concat"), embeddings()
    shopper = visitor(
        [event(fitted, 0, timestamp=NOW - 90), event(fitted, 4, "like", timestamp=NOW - 10)],
        [query("huawei", e[1], timestamp=NOW - 50)],
    )
    steps = session_steps(shopper, fitted, 2)
    assert steps.kind.tolist()[0] == QUERY
    assert steps.gap.tolist() == [0.0, 40.0]
    assert not steps.behaviour[0].any()
    np.testing.assert_allclose(np.linalg.norm(steps.meaning, axis=1), 1, atol=1e-3)


def test_a_saved_model_loads_the_same(tmp_path: Path) -> None:
    fitted, model = bundle("concat"), _model(gates_learned=True)
    model.save(tmp_path)
    loaded = UserModel.load(tmp_path)
    assert loaded.config == model.config
    options = {"now": NOW, "query_text": "phone", "query_vector": embeddings()[2]}
    np.testing.assert_allclose(
        build(_visitor(fitted), fitted, model=loaded, **options).R,
        build(_visitor(fitted), fitted, model=model, **options).R,
        atol=1e-6,
    )


def test_fifty_events_cost_little() -> None:
    """The target is 2 ms on a CPU; the limit here is five times that, for a busy machine."""
    model = UserModel(UserModelConfig(behaviour_dims=128, meaning_dims=200)).eval()
    fitted = bundle("concat")
    steps = session_steps(visitor([event(fitted, i % 30) for i in range(50)]), fitted, 50)
    rng = np.random.default_rng(0)
    steps = type(steps)(
        rng.normal(size=(50, 128)).astype(np.float32),
        rng.normal(size=(50, 200)).astype(np.float32),
        steps.kind,
        steps.gap,
    )
    D_B = steps.behaviour[0]
    times = []
    with torch_threads(1):  # as in a request
        for _ in range(30):
            start = time.thread_time()
            model.behaviour(D_B, steps)
            times.append(time.thread_time() - start)
    assert np.median(times) < 0.010
