"""The re-ranker's training: it starts at the fixed order, learns, and resumes after a kill."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.encoder.number_format import choose_device
from indexer.progress import Silence
from learning.training.checkpoints import Checkpoints
from learning.training.reranker.comparison import FIXED, RerankerComparison, compare
from learning.training.reranker.ranking_lists import RankingList, ndcg_of, read, write
from learning.training.reranker.trainer import (
    RerankerTrainer,
    RerankerTrainingSettings,
    ndcgs,
    residual_scores,
)
from query_service.ranking.learned.feature_matrix import FEATURE_SET
from query_service.ranking.learned.learned_scale import Segment
from query_service.ranking.learned.residual import RerankerConfig

SETTINGS = RerankerTrainingSettings(
    epochs=6,
    batch=8,
    learning_rate=0.01,
    hidden=16,
    dropout=0.0,
    trees=20,
    device=choose_device("auto"),
)
CONFIG = RerankerConfig(hidden=16, dropout=0.0)


def lists(count: int = 80, seed: int = 0) -> list[RankingList]:
    """The fixed scores are noise; the relevant item is the one most like one of the events."""
    rng = np.random.default_rng(seed)
    lists = []
    for number in range(count):
        n, E = int(rng.integers(5, 12)), int(rng.integers(1, 4))
        pairs = rng.normal(size=(n, E, len(FEATURE_SET.pairs))).astype(np.float16)
        gains = np.zeros(n, np.float32)
        gains[pairs[:, :, 0].max(axis=1).argmax()] = 1.0
        matrix = rng.normal(size=(n, len(FEATURE_SET.columns))).astype(np.float32)
        fixed = 0.1 * rng.normal(size=n).astype(np.float32)
        segment = Segment("search", "broad", history=number % 4 > 0)
        complete = np.ones(n, np.bool_)
        lists.append(RankingList(
            str(number), segment, matrix, pairs, fixed, gains, gains, 1.0, complete,
            query_text="phone", titles=tuple(f"Phone {row}" for row in range(n)),
        ))  # fmt: skip
    return lists


def trainer(loss: str = "pairwise+listwise", **changes: object) -> RerankerTrainer:
    settings = RerankerTrainingSettings(**{**SETTINGS.__dict__, **changes})
    return RerankerTrainer(CONFIG, settings, loss, lists(), lists(40, seed=1))


def compared(
    use: str,
    *losses: str,
    train: Sequence[RankingList] = (),
    validation: Sequence[RankingList] = (),
    settings: RerankerTrainingSettings = SETTINGS,
) -> RerankerComparison:
    return compare(
        train or lists(), validation or lists(40, seed=1), settings, "abc", use=use,
        checkpoints={loss: Checkpoints(None, {}) for loss in losses}, progress=Silence(),
    )  # fmt: skip


@pytest.mark.parametrize("loss", ["pairwise", "pairwise+listwise"])
def test_it_starts_at_the_fixed_order_and_learns(loss: str) -> None:
    training = trainer(loss, epochs=25, patience=25)
    validation = training.validation
    training.run(Checkpoints(None, {}), Silence())
    fixed = ndcgs(validation, [each.fixed for each in validation])
    assert training.history[0]["NDCG@10"] == pytest.approx(fixed.mean())
    after = ndcgs(validation, residual_scores(training.residual, validation))
    assert after.mean() > fixed.mean() + 0.1
    best = max(row["NDCG@10"] for row in training.history)
    assert after.mean() == pytest.approx(best)


def test_a_resumed_training_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    class InterruptsInEpoch3(Silence):
        def note(self, text: str) -> None:
            if "epoch 3:" in text:
                raise KeyboardInterrupt

    uninterrupted = trainer().run(Checkpoints(None, {}), Silence()).residual
    with pytest.raises(KeyboardInterrupt):
        trainer().run(Checkpoints(tmp_path, {"it": "this"}), InterruptsInEpoch3())
    resumed = trainer().run(Checkpoints(tmp_path, {"it": "this"}), Silence()).residual
    for name, tensor in uninterrupted.state_dict().items():
        torch.testing.assert_close(tensor, resumed.state_dict()[name], rtol=0, atol=0)


def test_the_comparison_serves_what_validates_best_and_reports_all() -> None:
    comparison = compared("network", "pairwise", "pairwise+listwise")
    assert set(comparison.values) == {
        FIXED, "pairwise", "pairwise+listwise", "lightgbm", "served"
    }  # fmt: skip
    means = {name: values.mean() for name, values in comparison.values.items()}
    assert means[comparison.winner] == max(means["pairwise"], means["pairwise+listwise"])
    assert comparison.model.config.kinds == ("search",)
    assert comparison.model.fingerprint == "abc"
    label = "  search, broad, without a history (10): fixed "
    assert any(line.startswith(label) for line in comparison.lines)
    assert comparison.metrics["winner"] == comparison.winner


def test_lightgbm_can_be_served_and_is_saved_as_text(tmp_path: Path) -> None:
    comparison = compared("lightgbm", "pairwise")
    assert comparison.winner == "lightgbm"
    comparison.model.save(tmp_path)
    assert (tmp_path / "lightgbm-search.txt").read_text().startswith("tree")
    loaded = type(comparison.model).load(tmp_path)
    assert loaded.config.trees_for == ("search",)
    matrix = lists(1)[0].matrix
    expected = comparison.model.trees["search"].predict(matrix)
    np.testing.assert_allclose(loaded.trees["search"].predict(matrix), expected)


def test_each_kind_of_request_is_served_by_what_validates_better() -> None:
    """For `rank` only the events tell, which the trees don't see; for `search` only a column."""

    def mixed(seed: int) -> list[RankingList]:
        mixed_lists = []
        for number, each in enumerate(lists(160, seed)):
            if number % 2:
                gains = np.zeros(len(each), np.float32)
                gains[np.abs(each.matrix[:, 3]).argmin()] = 1.0
                mixed_lists.append(replace(each, gains=gains, validation_gains=gains))
            else:
                mixed_lists.append(replace(each, segment=replace(each.segment, request="rank")))
        return mixed_lists

    validation = mixed(1)
    comparison = compared(
        "best", "pairwise", train=mixed(0), validation=validation,
        settings=replace(SETTINGS, epochs=20, trees=100),
    )  # fmt: skip
    for kind in ("search", "rank"):
        own = np.array([each.kind == kind for each in validation])
        trees, network = (comparison.values[who][own].mean() for who in ("lightgbm", "pairwise"))
        assert (kind in comparison.model.config.trees_for) == (trees > network)
    assert comparison.model.config.trees_for == ("search",)
    assert set(comparison.model.trees) == {"search"}
    assert comparison.served == "lightgbm for search; pairwise for rank"
    assert comparison.metrics["served"] == comparison.served


def test_lists_are_written_and_read_again(tmp_path: Path) -> None:
    written = lists(5)
    write(written, tmp_path / "lists.safetensors")
    for one, other in zip(written, read(tmp_path / "lists.safetensors"), strict=True):
        for name in ("owner", "segment", "ideal", "query_text", "titles"):
            assert getattr(one, name) == getattr(other, name)
        for name in ("pairs", "matrix", "gains", "validation_gains", "fixed", "complete"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_equal_scores_count_in_their_worst_order() -> None:
    one = lists(1)[0]
    assert ndcg_of(one, np.zeros(len(one), np.float32)) == pytest.approx(
        1 / np.log2(min(len(one), 10) + 1) if len(one) <= 10 else 0.0
    )


def test_the_served_model_has_the_trained_weights() -> None:
    residual = trainer("pairwise").run(Checkpoints(None, {}), Silence()).residual
    model = compared("network", "pairwise").model
    for name, tensor in residual.state_dict().items():
        torch.testing.assert_close(tensor.cpu(), model.residual.state_dict()[name])
