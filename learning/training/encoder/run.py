"""`learn encoder`, from files to a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.bundle.learned_bundle import ENCODER, LearnedBundle, check_free, writing
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import items_of_file
from indexer.encoder.model_names import model_folder, shown_name
from indexer.progress import Progress
from indexer.settings import EncoderSettings
from learning.data.behaviour import read_rows
from learning.data.datasets import read_items_file, read_judgments
from learning.data.tables import DatasetError
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.report.report import signed
from learning.evaluation.report.report import told as shown
from learning.training.encoder.hard_negatives import with_hard_negatives
from learning.training.encoder.query_pairs import QueryPairs, Side, from_catalogue, from_grades
from learning.training.encoder.trainable_encoder import TrainableEncoder
from learning.training.encoder.trainer import Pool, Tuned, Tuner, TuningSettings
from learning.training.runs import Checkpoints, Provenance, TensorBoardLog
from plugin_config.settings import load

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder

FEWEST_PAIRS = 20
POOL, POOL_QUERIES = 4000, 500  # items and queries of a validation
Grades = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class LearnEncoder:
    """All that the command was told; `run` does it."""

    items_file: Path
    out: Path
    progress: Progress
    settings: TuningSettings
    judgments_file: Path | None = None
    rows_file: Path | None = None
    relevant: float = 2.67
    depth: int = 50  # of each kind of hard negatives
    base: Path | None = None
    checkpoints: Path | None = None
    columns: Sequence[str] = ()

    def run(self) -> list[str]:
        """Reads, mines, trains, writes the bundle; what is to be told of it, line by line.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, SettingsError, and what
        loading an encoder raises.
        """
        from indexer.encoder.loading import load_encoder

        check_free(self.out)
        base = LearnedBundle.open(self.base) if self.base else None
        told = {**asdict(self.settings), "relevant": self.relevant, "depth": self.depth}
        provenance = Provenance(self.settings.seed, told, self._files())
        mapping = ColumnMap.parse(self.columns, None, ())
        items = items_of_file(self.items_file, mapping)
        ids, texts = [item.item_id for item in items], [item.text for item in items]
        lines = read_items_file(self.items_file, mapping).remarks
        grades = self._grades(ids, lines)
        train, held = (self._pairs(grades, ids, texts, side) for side in ("train", "validation"))
        _check(train, held, "items" if grades is None else "queries")
        for line in lines:
            self.progress.note(line)

        chosen = load(EncoderSettings, bundle=self.base, layout="sum")
        encoder = load_encoder(chosen)
        if grades is not None:
            train, held = self._mined(encoder, texts, train, held)
        known = base is not None and base.has(ENCODER)
        folder = (
            base.path(ENCODER)
            if base is not None and known
            else model_folder(chosen.encoder, chosen.models_dir)
        )
        trainable = TrainableEncoder(
            folder, encoder.spec, method=self.settings.method, rank=self.settings.rank,
            dropout=0.1 if grades is None else 0.0, device=self.settings.device,
        )  # fmt: skip
        pool = Pool.draw(held, len(texts), POOL, POOL_QUERIES, self.settings.seed)
        identity = {**told, "encoder": encoder.spec.weights_hash, **provenance.told({})["data"]}
        board = TensorBoardLog(self.checkpoints / "tensorboard" if self.checkpoints else None)
        checkpoints = Checkpoints(self.checkpoints, identity)
        tuner = Tuner(trainable, self.settings, texts, train, pool, views=grades is None)
        tuned = tuner.run(checkpoints, board, self.progress)
        board.close()
        weights = sum(parameter.numel() for parameter in trainable.trained().values())
        reached = bootstrap(tuned.best, seed=self.settings.seed)
        gain = paired_difference(tuned.best, tuned.first, seed=self.settings.seed)
        metrics = {
            "looks": tuned.history, "steps": tuned.steps, "trained weights": weights,
            "validation": {"NDCG@10": asdict(reached)}, "gain": {"NDCG@10": asdict(gain)},
        }  # fmt: skip
        name = encoder.spec.model if known else f"{shown_name(chosen.encoder)}-tuned"
        with writing(self.out, base) as draft:
            trainable.save(draft.folder(ENCODER))
            draft.tell(
                ENCODER,
                provenance.told(metrics, name=name, learned_on=encoder.spec.weights_hash),
            )
        checkpoints.clear()
        return [
            *_report(tuned, train, pool, grades is None),
            f"with its interval {shown(reached)}, {signed(gain)} to before; "
            f"{weights:,} weights were trained ({self.settings.method})",
            f"the bundle is {self.out}",
        ]

    def _files(self) -> list[Path]:
        files = (self.items_file, self.judgments_file, self.rows_file)
        return [path for path in files if path is not None]

    def _grades(self, ids: Sequence[str], lines: list[str]) -> Grades | None:
        """What was judged or wanted, by query and item; None: there is the catalogue alone."""
        known = frozenset(ids)
        found: dict[str, dict[str, float]] = {}
        if self.judgments_file is not None:
            judgments = read_judgments(self.judgments_file, known)
            lines += judgments.remarks.lines()
            found |= {query: dict(grades) for query, grades in judgments.grades.items()}
        if self.rows_file is not None:
            wanted = read_rows(self.rows_file, known)
            lines += wanted.remarks.lines()
            for row in wanted.rows:
                if row.query:
                    found.setdefault(row.query, {}).setdefault(row.target, self.relevant)
        return found if self.judgments_file or self.rows_file else None

    def _pairs(
        self, grades: Grades | None, ids: Sequence[str], texts: Sequence[str], side: Side
    ) -> QueryPairs:
        if grades is None:
            return from_catalogue(texts, ids, side, self.settings.seed)
        rows = {item_id: row for row, item_id in enumerate(ids)}
        return from_grades(grades, rows, self.relevant, side)

    def _mined(
        self, encoder: "Encoder", texts: Sequence[str], *sides: QueryPairs
    ) -> list[QueryPairs]:
        self.progress.start("encode the catalogue", len(texts))
        step = 4096
        parts = []
        for first in range(0, len(texts), step):
            parts.append(encoder.encode_items(texts[first : first + step]))
            self.progress.advance(len(parts[-1]))
        self.progress.close()
        import numpy as np

        vectors = np.concatenate(parts)
        return [
            with_hard_negatives(
                side, encoder.encode_queries(side.queries), vectors, texts, self.depth
            )
            for side in sides
        ]


def _check(train: QueryPairs, held: QueryPairs, what: str) -> None:
    for side, name in ((train, "train"), (held, "validation")):
        if len(side.pairs) < FEWEST_PAIRS:
            raise DatasetError(
                f"only {len(side.pairs)} pairs of a query and an item that answers it are on the "
                f"{name} side (of {what}, by a hash; see --relevant): at least {FEWEST_PAIRS} are "
                "needed. Give more, or leave the queries out and learn from the catalogue alone"
            )


def _report(tuned: Tuned, train: QueryPairs, pool: Pool, views: bool) -> list[str]:
    first, best = tuned.history[0], max(tuned.history, key=lambda row: row["NDCG@10"])
    of = "views of items" if views else f"{len(train.good)} queries"
    return [
        f"learned from {len(train.pairs)} pairs ({of}) in {tuned.steps} steps",
        f"validation NDCG@10 by meaning alone, {len(pool.queries)} queries in a pool of "
        f"{len(pool.rows)} items: {first['NDCG@10']:.4f} before, {best['NDCG@10']:.4f} after step "
        f"{best['step']:g}, which is kept",
    ]
