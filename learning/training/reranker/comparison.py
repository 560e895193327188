"""Trains the re-ranker with each loss, and LightGBM; says on validation lists which is best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.progress import Progress
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.report.report import format_difference, format_interval
from learning.training.checkpoints import Checkpoints
from learning.training.reranker.boosted_trees import train_trees, tree_scores
from learning.training.reranker.ranking_lists import KINDS, Floats, RankingList
from learning.training.reranker.segment_scales import SegmentScale, segment_scales, served_scores
from learning.training.reranker.trainer import (
    RerankerTrainer,
    RerankerTrainingSettings,
    ndcgs,
    residual_scores,
)
from plugin_config.errors import SettingsError
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.learned.learned_scale import LearnedScale, on_scale_of
from query_service.ranking.learned.residual import RerankerConfig, Residual

FIXED, TREES, BEST, SERVED = "fixed", "lightgbm", "best", "served"
Values = NDArray[np.float64]


@dataclass
class RerankerComparison:
    """`model`: what is served. `winner`: the loss of its network, or lightgbm when that alone is
    served. `values`: NDCG@10 of each validation list, by what ranked it; `segments`: how far the
    model acts on each; `scores`: those that the service gives, of each list's n items.
    """

    model: LearnedReranker
    winner: str
    values: dict[str, Values]
    lists: Sequence[RankingList]
    segments: Sequence[SegmentScale]
    scores: Sequence[Floats]
    seed: int
    histories: dict[str, Any]

    @property
    def lines(self) -> list[str]:
        """The table: each with its interval, and its paired difference to the fixed weights."""
        lines = [f"NDCG@10 on {len(self.lists)} validation lists ({SERVED}: {self.served})"]
        for name, values in self.values.items():
            line = f"  {name}: {format_interval(bootstrap(values, seed=self.seed))}"
            lines.append(line + ("" if name == FIXED else f", {self._to(FIXED, name)} to fixed"))
        if TREES in self.values and self.winner != TREES:
            lines.append(f"  {TREES} to {self.winner}: {self._to(self.winner, TREES)}")
        lines.append("by kind of request and query: what is learned acts where it is better")
        return lines + [f"  {each.line}" for each in self.segments]

    def _to(self, baseline: str, name: str) -> str:
        values = self.values
        return format_difference(paired_difference(values[name], values[baseline], seed=self.seed))

    @property
    def served(self) -> str:
        """What answers which kind of request."""
        trees = self.model.config.trees_for
        network = [kind for kind in self.model.config.kinds if kind not in trees]
        if not trees or not network:
            return self.winner
        return f"{TREES} for {', '.join(trees)}; {self.winner} for {', '.join(network)}"

    @property
    def metrics(self) -> dict[str, Any]:
        """For the bundle's manifest."""
        metrics: dict[str, Any] = {
            "winner": self.winner, "served": self.served, "validation lists": len(self.lists),
        }  # fmt: skip
        for name, values in self.values.items():
            interval = bootstrap(values, seed=self.seed)
            metrics[f"NDCG@10, {name}"] = [interval.mean, interval.low, interval.high]
        by_kind = [each.as_data for each in self.segments]
        return metrics | {"by kind": by_kind, "history": self.histories}


