"""`learn encoder`, from files to a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from indexer.bundle.learned_bundle import ENCODER, draft_bundle
from indexer.encoder.model_names import model_folder, shown_name
from indexer.settings import EncoderSettings
from learning.data.behaviour import read_rows
from learning.data.datasets import read_judgments
from learning.data.tables import DatasetError
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.report.report import format_difference, format_interval
from learning.training.checkpoints import Checkpoints
from learning.training.encoder.hard_negatives import with_hard_negatives
from learning.training.encoder.query_pairs import (
    QueryPairs,
    Side,
    ValidationPool,
    from_catalogue,
    from_grades,
)
from learning.training.encoder.trainable_encoder import TrainableEncoder
from learning.training.encoder.trainer import EncoderTrainer, EncoderTrainingSettings
from learning.training.runs import CatalogueRun, Provenance
from plugin_config.settings import load

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder

FEWEST_PAIRS = 20
POOL, POOL_QUERIES = 4000, 500  # items and queries of a validation
ENCODE_BATCH = 4096  # items, between two reports of progress
Grades = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class LearnEncoder(CatalogueRun):
    """The options of the command; `run` does it."""

    settings: EncoderTrainingSettings
    relevant: float = 2.67
    depth: int = 50  # of each kind of hard negatives

    def run(self) -> list[str]:
        """Reads, mines, trains, writes the bundle; the lines to print.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, SettingsError, and what
        loading an encoder raises.
        """
        from indexer.encoder.loading import load_encoder

        base = self.open_base()
        provenance = Provenance(
            self.settings.seed,
            {**asdict(self.settings), "relevant": self.relevant, "depth": self.depth},
            (self.items_file, self.judgments_file, self.rows_file),
        )
        items, catalogue = self.read_catalogue()
        ids, texts = [item.item_id for item in items], [item.text for item in items]
        self.remarks.extend(catalogue.remarks)
        grades = self._grades(catalogue.ids)
        train, held_out = (
            self._pairs(grades, ids, texts, side) for side in ("train", "validation")
        )
        _check(train, held_out, "items" if grades is None else "queries")
        for line in self.remarks:
            self.progress.note(line)

        chosen = load(EncoderSettings, bundle=self.base, layout="sum")
        encoder = load_encoder(chosen)
        if grades is not None:
            train, held_out = self._with_hard_negatives(encoder, texts, train, held_out)
        if base is not None and base.has(ENCODER):
            folder, name = base.path(ENCODER), encoder.spec.model
        else:
            folder = model_folder(chosen.encoder, chosen.models_dir)
            name = f"{shown_name(chosen.encoder)}-tuned"
        trainable = TrainableEncoder(
            folder, encoder.spec, method=self.settings.method, rank=self.settings.rank,
            dropout=0.1 if grades is None else 0.0, device=self.settings.device,
        )  # fmt: skip
        pool = ValidationPool.draw(held_out, len(texts), POOL, POOL_QUERIES, self.settings.seed)
        checkpoints = Checkpoints(
            self.checkpoints,
            {**provenance.settings, **provenance.data, "encoder": encoder.spec.weights_hash},
        )
        trainer = EncoderTrainer(trainable, self.settings, texts, train, pool, views=grades is None)
        trainer.run(checkpoints, self.progress)
        weights = sum(parameter.numel() for parameter in trainable.trained().values())
        reached = bootstrap(trainer.best, seed=self.settings.seed)
        gain = paired_difference(trainer.best, trainer.first, seed=self.settings.seed)
        metrics = {
            "looks": trainer.history, "steps": trainer.steps, "trained weights": weights,
            "validation": {"NDCG@10": asdict(reached)}, "gain": {"NDCG@10": asdict(gain)},
        }  # fmt: skip
        with draft_bundle(self.out, base) as draft:
            part = draft.folder(ENCODER)
            trainable.save(part)
            entry = provenance.manifest_entry(
                metrics, name=name, learned_on=encoder.spec.weights_hash
            )
            draft.set_provenance(ENCODER, entry | self.write_people(part))
        checkpoints.clear()
        return [
            *_report(trainer),
            f"with its interval {format_interval(reached)}, {format_difference(gain)} to before; "
            f"{weights:,} weights were trained ({self.settings.method})",
            f"the bundle is {self.out}",
        ]

    def _grades(self, item_ids: frozenset[str]) -> Grades | None:
        """Grades by query and item, a row's target graded `relevant`; None: no file of queries."""
        if not (self.judgments_file or self.rows_file):
            return None
        grades: dict[str, dict[str, float]] = {}
        if self.judgments_file is not None:
            judgments = read_judgments(self.judgments_file, item_ids)
            self.remarks.extend(judgments.remarks.lines())
            grades |= {query: dict(of_query) for query, of_query in judgments.grades.items()}
        if self.rows_file is not None:
            visits = read_rows(self.rows_file, item_ids)
            self.remarks.extend(visits.remarks.lines())
            self.people.update(row.user_id for row in visits.rows if row.query)
            for row in visits.rows:
                if row.query:
                    grades.setdefault(row.query, {}).setdefault(row.target, self.relevant)
        return grades

    def _pairs(
        self, grades: Grades | None, ids: Sequence[str], texts: Sequence[str], side: Side
    ) -> QueryPairs:
        if grades is None:
            return from_catalogue(texts, ids, side, self.settings.seed)
        rows = {item_id: row for row, item_id in enumerate(ids)}
        return from_grades(grades, rows, self.relevant, side)

    def _with_hard_negatives(
        self, encoder: "Encoder", texts: Sequence[str], *sides: QueryPairs
    ) -> list[QueryPairs]:
        self.progress.start("encode the catalogue", len(texts))
        blocks = []
        for first in range(0, len(texts), ENCODE_BATCH):
            blocks.append(encoder.encode_items(texts[first : first + ENCODE_BATCH]))
            self.progress.advance(len(blocks[-1]))
        self.progress.close()
        vectors = np.concatenate(blocks)
        return [
            with_hard_negatives(
                side, encoder.encode_queries(side.queries), vectors, texts, self.depth
            )
            for side in sides
        ]


def _check(train: QueryPairs, held_out: QueryPairs, what: str) -> None:
    for side, name in ((train, "train"), (held_out, "validation")):
        if len(side.pairs) < FEWEST_PAIRS:
            raise DatasetError(
                f"only {len(side.pairs)} pairs of a query and an item that answers it are on the "
                f"{name} side (of {what}, by a hash; see --relevant): at least {FEWEST_PAIRS} are "
                "needed. Give more, or leave the queries out and learn from the catalogue alone"
            )


def _report(trainer: EncoderTrainer) -> list[str]:
    train, pool, history = trainer.train, trainer.pool, trainer.history
    first, best = history[0], max(history, key=lambda row: row["NDCG@10"])
    of = "views of items" if trainer.views else f"{len(train.relevant)} queries"
    return [
        f"learned from {len(train.pairs)} pairs ({of}) in {trainer.steps} steps",
        f"validation NDCG@10 by meaning alone, {len(pool.queries)} queries in a pool of "
        f"{len(pool.rows)} items: {first['NDCG@10']:.4f} before, {best['NDCG@10']:.4f} after step "
        f"{best['step']:g}, which is kept",
    ]
