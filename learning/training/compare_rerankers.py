"""Trains the re-ranker with each loss, and LightGBM; says on validation lists who wins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.evaluation.intervals import Interval, bootstrap, paired_difference
from learning.training.ranking_lists import KINDS, RankingList
from learning.training.rival_trees import train_trees, tree_scores
from learning.training.runs import Board, Checkpoints
from learning.training.train_reranker import (
    Trainer,
    TrainingSettings,
    learned,
    ndcgs,
    residual_scores,
)
from plugin_config.errors import SettingsError
from query_service.learned_reranker import LearnedReranker, RerankerConfig

FIXED, TREES = "fixed", "lightgbm"
Values = NDArray[np.float64]


@dataclass
class Comparison:
    """`values`: NDCG@10 of each validation list, by who ranked it. `model`: what is served."""

    model: LearnedReranker
    winner: str
    values: dict[str, Values]
    lists: Sequence[RankingList]
    seed: int
    histories: dict[str, Any] = field(default_factory=dict)
    kept: list[Checkpoints] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The table: each with its interval, and its paired difference to the fixed weights."""
        found = [f"NDCG@10 on {len(self.lists)} validation lists (served: {self.winner})"]
        for name, values in self.values.items():
            found.append(f"  {name}: {_told(bootstrap(values, seed=self.seed))}"
                         + (f", {_difference(values, self.values[FIXED], self.seed)} to fixed"
                            if name != FIXED else ""))  # fmt: skip
        if TREES in self.values and self.winner != TREES:
            best = self.values[self.winner]
            found.append(f"  lightgbm to {self.winner}: "
                         f"{_difference(self.values[TREES], best, self.seed)}")  # fmt: skip
        for label, chosen in self._parts().items():
            told = [
                f"{name} {np.nanmean(values[chosen]):.4f}" for name, values in self.values.items()
            ]
            found.append(f"  {label} ({int(chosen.sum())}): " + ", ".join(told))
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        found: dict[str, Any] = {"winner": self.winner, "validation lists": len(self.lists)}
        for name, values in self.values.items():
            interval = bootstrap(values, seed=self.seed)
            found[f"NDCG@10, {name}"] = [interval.mean, interval.low, interval.high]
        return found | {"history": self.histories}

    def clear(self) -> None:
        """Removes the checkpoints: all is written."""
        for each in self.kept:
            each.clear()

    def _parts(self) -> dict[str, NDArray[np.bool_]]:
        found = {}
        for kind in KINDS:
            for alone in (False, True):
                chosen = np.array([e.kind == kind and e.alone == alone for e in self.lists])
                if chosen.any() and not chosen.all():
                    found[kind + (" without a history" if alone else " with a history")] = chosen
        return found


def compare(
    train: Sequence[RankingList],
    validation: Sequence[RankingList],
    settings: TrainingSettings,
    fingerprint: str,
    *,
    losses: Sequence[str],
    use: str,
    checkpoints: Callable[[str], Checkpoints],
    board: Callable[[str], Board],
    progress: Progress,
) -> Comparison:
    """Trains all and chooses among the networks; `use` lightgbm serves the trees.

    Where LightGBM is installed its trees are kept beside the network if they are clearly better:
    the interval of the paired difference is above 0.
    """
    config = RerankerConfig(
        fingerprint=fingerprint,
        kinds=tuple(kind for kind in KINDS if any(each.kind == kind for each in train)),
        hidden=settings.hidden,
        dropout=settings.dropout,
    )
    values = {FIXED: ndcgs(validation, [each.fixed for each in validation])}
    trained = {}
    kept, histories = [], {}
    for loss in losses:
        trainer = Trainer(config, settings, loss, train, validation)
        kept.append(checkpoints(loss))
        curves = board(loss)
        trained[loss] = trainer.run(kept[-1], curves, progress)
        curves.close()
        values[loss] = ndcgs(validation, residual_scores(trained[loss], validation))
        histories[loss] = trainer.history
    winner = max(losses, key=lambda loss: float(np.nanmean(values[loss])))
    trees = _trees(train, validation, settings, use, progress)
    if trees is not None:
        values[TREES] = ndcgs(validation, tree_scores(trees, validation))
        better = paired_difference(values[TREES], values[winner], seed=settings.seed).low > 0
        if use != TREES and not better:
            trees = None
    if use == TREES:
        config = replace(config, use="lightgbm")
    model = learned(config, trained[winner], trees)
    served = TREES if use == TREES else winner
    return Comparison(model, served, values, validation, settings.seed, histories, kept)


def _trees(
    train: Sequence[RankingList],
    validation: Sequence[RankingList],
    settings: TrainingSettings,
    use: str,
    progress: Progress,
) -> Any:
    try:
        import lightgbm  # noqa: F401
    except ImportError as error:
        if use == TREES:
            raise SettingsError(
                "--use lightgbm: LightGBM is not installed: "
                "pip install 'opensearch-live-intent[learning]'"
            ) from error
        progress.note("LightGBM is not installed: no rival in the table")
        return None
    progress.start("LightGBM's LambdaMART", 1)
    trees = train_trees(train, validation, settings.trees, settings.seed)
    progress.advance(1)
    progress.close()
    return trees


def _told(interval: Interval) -> str:
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}] of {interval.count}"


def _difference(values: Values, baseline: Values, seed: int) -> str:
    found = paired_difference(values, baseline, seed=seed)
    return f"{found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
