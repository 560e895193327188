"""The estimators recover the propensities that simulated clicks were made with."""

import numpy as np
import pytest

from learning.data.propensities import estimate

DEPTH = 10
TRUE = 1.0 / np.arange(1, DEPTH + 1)


def simulated(
    *, queries: int = 300, items: int = 15, visits: int = 20, noise: float = 0.25, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists in the order of relevance plus noise; clicks where examined and relevant."""
    rng = np.random.default_rng(seed)
    pairs, positions, clicked = [], [], []
    for query in range(queries):
        relevance = rng.beta(1, 3, items)
        for _ in range(visits):
            order = np.argsort(-relevance + rng.normal(0, noise, items))[:DEPTH]
            examined = rng.random(DEPTH) < TRUE
            relevant = rng.random(DEPTH) < relevance[order]
            pairs.append(query * items + order)
            positions.append(np.arange(1, DEPTH + 1))
            clicked.append(examined & relevant)
    return np.concatenate(pairs), np.concatenate(positions), np.concatenate(clicked)


def test_intervention_harvesting_recovers_them_where_items_moved() -> None:
    pairs, positions, clicked = simulated()
    estimated = estimate(pairs, positions, clicked)
    assert estimated.estimator == "intervention harvesting"
    assert estimated.moved_pairs > 4000
    np.testing.assert_allclose(estimated.values, TRUE, atol=0.04)
    assert estimated.shown.tolist() == [6000] * DEPTH
    assert estimated.clicks.sum() == clicked.sum()
    # The click rates alone would mistake good order for attention.
    rates = estimated.clicks / estimated.shown
    assert np.abs(rates / rates[0] - TRUE).max() > 2 * np.abs(estimated.values - TRUE).max()


def test_the_click_model_recovers_them_where_pairs_come_often() -> None:
    pairs, positions, clicked = simulated(queries=60, visits=400)
    estimated = estimate(pairs, positions, clicked, estimator="click model")
    assert estimated.estimator == "click model"
    np.testing.assert_allclose(estimated.values, TRUE, atol=0.04)


def test_numbers_of_pairs_and_the_order_of_rows_do_not_matter() -> None:
    pairs, positions, clicked = simulated(queries=40)
    order = np.random.default_rng(2).permutation(len(pairs))
    for estimator in ("intervention harvesting", "click model"):
        one = estimate(pairs, positions, clicked, estimator=estimator)
        two = estimate(10**9 - pairs[order], positions[order], clicked[order], estimator=estimator)
        np.testing.assert_allclose(one.values, two.values, atol=1e-6)


def test_the_click_model_where_nothing_moved() -> None:
    pairs, positions, clicked = simulated(noise=0.0)
    estimated = estimate(pairs, positions, clicked)
    assert (estimated.estimator, estimated.moved_pairs) == ("click model", 0)
    assert "too few" in estimated.reason
    assert estimated.values[0] == 1
    assert (np.diff(estimated.values) < 0.02).all()
    with pytest.raises(ValueError, match="more than one position"):
        estimate(pairs, positions, clicked, estimator="intervention harvesting")


def test_few_interventions_are_not_trusted() -> None:
    estimated = estimate(*simulated(queries=5, visits=2))
    assert estimated.estimator == "click model"


def test_positions_without_clicks_have_the_value_of_the_one_above() -> None:
    pairs, positions, clicked = simulated()
    deep = positions.copy()
    deep[positions == DEPTH] = 15  # 10 to 14 were never shown
    estimated = estimate(pairs, deep, clicked)
    assert (estimated.depth, estimated.filled) == (15, 5)
    assert set(estimated.values[9:14]) == {estimated.values[8]}
    assert estimated.values[14] == pytest.approx(TRUE[9], abs=0.04)
    assert estimated.at([1, 9, 99], least=0.3).tolist() == [1, 0.3, 0.3]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([1], [1], [False]), "no click"),
        (([], [], []), "no click"),
        (([1], [0], [True]), "start with 1"),
        (([1, 2], [1], [True]), "one length"),
    ],
)
def test_observations_that_nothing_can_be_learned_from(
    rows: tuple[list, list, list], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        estimate(*rows)


def test_a_single_click() -> None:
    estimated = estimate([1, 2], [1, 2], [True, False])
    assert estimated.values.tolist() == [1, 1]
    assert estimated.filled == 1
