"""The re-ranker's training: it starts at the fixed order, it learns, it goes on after a kill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.progress import Silence
from learning.training.reranker.comparison import FIXED, compare
from learning.training.reranker.ranking_lists import RankingList, ndcg_of, read, write
from learning.training.reranker.trainer import (
    RerankerTrainer,
    RerankerTrainingSettings,
    learned,
    ndcgs,
    residual_scores,
)
from learning.training.runs import Checkpoints, TensorBoardLog
from query_service.ranking.feature_matrix import FEATURE_SET
from query_service.ranking.learned_reranker import RerankerConfig

SETTINGS = RerankerTrainingSettings(
    epochs=6, batch=8, learning_rate=0.01, hidden=16, dropout=0.0, trees=20
)
CONFIG = RerankerConfig(hidden=16, dropout=0.0)


def lists(count: int = 80, seed: int = 0) -> list[RankingList]:
    """What the fixed order says is noise; the wanted item is most like one of the events."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        n, E = int(rng.integers(5, 12)), int(rng.integers(1, 4))
        pairs = rng.normal(size=(n, E, len(FEATURE_SET.pairs))).astype(np.float16)
        gains = np.zeros(n, np.float32)
        gains[pairs[:, :, 0].max(axis=1).argmax()] = 1.0
        matrix = rng.normal(size=(n, len(FEATURE_SET.columns))).astype(np.float32)
        fixed = 0.1 * rng.normal(size=n).astype(np.float32)
        found.append(RankingList(
            str(number), "search", number % 4 == 0, matrix, pairs, fixed, gains, gains, 1.0
        ))  # fmt: skip
    return found


def trainer(loss: str = "pairwise+listwise", **changes: object) -> RerankerTrainer:
    settings = RerankerTrainingSettings(**{**SETTINGS.__dict__, **changes})
    return RerankerTrainer(CONFIG, settings, loss, lists(), lists(40, seed=1))


@pytest.mark.parametrize("loss", ["pairwise", "pairwise+listwise"])
def test_it_starts_at_the_fixed_order_and_learns(loss: str) -> None:
    ours = trainer(loss, epochs=25, patience=25)
    held = ours.validation
    residual = ours.run(Checkpoints(None, {}), TensorBoardLog(None), Silence())
    fixed = ndcgs(held, [each.fixed for each in held])
    assert ours.history[0]["NDCG@10"] == pytest.approx(fixed.mean())
    after = ndcgs(held, residual_scores(residual, held))
    assert after.mean() > fixed.mean() + 0.1
    best = max(row["NDCG@10"] for row in ours.history)
    assert after.mean() == pytest.approx(best)


def test_a_broken_off_training_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    whole = trainer().run(Checkpoints(None, {}), TensorBoardLog(None), Silence())
    broken = trainer()
    kept = Checkpoints(tmp_path, {"it": "this"})

    class Killed(Silence):
        def note(self, text: str) -> None:
            if "epoch 3:" in text:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken.run(kept, TensorBoardLog(None), Killed())
    resumed = trainer().run(Checkpoints(tmp_path, {"it": "this"}), TensorBoardLog(None), Silence())
    for name, tensor in whole.state_dict().items():
        np.testing.assert_array_equal(tensor, resumed.state_dict()[name])


def test_the_comparison_keeps_what_validates_best_and_tells_of_all() -> None:
    found = compare(
        lists(), lists(40, seed=1), SETTINGS, "abc",
        losses=("pairwise", "pairwise+listwise"), use="network",
        checkpoints=lambda name: Checkpoints(None, {}), board=lambda name: TensorBoardLog(None),
        progress=Silence(),
    )  # fmt: skip
    assert set(found.values) == {FIXED, "pairwise", "pairwise+listwise", "lightgbm"}
    means = {name: values.mean() for name, values in found.values.items()}
    assert means[found.winner] == max(means["pairwise"], means["pairwise+listwise"])
    assert found.model.config.kinds == ("search",)
    assert found.model.fingerprint == "abc"
    assert any(line.startswith("  search without a history (10)") for line in found.lines)
    assert found.metrics["winner"] == found.winner


def test_lightgbm_can_be_served_and_stays_text(tmp_path: Path) -> None:
    found = compare(
        lists(), lists(40, seed=1), SETTINGS, "abc", losses=("pairwise",), use="lightgbm",
        checkpoints=lambda name: Checkpoints(None, {}), board=lambda name: TensorBoardLog(None),
        progress=Silence(),
    )  # fmt: skip
    assert found.winner == "lightgbm"
    found.model.save(tmp_path)
    assert (tmp_path / "lightgbm-search.txt").read_text().startswith("tree")
    again = type(found.model).load(tmp_path)
    assert again.config.trees_for == ("search",)
    matrix = lists(1)[0].matrix
    expected = found.model.trees["search"].predict(matrix)
    np.testing.assert_allclose(again.trees["search"].predict(matrix), expected)


def test_each_kind_of_request_is_served_by_what_validates_better() -> None:
    """Of `rank` only the events tell, which the trees don't see; of `search` only a column does."""

    def mixed(seed: int) -> list[RankingList]:
        found = []
        for number, each in enumerate(lists(160, seed)):
            if number % 2:
                gains = np.zeros(len(each), np.float32)
                gains[np.abs(each.matrix[:, 3]).argmin()] = 1.0
                found.append(replace(each, kind="search", gains=gains, worth=gains))
            else:
                found.append(replace(each, kind="rank"))
        return found

    held = mixed(1)
    found = compare(
        mixed(0), held, replace(SETTINGS, epochs=20, trees=100), "abc", losses=("pairwise",),
        use="best", checkpoints=lambda name: Checkpoints(None, {}),
        board=lambda name: TensorBoardLog(None), progress=Silence(),
    )  # fmt: skip
    for kind in ("search", "rank"):
        own = np.array([each.kind == kind for each in held])
        trees, network = (found.values[who][own].mean() for who in ("lightgbm", "pairwise"))
        assert (kind in found.model.config.trees_for) == (trees > network)
    assert found.model.config.trees_for == ("search",)
    assert set(found.model.trees) == {"search"}
    assert found.served == "lightgbm for search; pairwise for rank"
    assert found.metrics["served"] == found.served


def test_lists_are_written_and_read_again(tmp_path: Path) -> None:
    made = lists(5)
    write(made, tmp_path / "lists.safetensors")
    for ours, theirs in zip(made, read(tmp_path / "lists.safetensors"), strict=True):
        assert (ours.owner, ours.kind, ours.alone) == (theirs.owner, theirs.kind, theirs.alone)
        np.testing.assert_array_equal(ours.pairs, theirs.pairs)
        np.testing.assert_array_equal(ours.matrix, theirs.matrix)
        np.testing.assert_array_equal(ours.gains, theirs.gains)


def test_ties_are_no_win() -> None:
    one = lists(1)[0]
    assert ndcg_of(one, np.zeros(len(one), np.float32)) == pytest.approx(
        1 / np.log2(min(len(one), 10) + 1) if len(one) <= 10 else 0.0
    )


def test_the_served_model_has_the_trained_weights() -> None:
    residual = trainer(epochs=1).run(Checkpoints(None, {}), TensorBoardLog(None), Silence())
    model = learned(CONFIG, residual)
    for name, tensor in residual.state_dict().items():
        np.testing.assert_array_equal(tensor, model.residual.state_dict()[name])
