"""Ablations: each part is switched off once; a part that harms is marked as not paying."""

from dataclasses import asdict

import numpy as np

from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.variants import NOT_PAYING, ablations, with_verdicts
from query_service.ranking.reranker import Reranker
from query_service.retrieval.plan import PERSON, WORDS


def test_every_part_is_switched_off_once() -> None:
    groups = Reranker().groups
    variants = ablations(query=True, groups=groups, user_model=True)
    labels = [variant.label for variant in variants]
    assert len(set(labels)) == len(labels) == 1 + 4 + 1 + 3 + 7
    assert labels[0] == "whole"
    by_label = {variant.label: variant for variant in variants}
    assert by_label["without D_H"].settings == {"alpha": 0.0}
    assert by_label["without D_B"].settings == {"beta": 0.0}
    assert not by_label["without M_theta"].user_model
    assert by_label["without the leg meaning"].legs == {WORDS, PERSON}
    assert by_label["without the leg meaning"].encodes
    assert by_label["re-ranker without breadth"].without_group == "breadth"


def test_without_a_query_parts_without_input_are_left_out() -> None:
    labels = [v.label for v in ablations(query=False, groups=Reranker().groups, user_model=False)]
    assert "without D_H" not in labels
    assert "without the leg meaning" not in labels
    assert "re-ranker without words" not in labels
    assert "without the leg popular" in labels
    assert "re-ranker without person" in labels


def test_a_group_that_is_switched_off_has_weight_0() -> None:
    whole = Reranker()
    for group in whole.groups:
        less = whole.without(group)
        weights, before = asdict(less.weights), asdict(whole.weights)
        changed = [name for name in weights if weights[name] != before[name]]
        assert changed
        assert all(weights[name] == 0 for name in changed)
        # Groups can be switched off one after the other.
        assert 0 in asdict(less.without("words").weights).values()


def test_a_significant_gain_without_a_part_is_marked() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(400)

    def row(label: str, values) -> MeasuredRanking:
        return MeasuredRanking(label, {"NDCG@10": values}, 1.0)

    rows = [
        row("whole", base),
        row("better without", base + 0.1),
        row("worse without", base - 0.1),
        row("no significant difference", base + rng.normal(0, 1, 400)),
    ]
    notes = [each.note for each in with_verdicts(rows, ["NDCG@10"], seed=0)]
    assert notes == ["", NOT_PAYING, "", ""]