def compare(
    train: Sequence[RankingList],
    validation: Sequence[RankingList],
    settings: RerankerTrainingSettings,
    fingerprint: str,
    *,
    use: str,
    checkpoints: Mapping[str, Checkpoints],
    progress: Progress,
) -> RerankerComparison:
    """Trains a network with each loss of `checkpoints`, and the trees where LightGBM is installed.

    The best network is served; `use` lightgbm serves the trees instead, `best` does so for the
    kinds of requests where they validate better. The trees learn each kind of request by itself.
    Raises SettingsError when `use` needs LightGBM and it is missing.
    """
    config = RerankerConfig(
        fingerprint=fingerprint,
        kinds=tuple(kind for kind in KINDS if any(each.kind == kind for each in train)),
        hidden=settings.hidden,
        dropout=settings.dropout,
    )
    values = {FIXED: ndcgs(validation, [each.fixed for each in validation])}
    trainers = {}
    for loss, of_loss in checkpoints.items():
        trainer = RerankerTrainer(config, settings, loss, train, validation)
        trainers[loss] = trainer.run(of_loss, progress)
        values[loss] = ndcgs(validation, residual_scores(trainer.residual, validation))
    winner = max(trainers, key=lambda loss: float(np.nanmean(values[loss])))
    trees = _trees(train, validation, config.kinds, settings, use=use, progress=progress)
    served_by_trees: tuple[str, ...] = ()
    if trees:
        values[TREES] = _by_kind(trees, validation, values[FIXED])
        if use == TREES:
            served_by_trees = tuple(trees)
        elif use == BEST:
            served_by_trees = tuple(
                kind for kind in trees
                if _mean_of(kind, values[TREES], validation)
                > _mean_of(kind, values[winner], validation)
            )  # fmt: skip
    residual = trainers[winner].residual
    learned = _learned_scores(residual, {k: trees[k] for k in served_by_trees}, validation)
    segments = segment_scales(validation, learned, settings.seed)
    scales = tuple(LearnedScale(e.segment, e.scale) for e in segments if e.scale)
    scores = served_scores(validation, learned, scales)
    values[SERVED] = ndcgs(validation, scores)
    config = replace(config, trees_for=served_by_trees, scales=scales)
    model = LearnedReranker(config, trees={kind: trees[kind] for kind in served_by_trees})
    model.residual.load_state_dict(residual.state_dict())
    if served_by_trees == config.kinds:
        winner = TREES
    histories = {loss: trainer.history for loss, trainer in trainers.items()}
    return RerankerComparison(
        model=model,
        winner=winner,
        values=values,
        lists=validation,
        segments=segments,
        scores=scores,
        seed=settings.seed,
        histories=histories,
    )


def _learned_scores(
    residual: Residual, trees: Mapping[str, Any], lists: Sequence[RankingList]
) -> list[Floats]:
    """The learned scores of each list: of the trees where its kind of request has some."""
    scores = residual_scores(residual, lists)
    for kind, booster in trees.items():
        numbers = [number for number, each in enumerate(lists) if each.kind == kind]
        own = [lists[number] for number in numbers]
        for number, each, by_trees in zip(numbers, own, tree_scores(booster, own), strict=True):
            scores[number] = on_scale_of(each.fixed, by_trees) if len(each) else each.fixed
    return scores


def _by_kind(trees: Mapping[str, Any], lists: Sequence[RankingList], fixed: Values) -> Values:
    """NDCG@10 of each list by the trees of its kind; `fixed` for a kind without trees."""
    values = fixed.copy()
    for kind, booster in trees.items():
        own = [each for each in lists if each.kind == kind]
        values[_of_kind(kind, lists)] = ndcgs(own, tree_scores(booster, own))
    return values


def _of_kind(kind: str, lists: Sequence[RankingList]) -> list[bool]:
    return [each.kind == kind for each in lists]


def _mean_of(kind: str, values: Values, lists: Sequence[RankingList]) -> float:
    own = values[_of_kind(kind, lists)]
    return float(np.nanmean(own)) if np.isfinite(own).any() else float("-inf")


def _trees(
    train: Sequence[RankingList],
    validation: Sequence[RankingList],
    kinds: Sequence[str],
    settings: RerankerTrainingSettings,
    *,
    use: str,
    progress: Progress,
) -> dict[str, Any]:
    """The trees of each kind; none where LightGBM is not installed."""
    try:
        import lightgbm  # noqa: F401
    except ImportError as error:
        if use in (TREES, BEST):
            raise SettingsError(
                f"--use {use}: LightGBM is not installed: pip install lightgbm"
            ) from error
        progress.note("LightGBM is not installed: no rival in the table")
        return {}
    progress.start("LightGBM's LambdaMART", len(kinds))
    trees = {}
    for kind in kinds:
        own, held_out = ([e for e in lists if e.kind == kind] for lists in (train, validation))
        trees[kind] = train_trees(own, held_out, settings.trees, settings.seed)
        progress.advance(1)
    progress.close()
    return trees
