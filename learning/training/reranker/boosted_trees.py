"""LightGBM's LambdaMART (Burges 2010) on the re-ranker's own matrix, beside the network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.training.reranker.ranking_lists import RankingList

LEVELS = 4  # a list's largest gain is label 4


def train_trees(
    train: Sequence[RankingList], validation: Sequence[RankingList], most: int, seed: int
) -> Any:
    """A lightgbm.Booster of the number of trees, at most `most`, that validates best."""
    import lightgbm

    settings = {
        "objective": "lambdarank", "metric": "ndcg", "eval_at": [10], "learning_rate": 0.05,
        "num_leaves": 31, "min_data_in_leaf": 100, "feature_fraction": 0.5,
        # All pairs of a list count, not only those with one at its top (NDCG@10 .485 for .483, not
        # significant).
        "bagging_fraction": 0.8, "bagging_freq": 1, "lambdarank_truncation_level": 64,
        "label_gain": [level / LEVELS for level in range(LEVELS + 1)],
        "verbose": -1, "seed": seed, "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    data = _data(lightgbm, train)
    judged = [each for each in validation if each.validation_gains.any() and len(each) > 1]
    held_out = _data(lightgbm, judged or train, data)
    stop = lightgbm.early_stopping(30, verbose=False)
    return lightgbm.train(settings, data, most, [held_out], callbacks=[stop])


def tree_scores(trees: Any, lists: Sequence[RankingList]) -> list[NDArray[np.float32]]:
    """Scores of each list's candidates, float32 [n] each."""
    filled = [each for each in lists if len(each)]
    if not filled:
        return [each.fixed for each in lists]
    scores = trees.predict(np.concatenate([each.matrix for each in filled]), num_threads=1)
    ends = np.cumsum([len(each) for each in filled])[:-1]
    of_lists = iter(np.split(scores.astype(np.float32), ends))
    return [next(of_lists) if len(each) else each.fixed for each in lists]


def _data(lightgbm: Any, lists: Sequence[RankingList], reference: Any = None) -> Any:
    labels = [np.round(LEVELS * each.gains / max(float(each.gains.max()), 1e-9)) for each in lists]
    weights = [np.full(len(each), float(each.gains.max())) for each in lists]
    return lightgbm.Dataset(
        np.concatenate([each.matrix for each in lists]),
        np.concatenate(labels),
        group=[len(each) for each in lists],
        weight=np.concatenate(weights),
        reference=reference,
    )
