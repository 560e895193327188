"""The learned re-ranker: step 0 is the fixed order; features and attention equal loops."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.bundle.hashed_folder import BundleError
from learning.training.reranker.cooccurrence_counts import fit
from query_service.ranking.explanation import explain
from query_service.ranking.fusion import fused
from query_service.ranking.learned.cooccurrence import Cooccurrence
from query_service.ranking.learned.feature_matrix import FEATURE_SET
from query_service.ranking.learned.feature_source import TEMPERATURE
from query_service.ranking.learned.learned_reranker import LearnedReranker, kind_of
from query_service.ranking.learned.learned_scale import LearnedScale, Segment
from query_service.ranking.learned.residual import RerankerConfig, Residual
from query_service.ranking.query_kind import complete_titles
from query_service.ranking.rerank_input import RerankInput, rerank_input
from query_service.ranking.reranker import Reranker
from query_service.ranking.titles.title_features import shared_rarity, title_match
from query_service.ranking.titles.title_table import TitleTable
from query_service.user.intent import Intent
from tests.query_service.fixtures import bundle, embeddings, subset, visitor
from tests.query_service.ranking.test_reranker import a_visit, candidates

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])
COLUMNS, PAIRS = FEATURE_SET.columns, FEATURE_SET.pairs
ALL_KINDS = RerankerConfig(kinds=("search", "recommend", "rank"))
A_VISIT = Segment("search", "precise", history=True)  # that of `a_visit`
VISITS = [["0", "3", "6"], ["0", "3", "9"], ["4", "7", "3"], ["3", "9"]]


def some_inputs(layout: str = "sum") -> list[RerankInput]:
    """A search with a history, one without, a start page, and given items without a history."""
    fitted = bundle(layout)
    some, nobody = candidates(fitted), Intent(visitor())
    return [
        a_visit(fitted)[1],
        rerank_input(fitted, some, Intent(visitor(), "phone", embeddings()[3])),
        rerank_input(fitted, some, nobody),
        rerank_input(fitted, subset(some, [3]), nobody, given=True),
    ]


def trained(cooccurrence: Cooccurrence | None = None, config: RerankerConfig = ALL_KINDS):
    """A re-ranker with weights that are not zero."""
    torch.manual_seed(1)
    model = LearnedReranker(config, cooccurrence)
    with torch.no_grad():
        for parameter in model.residual.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def column(matrix, name: str) -> np.ndarray:
    return matrix.columns[:, COLUMNS.index(name)]


@LAYOUTS
def test_before_training_it_is_the_fixed_re_ranker(layout: str) -> None:
    for each in some_inputs(layout):
        ours = LearnedReranker(ALL_KINDS, fit(VISITS)).score(each)
        np.testing.assert_array_equal(ours.total, Reranker().score(each).total)
        assert not ours.model.any()


@LAYOUTS
def test_the_shares_add_up_and_name_the_learned_re_ranker(layout: str) -> None:
    intent, inputs = a_visit(bundle(layout))
    scores = trained(fit(VISITS)).score(inputs)
    for row in range(30):
        explanation = explain(row, inputs.candidates, scores, intent)
        values = sum(share.value for share in explanation.shares)
        assert values == pytest.approx(explanation.score, abs=1e-4)
        learned = [share for share in explanation.shares if share.kind == "model"]
        assert [share.label for share in learned] == ["learned re-ranker"]
        assert learned[0].value == pytest.approx(float(scores.model[row]), abs=1e-5)
    assert fused(inputs).model is None


def test_kinds_of_requests_without_training_keep_the_fixed_order() -> None:
    search, _, start, given = some_inputs()
    assert [kind_of(each) for each in (search, start, given)] == ["search", "recommend", "rank"]
    model = trained(config=RerankerConfig(kinds=("search",)))
    assert np.abs(model.score(search).model).max() > 0.01
    for each in (start, given):
        np.testing.assert_array_equal(model.score(each).total, Reranker().score(each).total)


def scaled(scale: float, segment: Segment = A_VISIT) -> LearnedReranker:
    """The trained model with a scale for one segment only."""
    return trained(config=replace(ALL_KINDS, scales=(LearnedScale(segment, scale),)))


def test_a_scale_moves_the_score_part_of_the_way_and_the_shares_add_up() -> None:
    intent, inputs = a_visit(bundle())
    fixed, learned = Reranker().score(inputs).total, trained().score(inputs).total
    complete = complete_titles(inputs.query_text, inputs.candidates.titles)
    scores = scaled(0.25).score(inputs)
    np.testing.assert_allclose(scores.total[complete], (fixed + (learned - fixed) / 4)[complete])
    explanation = explain(0, inputs.candidates, scores, intent)
    assert sum(share.value for share in explanation.shares) == pytest.approx(
        explanation.score, abs=1e-4
    )
    labels = [share.label for share in explanation.shares if share.kind == "model"]
    assert labels == ["learned re-ranker, 0.25 of it for a request like this"]


def test_segments_without_a_scale_keep_the_fixed_order_and_say_nothing_is_learned() -> None:
    intent, inputs = a_visit(bundle())
    other = Segment("search", "broad", history=True)
    for model in (scaled(1.0, other), scaled(0.0)):
        scores = model.score(inputs)
        np.testing.assert_array_equal(scores.total, Reranker().score(inputs).total)
        shares = explain(0, inputs.candidates, scores, intent).shares
        assert not [share for share in shares if share.kind == "model"]


def test_learned_popularity_lifts_no_item_above_one_that_has_all_words() -> None:
    _, inputs = a_visit(bundle())
    fixed = Reranker().score(inputs).total
    complete = complete_titles(inputs.query_text, inputs.candidates.titles)
    assert 0 < complete.sum() < 30
    for seed in range(5):
        torch.manual_seed(seed)
        model = LearnedReranker(ALL_KINDS)
        with torch.no_grad():
            for parameter in model.residual.parameters():
                parameter.add_(torch.randn_like(parameter))
        total = model.score(inputs).total
        for having, lacking in np.argwhere(complete[:, None] & ~complete):
            if fixed[having] >= fixed[lacking]:
                assert total[having] > total[lacking]


def test_a_bundle_of_an_earlier_version_acts_on_all_segments(tmp_path: Path) -> None:
    scaled(0.25).save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert LearnedReranker.load(tmp_path).config.scale_of(A_VISIT) == 0.25
    del config["scales"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert LearnedReranker.load(tmp_path).config.scale_of(A_VISIT) == 1


def test_forms_of_a_feature_equal_a_loop() -> None:
    _, visit = a_visit(bundle())
    fixed = Reranker().score(visit).total
    matrix = FEATURE_SET.matrix(visit, fixed)
    assert matrix.columns.shape == (30, len(COLUMNS))
    assert matrix.columns.dtype == matrix.pairs.dtype == np.float32
    bm25 = np.nan_to_num(visit.candidates.leg_scores[:, 0])
    for i in range(30):
        assert column(matrix, "bm25.value")[i] == bm25[i]
        expected = (bm25[i] - bm25.mean()) / bm25.std()
        assert column(matrix, "bm25.z")[i] == pytest.approx(expected, abs=1e-4)
        assert column(matrix, "in_words")[i] == (i < 20)
        assert column(matrix, "fixed.value")[i] == fixed[i]
        own = visit.behaviour[i]
        assert column(matrix, "D_B.value")[i] == pytest.approx(own @ visit.tastes[1], abs=1e-5)


def test_attention_features_equal_a_loop_and_a_dislike_counts_against() -> None:
    _, visit = a_visit(bundle())
    w = visit.event_weights
    assert w[1] < 0 < min(w[0], w[2])  # events are: clicked, disliked, clicked
    matrix = FEATURE_SET.matrix(visit, np.zeros(30, np.float32))
    for i in range(30):
        sims = np.array([float(v @ visit.behaviour[i]) for v in visit.event_behaviour])
        assert column(matrix, "behaviour_max.value")[i] == pytest.approx(
            max(sims[0], sims[2]), abs=1e-5
        )
        assert column(matrix, "behaviour_against")[i] == pytest.approx(max(sims[1], 0), abs=1e-5)
        assert column(matrix, "behaviour_last.value")[i] == pytest.approx(sims[2], abs=1e-5)
        assert column(matrix, "behaviour_mean.value")[i] == pytest.approx(float(sims @ w), abs=1e-5)
        share = np.exp(sims / TEMPERATURE) * np.abs(w)
        share /= share.sum()
        expected = float((share * np.sign(w) * sims).sum())
        assert column(matrix, "behaviour_softmax.value")[i] == pytest.approx(expected, abs=1e-4)
        np.testing.assert_allclose(matrix.pairs[i, :, 0], sims, atol=1e-5)


def test_the_learned_attention_equals_a_loop_and_ignores_padding() -> None:
    residual = trained().residual
    rng = np.random.default_rng(0)
    pairs = torch.from_numpy(rng.normal(size=(2, 3, 4, len(PAIRS))).astype(np.float32))
    mask = torch.tensor([[True, True, True, True], [True, True, False, False]])
    with torch.no_grad():
        pooled = residual.attend(pairs, mask)
        for b, n in np.ndindex(2, 3):
            outputs = [
                residual.tell(torch.nn.functional.gelu(residual.look(event)))
                for event, real in zip(pairs[b, n].clamp(-5, 5), mask[b], strict=True)
                if real
            ]
            share = np.exp([float(output[0]) for output in outputs])
            share /= share.sum()
            expected = sum(s * output[1:].numpy() for s, output in zip(share, outputs, strict=True))
            np.testing.assert_allclose(pooled[b, n].numpy(), expected, atol=1e-5)
        no_events = residual.attend(pairs, torch.zeros(2, 4, dtype=torch.bool))
        np.testing.assert_array_equal(no_events, residual.attend(pairs[:, :, :0], mask[:, :0]))


def test_a_group_that_is_switched_off_has_no_effect() -> None:
    _, visit = a_visit(bundle())
    model = trained(fit(VISITS))
    changed = replace(visit, popularity=visit.popularity[::-1].copy())
    without = model.without("popularity")
    assert np.abs(model.score(visit).total - model.score(changed).total).max() > 1e-3
    np.testing.assert_allclose(without.score(visit).total, without.score(changed).total, atol=1e-5)
    np.testing.assert_array_equal(  # `without` leaves the model itself unchanged
        model.score(visit).total, trained(fit(VISITS)).score(visit).total
    )
    groups = FEATURE_SET.groups
    columns = [column for group in (*groups, "") for column in FEATURE_SET.columns_of(group)]
    assert sorted(columns) == list(range(len(COLUMNS)))
    pairs = [column for group in groups for column in FEATURE_SET.pairs_of(group)]
    assert sorted(pairs) == list(range(len(PAIRS)))


def test_a_saved_model_scores_the_same_after_loading(tmp_path: Path) -> None:
    model = trained(fit(VISITS))
    model.save(tmp_path)
    loaded = LearnedReranker.load(tmp_path)
    for each in some_inputs():
        np.testing.assert_array_equal(loaded.score(each).total, model.score(each).total)
    assert loaded.config == model.config


def test_other_columns_are_refused(tmp_path: Path) -> None:
    trained().save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["columns"][0] = "moon.value"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(BundleError, match=r"bm25.value, moon.value.*learn reranker"):
        LearnedReranker.load(tmp_path)


def test_cooccurrence_weights_equal_a_loop() -> None:
    counts = fit(VISITS)
    weights = {
        (counts.ids[row], counts.ids[counts.partners[at]]): counts.weights[at]
        for row in range(len(counts.ids))
        for at in range(counts.offsets[row], counts.offsets[row + 1])
    }
    ids, events = ["9", "unknown", "3", "0", "7"], ["0", "no", "3"]
    for _ in range(2):  # the scratch array is reset
        pairs = counts.between(ids, events)
        for c, e in np.ndindex(5, 3):
            np.testing.assert_array_equal(pairs[c, e], weights.get((events[e], ids[c]), [0, 0]))
    visit_counts = counts.visit_counts_of(ids)[:, 0]
    np.testing.assert_allclose(visit_counts, [50_000, 0, 100_000, 50_000, 25_000])


def test_era_features_equal_a_loop_and_unknown_items_get_the_mean() -> None:
    _, visit = a_visit(bundle())
    counts = fit(VISITS)
    matrix = FEATURE_SET.matrix(visit, np.zeros(30, np.float32), counts)
    eras = counts.eras_of(visit.candidates.ids)
    known = np.isfinite(eras)
    assert 0 < known.sum() < 30
    events = [e for e in counts.eras_of(visit.event_ids).tolist() if np.isfinite(e)]
    assert events
    for i in range(30):
        own = float(eras[i]) if known[i] else float(eras[known].mean())
        for name, expected in (
            ("era", own),
            ("era_last", own - events[-1]),
            ("era_gap", -abs(own - events[-1])),
            ("era_mean", own - np.mean(events)),
            ("era_newest", own - max(events)),
            ("era_near", -min(abs(own - event) for event in events)),
        ):
            assert column(matrix, f"{name}.value")[i] == pytest.approx(expected, abs=1e-5)
        for e, event_era in enumerate(counts.eras_of(visit.event_ids)):
            expected = float(eras[i] - event_era) if known[i] and np.isfinite(event_era) else 0.0
            assert matrix.pairs[i, e, PAIRS.index("era")] == pytest.approx(expected, abs=1e-5)


def test_the_overlap_of_titles_and_events_is_a_pair_feature_and_a_feature() -> None:
    _, visit = a_visit(bundle())
    matrix = FEATURE_SET.matrix(visit, np.zeros(30, np.float32))
    titles = TitleTable(visit.candidates.titles)
    common = shared_rarity(titles, visit.event_titles, visit.query_text)
    assert common.any()
    np.testing.assert_array_equal(matrix.pairs[:, :, PAIRS.index("shared")], common)
    liked = common[:, visit.event_weights > 0].max(axis=1)
    np.testing.assert_array_equal(column(matrix, "shared_max.value"), liked)
    cover = title_match(titles, "xiaomi phone").cover
    assert cover.any()
    np.testing.assert_array_equal(column(matrix, "cover.value"), cover)


def test_scales_leave_constant_columns_alone() -> None:
    residual = Residual(RerankerConfig(columns=("a", "b"), pairs=("c",)))
    rows = np.array([[1, 5], [3, 5]], np.float32)
    residual.fit_scales([rows], [np.zeros((2, 0, 1), np.float32)])
    assert residual.get_buffer("columns_mean").tolist() == [2, 5]
    assert residual.get_buffer("columns_scale").tolist() == [1, 1]
