"""Co-occurrence: counts as by a loop, and cross-fitted ones without a visitor's own visit."""

import numpy as np
import pytest

from learning.training.reranker.cooccurrence_counts import (
    DECAY,
    FOLDS,
    RIDGE,
    SCALE,
    cross_fitted,
    fit,
    fold_of,
)

VISITS = [["a", "b", "c"], ["b", "a"], ["c", "b"], ["d"], ["a", "b", "d", "c"]]


def test_counts_equal_a_loop() -> None:
    counts = fit(VISITS)
    assert counts.ids == ("a", "b", "c", "d")
    for event in counts.ids:
        for other in counts.ids:
            both = [v for v in VISITS if event in v and other in v and event != other]
            after = sum(
                DECAY ** (v.index(other) - v.index(event) - 1)
                for v in both
                if v.index(other) > v.index(event)
            )
            root = np.sqrt(sum(event in v for v in VISITS))
            weights = counts.between([other], [event])[0, 0]
            np.testing.assert_allclose(weights, [len(both) / root, after / root], rtol=1e-3)
    of_c = counts.visit_counts_of(["c"])[0] * len(VISITS) / SCALE
    np.testing.assert_allclose(of_c, [3, 1 + DECAY + 1, 2], rtol=1e-5)


def test_only_the_strongest_partners_are_kept() -> None:
    counts = fit([*VISITS, ["a", "b"], ["a", "b"]], most=1)
    assert np.diff(counts.offsets).max() == 1
    assert counts.between(["b", "c", "d"], ["a"])[:, 0, 0].astype(bool).tolist() == [
        True, False, False,
    ]  # fmt: skip


def test_cross_fitted_counts_of_a_visitor_leave_out_the_own_visit() -> None:
    visits = {f"user {n}": [f"only {n}", f"also {n}", "all"] for n in range(40)}
    folds = cross_fitted(visits)
    assert len(folds) == FOLDS
    for user, items in visits.items():
        counts = folds[fold_of(user)]
        assert not counts.between(items[:2], items[:2]).any()
        assert not counts.visit_counts_of(items[:2]).any()
        assert counts.visit_counts_of(["all"]).all()
    assert fit(list(visits.values())).between(["also 3"], ["only 3"]).any()


def test_eras_follow_the_order_of_items_in_visits() -> None:
    timeline = [f"item {n:02}" for n in range(30)]
    rng = np.random.default_rng(0)
    visits = [
        [timeline[n] for n in sorted(rng.choice(30, size=4, replace=False))] for _ in range(200)
    ]
    counts = fit(visits)
    era = counts.eras_of(timeline)
    assert (era[5:] > era[:-5]).all()  # close ones may be swapped by chance
    assert np.corrcoef(era, np.arange(30))[0, 1] > 0.98
    assert era.std() == pytest.approx(1, abs=1e-4)
    assert np.isnan(counts.eras_of(["never seen", "item 03"])).tolist() == [True, False]


def test_eras_are_the_least_squares_of_a_dense_solution() -> None:
    counts = fit(VISITS)
    equations, targets = [], []
    for visit in VISITS:
        for i, earlier in enumerate(visit):
            for k, later in enumerate(visit[i + 1 :]):
                equation = np.zeros(4)
                equation[counts.rows[later]], equation[counts.rows[earlier]] = 1, -1
                equations.append(np.sqrt(DECAY**k) * equation)
                targets.append(np.sqrt(DECAY**k))
    equations += list(np.sqrt(RIDGE) * np.eye(4))
    eras = np.linalg.lstsq(np.array(equations), np.array([*targets, 0, 0, 0, 0]), rcond=None)[0]
    np.testing.assert_allclose(counts.era, eras / eras.std(), atol=1e-3)


def test_no_visits_give_empty_counts() -> None:
    counts = fit([])
    assert not len(counts.era)
    assert counts.ids == ()
    assert not counts.between(["a"], ["b"]).any()
