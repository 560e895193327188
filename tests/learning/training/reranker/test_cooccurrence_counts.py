"""Neighbours: counts as by a loop, and none that has seen what a visitor is to be given."""

import numpy as np
import pytest

from learning.training.reranker.cooccurrence_counts import (
    FADE,
    FOLDS,
    PER,
    TIE,
    cross_fitted,
    fit,
    fold_of,
)

VISITS = [["a", "b", "c"], ["b", "a"], ["c", "b"], ["d"], ["a", "b", "d", "c"]]


def test_counts_equal_a_loop() -> None:
    made = fit(VISITS)
    assert made.ids == ("a", "b", "c", "d")
    for event in made.ids:
        for other in made.ids:
            both = [v for v in VISITS if event in v and other in v and event != other]
            after = sum(
                FADE ** (v.index(other) - v.index(event) - 1)
                for v in both
                if v.index(other) > v.index(event)
            )
            root = np.sqrt(sum(event in v for v in VISITS))
            found = made.between([other], [event])[0, 0]
            np.testing.assert_allclose(found, [len(both) / root, after / root], rtol=1e-3)
    of_c = made.visit_counts_of(["c"])[0] * len(VISITS) / PER
    np.testing.assert_allclose(of_c, [3, 1 + FADE + 1, 2], rtol=1e-5)


def test_only_the_strongest_are_kept() -> None:
    made = fit([*VISITS, ["a", "b"], ["a", "b"]], most=1)
    assert np.diff(made.offsets).max() == 1
    assert made.between(["b", "c", "d"], ["a"])[:, 0, 0].astype(bool).tolist() == [
        True, False, False,
    ]  # fmt: skip


def test_no_visitor_is_given_counts_of_the_own_visit() -> None:
    visits = {f"user {n}": [f"only {n}", f"also {n}", "all"] for n in range(40)}
    folds = cross_fitted(visits)
    assert len(folds) == FOLDS
    for user, items in visits.items():
        given = folds[fold_of(user)]
        assert not given.between(items[:2], items[:2]).any()
        assert not given.visit_counts_of(items[:2]).any()
        assert given.visit_counts_of(["all"]).all()
    assert fit(list(visits.values())).between(["also 3"], ["only 3"]).any()


def test_eras_come_of_the_order_of_visits() -> None:
    timeline = [f"item {n:02}" for n in range(30)]
    rng = np.random.default_rng(0)
    visits = [
        [timeline[n] for n in sorted(rng.choice(30, size=4, replace=False))] for _ in range(200)
    ]
    made = fit(visits)
    era = made.eras_of(timeline)
    assert (era[5:] > era[:-5]).all()  # close ones may change places by chance
    assert np.corrcoef(era, np.arange(30))[0, 1] > 0.98
    assert era.std() == pytest.approx(1, abs=1e-4)
    assert np.isnan(made.eras_of(["never seen", "item 03"])).tolist() == [True, False]


def test_an_era_has_the_least_squares_of_a_dense_solution() -> None:
    made = fit(VISITS)
    lines, wanted = [], []
    for visit in VISITS:
        for i, early in enumerate(visit):
            for k, late in enumerate(visit[i + 1 :]):
                line = np.zeros(4)
                line[made.rows[late]], line[made.rows[early]] = 1, -1
                lines.append(np.sqrt(FADE**k) * line)
                wanted.append(np.sqrt(FADE**k))
    lines += list(np.sqrt(TIE) * np.eye(4))
    found = np.linalg.lstsq(np.array(lines), np.array([*wanted, 0, 0, 0, 0]), rcond=None)[0]
    np.testing.assert_allclose(made.era, found / found.std(), atol=1e-3)


def test_nothing_at_all() -> None:
    made = fit([])
    assert not len(made.era)
    assert made.ids == ()
    assert not made.between(["a"], ["b"]).any()
