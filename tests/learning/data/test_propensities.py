"""Propensities that made simulated clicks are found again, and told how."""

import numpy as np
import pytest

from learning.data.propensities import estimate

DEPTH = 10
TRUE = 1.0 / np.arange(1, DEPTH + 1)


def simulated(
    *, queries: int = 300, items: int = 15, visits: int = 20, noise: float = 0.25, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists in the order of relevance, disturbed by noise; clicks where looked at and wanted."""
    rng = np.random.default_rng(seed)
    pairs, positions, clicked = [], [], []
    for query in range(queries):
        relevance = rng.beta(1, 3, items)
        for _ in range(visits):
            order = np.argsort(-relevance + rng.normal(0, noise, items))[:DEPTH]
            looked, wanted = rng.random(DEPTH) < TRUE, rng.random(DEPTH) < relevance[order]
            pairs.append(query * items + order)
            positions.append(np.arange(1, DEPTH + 1))
            clicked.append(looked & wanted)
    return np.concatenate(pairs), np.concatenate(positions), np.concatenate(clicked)


def test_intervention_harvesting_finds_them_where_items_moved() -> None:
    pairs, positions, clicked = simulated()
    found = estimate(pairs, positions, clicked)
    assert found.estimator == "intervention harvesting"
    assert found.moved > 4000
    np.testing.assert_allclose(found.values, TRUE, atol=0.04)
    assert found.shown.tolist() == [6000] * DEPTH
    assert found.clicks.sum() == clicked.sum()
    # The click rates alone would mistake good order for attention.
    rates = found.clicks / found.shown
    assert np.abs(rates / rates[0] - TRUE).max() > 2 * np.abs(found.values - TRUE).max()


def test_the_click_model_finds_them_where_pairs_come_often() -> None:
    pairs, positions, clicked = simulated(queries=60, visits=400)
    found = estimate(pairs, positions, clicked, estimator="click model")
    assert found.estimator == "click model"
    np.testing.assert_allclose(found.values, TRUE, atol=0.04)


def test_names_of_pairs_and_the_order_of_rows_do_not_matter() -> None:
    pairs, positions, clicked = simulated(queries=40)
    order = np.random.default_rng(2).permutation(len(pairs))
    for estimator in ("intervention harvesting", "click model"):
        one = estimate(pairs, positions, clicked, estimator=estimator)
        two = estimate(10**9 - pairs[order], positions[order], clicked[order], estimator=estimator)
        np.testing.assert_allclose(one.values, two.values, atol=1e-6)


def test_the_click_model_where_nothing_moved() -> None:
    pairs, positions, clicked = simulated(noise=0.0)
    found = estimate(pairs, positions, clicked)
    assert (found.estimator, found.moved) == ("click model", 0)
    assert "too few" in found.why
    assert found.values[0] == 1
    assert (np.diff(found.values) < 0.02).all()
    with pytest.raises(ValueError, match="more than one position"):
        estimate(pairs, positions, clicked, estimator="intervention harvesting")


def test_few_interventions_are_not_trusted() -> None:
    found = estimate(*simulated(queries=5, visits=2))
    assert found.estimator == "click model"


def test_positions_that_nothing_is_told_of_have_the_value_above() -> None:
    pairs, positions, clicked = simulated()
    deep = positions.copy()
    deep[positions == DEPTH] = 15  # 10 to 14 were never shown
    found = estimate(pairs, deep, clicked)
    assert (found.depth, found.held) == (15, 5)
    assert set(found.values[9:14]) == {found.values[8]}
    assert found.values[14] == pytest.approx(TRUE[9], abs=0.04)
    assert found.at([1, 9, 99], least=0.3).tolist() == [1, 0.3, 0.3]
    assert estimate(pairs, deep, clicked, depth=5).depth == 5


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (([1], [1], [False]), "no click"),
        (([], [], []), "no click"),
        (([1], [0], [True]), "start with 1"),
        (([1, 2], [1], [True]), "one length"),
    ],
)
def test_what_tells_nothing(rows: tuple[list, list, list], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        estimate(*rows)


def test_a_single_click() -> None:
    found = estimate([1, 2], [1, 2], [True, False])
    assert found.values.tolist() == [1, 1]
    assert found.held == 1
