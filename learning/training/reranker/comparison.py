"""Trains the re-ranker with each loss, and LightGBM; says on validation lists who wins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.report.report import signed, told
from learning.training.reranker.boosted_trees import train_trees, tree_scores
from learning.training.reranker.ranking_lists import KINDS, RankingList
from learning.training.reranker.trainer import (
    RerankerTrainer,
    RerankerTrainingSettings,
    learned,
    ndcgs,
    residual_scores,
)
from learning.training.runs import Checkpoints, TensorBoardLog
from plugin_config.errors import SettingsError
from query_service.ranking.learned_reranker import LearnedReranker, RerankerConfig

FIXED, TREES, BEST = "fixed", "lightgbm", "best"
Values = NDArray[np.float64]


@dataclass
class Comparison:
    """`values`: NDCG@10 of each validation list, by who ranked it. `winner`: of the networks, or
    the trees when they alone are served. `model`: what is served.
    """

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
        found = [f"NDCG@10 on {len(self.lists)} validation lists (served: {self.served})"]
        for name, values in self.values.items():
            line = f"  {name}: {told(bootstrap(values, seed=self.seed))}"
            found.append(line + ("" if name == FIXED else f", {self._to(FIXED, name)} to fixed"))
        if TREES in self.values and self.winner != TREES:
            found.append(f"  {TREES} to {self.winner}: {self._to(self.winner, TREES)}")
        for label, chosen in self._parts().items():
            means = [
                f"{name} {np.nanmean(values[chosen]):.4f}" for name, values in self.values.items()
            ]
            found.append(f"  {label} ({int(chosen.sum())}): " + ", ".join(means))
        return found

    def _to(self, baseline: str, name: str) -> str:
        values = self.values
        return signed(paired_difference(values[name], values[baseline], seed=self.seed))

    @property
    def served(self) -> str:
        """Who answers which kind of request."""
        trees = self.model.config.trees_for
        network = [kind for kind in self.model.config.kinds if kind not in trees]
        if not trees or not network:
            return self.winner
        return f"{TREES} for {', '.join(trees)}; {self.winner} for {', '.join(network)}"

    @property
    def metrics(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        found: dict[str, Any] = {
            "winner": self.winner, "served": self.served, "validation lists": len(self.lists),
        }  # fmt: skip
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
    settings: RerankerTrainingSettings,
    fingerprint: str,
    *,
    losses: Sequence[str],
    use: str,
    checkpoints: Callable[[str], Checkpoints],
    board: Callable[[str], TensorBoardLog],
    progress: Progress,
) -> Comparison:
    """Trains all and chooses among the networks. `use` lightgbm serves the trees; `best` does so
    for the kinds of requests where they validate better.

    The trees, where LightGBM is installed, learn each kind of request by itself.
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
        trainer = RerankerTrainer(config, settings, loss, train, validation)
        kept.append(checkpoints(loss))
        curves = board(loss)
        trained[loss] = trainer.run(kept[-1], curves, progress)
        curves.close()
        values[loss] = ndcgs(validation, residual_scores(trained[loss], validation))
        histories[loss] = trainer.history
    winner = max(losses, key=lambda loss: float(np.nanmean(values[loss])))
    trees = _trees(train, validation, config.kinds, settings, use, progress)
    served_by_trees: tuple[str, ...] = ()
    if trees:
        values[TREES] = _by_kind(trees, validation, values[FIXED])
        if use == TREES:
            served_by_trees = tuple(trees)
        elif use == BEST:
            served_by_trees = tuple(
                kind for kind in trees
                if _mean_of(kind, values[TREES], validation) > _mean_of(
                    kind, values[winner], validation)
            )  # fmt: skip
    config = replace(config, trees_for=served_by_trees)
    model = learned(config, trained[winner], {kind: trees[kind] for kind in served_by_trees})
    if served_by_trees == config.kinds:
        winner = TREES
    return Comparison(model, winner, values, validation, settings.seed, histories, kept)


def _by_kind(trees: Mapping[str, Any], lists: Sequence[RankingList], fixed: Values) -> Values:
    """NDCG@10 of each list by the trees of its kind; of a kind without trees as fixed."""
    found = fixed.copy()
    for kind, booster in trees.items():
        places = [place for place, each in enumerate(lists) if each.kind == kind]
        own = [lists[place] for place in places]
        found[places] = ndcgs(own, tree_scores(booster, own))
    return found


def _mean_of(kind: str, values: Values, lists: Sequence[RankingList]) -> float:
    own = [value for value, each in zip(values, lists, strict=True) if each.kind == kind]
    return float(np.nanmean(own)) if np.isfinite(own).any() else float("-inf")


def _trees(
    train: Sequence[RankingList],
    validation: Sequence[RankingList],
    kinds: Sequence[str],
    settings: RerankerTrainingSettings,
    use: str,
    progress: Progress,
) -> dict[str, Any]:
    """The trees of each kind; none where LightGBM is not installed."""
    try:
        import lightgbm  # noqa: F401
    except ImportError as error:
        if use in (TREES, BEST):
            raise SettingsError(
                f"--use {use}: LightGBM is not installed: "
                "pip install 'opensearch-live-intent[learning]'"
            ) from error
        progress.note("LightGBM is not installed: no rival in the table")
        return {}
    progress.start("LightGBM's LambdaMART", len(kinds))
    found = {}
    for kind in kinds:
        own, held = ([e for e in lists if e.kind == kind] for lists in (train, validation))
        found[kind] = train_trees(own, held, settings.trees, settings.seed)
        progress.advance(1)
    progress.close()
    return found
