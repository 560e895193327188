"""`learn user-model`, from files to a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.learned_bundle import (
    ITEM_HALVES,
    USER_MODEL,
    LearnedBundle,
    check_free,
    writing,
)
from indexer.bundle.model_bundle import fit_bundle
from indexer.bundle.projections import Projections, fit_projections
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import Item, items_of_file
from indexer.catalogue.statistics import Statistics
from indexer.encoder_spec import EncoderSpec
from indexer.progress import Progress
from indexer.settings import EncoderSettings
from learning.data.behaviour import read_rows, read_sequences, read_user_ids
from learning.data.datasets import read_items_file
from learning.data.sessions import (
    Session,
    divided,
    from_log,
    from_rows,
    from_sequences,
    up_to_last,
    without_last,
)
from learning.data.splits import split_of
from learning.data.tables import DatasetError
from learning.data.ubi_sources import read_file as read_log
from learning.evaluation.measures.intervals import Interval, bootstrap
from learning.training.runs import Checkpoints, Provenance, TensorBoardLog
from learning.training.user_model.gates import OTHERS, Gates, train_gates
from learning.training.user_model.trainer import (
    Learned,
    UserModelTrainer,
    UserModelTrainingSettings,
    whole_catalogue,
)
from plugin_config.settings import load
from query_service.user.user_model import UserModelConfig

if TYPE_CHECKING:
    from indexer.encoder.encoder import Encoder

FEWEST_SESSIONS = 20
MOST_ROWS = 6000  # rows that the gates are learned from: they have 21 weights
RARE = 5  # an item acted on no more often is a cold one; a user with no more events likewise


@dataclass(frozen=True)
class LearnUserModel:
    """All that the command was told; `run` does it."""

    items_file: Path
    out: Path
    progress: Progress
    settings: UserModelTrainingSettings
    sequences_file: Path | None = None
    rows_file: Path | None = None
    events_file: Path | None = None
    users_not_in: Path | None = None
    base: Path | None = None
    checkpoints: Path | None = None
    whole: bool = False  # learn from the last events too
    dims: int = 128
    columns: Sequence[str] = ()

    def run(self) -> list[str]:
        """Reads, trains, writes the bundle; what is to be told of it, line by line.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, and what loading an
        encoder raises.
        """
        check_free(self.out)
        base = LearnedBundle.open(self.base) if self.base else None
        mapping = ColumnMap.parse(self.columns, None, ())
        items = items_of_file(self.items_file, mapping)
        ids = [item.item_id for item in items]
        rows = {item_id: row for row, item_id in enumerate(ids)}
        train, validation, texts, remarks = self._sessions(rows)
        provenance = Provenance(
            self.settings.seed, {**asdict(self.settings), "dims": self.dims}, self._files()
        )

        encoder = self._encoder()
        self.progress.start("encode the catalogue", len(items))
        embeddings = encoder.encode_items([item.text for item in items])
        self.progress.close()
        chosen = load(EncoderSettings)
        M, K = (min(d, encoder.spec.dimension) for d in (chosen.meaning_dims, self.dims))
        fitted = fit_projections(embeddings, M, K)
        config = UserModelConfig(behaviour_dims=K, meaning_dims=M, width=max(K // 2 * 2, 2))
        queries = np.zeros((0, M), dtype=np.float32)
        if texts:
            queries = fitted.meaning(encoder.encode_queries(texts))
        trainer = UserModelTrainer(
            config, self.settings, embeddings, fitted, queries, train, validation
        )
        identity = {
            **asdict(self.settings), "dims": K, "whole": self.whole,
            "encoder": encoder.spec.fingerprint, **provenance.told({})["data"],
        }  # fmt: skip
        checkpoints = Checkpoints(self.checkpoints, identity)
        board = TensorBoardLog(self.checkpoints / "tensorboard" if self.checkpoints else None)
        learned = trainer.run(checkpoints, board, self.progress)
        board.close()

        measured = _measured(trainer, learned, validation)
        halves = learned.table.projections(fitted, ids, learned.acted_on)
        gates = self._gates(encoder, items, embeddings, halves, learned)
        self._write(base, encoder, halves, learned, provenance, measured, gates)
        checkpoints.clear()
        told = _report(learned, measured, train, validation) + _gates_told(gates)
        return [*told, *remarks,
                f"wrote {self.out}. Next: LIVE_INTENT_BUNDLE={self.out} live-intent index rebuild "
                f"{self.items_file}"]  # fmt: skip

    def _files(self) -> list[Path]:
        given = (
            self.items_file, self.sequences_file, self.rows_file, self.events_file,
            self.users_not_in,
        )  # fmt: skip
        return [path for path in given if path is not None]

    def _encoder(self) -> "Encoder":
        """The encoder of the settings, or of the bundle to begin with; without item halves."""
        from indexer.encoder.loading import load_encoder

        return load_encoder(load(EncoderSettings, bundle=self.base, layout="sum"))

    def _sessions(
        self, rows: Mapping[str, int]
    ) -> tuple[list[Session], list[Session], list[str], list[str]]:
        """Sessions to train on; to validate with, their last step the target; the texts of their
        queries; and remarks.
        """
        texts: list[str] = []
        apart = read_user_ids(self.users_not_in) if self.users_not_in else frozenset()
        remarks: list[str] = []
        found: list[Session] = []
        catalogue = read_items_file(self.items_file, ColumnMap.parse(self.columns, None, ()))
        if self.sequences_file is not None:
            sequences = read_sequences(self.sequences_file, catalogue.ids)
            remarks += sequences.remarks.lines()
            found += from_sequences(sequences, rows, sequences.item_ids)
        elif self.rows_file is not None:
            visits = read_rows(self.rows_file, catalogue.ids)
            remarks += visits.remarks.lines()
            found += from_rows(visits.rows, rows, {row.user_id for row in visits.rows})
        if self.events_file is not None:
            log = read_log(self.events_file)
            of_log, texts = from_log(log, rows)
            found += of_log
            remarks += [*log.notes, *log.remarks.lines()]
            if log.simulated:
                remarks.append("the log is a published sample that a generator made: SIMULATED")
        left = [session for session in found if session.user_id not in apart]
        if len(left) < len(found):
            remarks.append(f"{len(found) - len(left)} sessions of users kept apart were left out")
        users, held = divided({s.user_id for s in left}, self.users_not_in is not None)
        train_users, held_users = frozenset(users), frozenset(held)
        train = [s for s in left if s.user_id in train_users]
        validation = up_to_last(s for s in left if s.user_id in held_users)
        # What the validation users did before their last event teaches too.
        taught = [*(train if self.whole else without_last(train)), *without_last(validation)]
        if len(taught) < FEWEST_SESSIONS or not validation:
            raise DatasetError(
                f"only {len(taught)} sessions to learn from and {len(validation)} to validate "
                f"with: at least {FEWEST_SESSIONS} sessions of three events are wanted"
            )
        return taught, validation, texts, remarks

    def _gates(
        self,
        encoder: "Encoder",
        items: Sequence[Item],
        embeddings: NDArray[np.float32],
        halves: Projections,
        learned: Learned,
    ) -> Gates | None:
        """Learns the gates from the rows with a query; None without any."""
        if self.rows_file is None:
            return None
        ids = [item.item_id for item in items]
        visits = read_rows(self.rows_file, frozenset(ids)).rows
        apart = read_user_ids(self.users_not_in) if self.users_not_in else frozenset()
        asked = [row for row in visits if row.query and row.user_id not in apart]
        train = [row for row in asked if split_of(row.user_id) == "train"][:MOST_ROWS]
        held = [row for row in asked if split_of(row.user_id) == "validation"][:MOST_ROWS]
        if len(train) < FEWEST_SESSIONS or len(held) < FEWEST_SESSIONS:
            self.progress.note(
                f"only {len(train)} rows with a query to learn the gates from and {len(held)} to "
                "validate with: alpha, beta and demand stay as they are"
            )
            return None
        spec = _spec(encoder, halves)
        self.progress.start("fit W_uq and W_ua")
        bundle = fit_bundle(
            "", spec, items, embeddings, projections=halves, statistics=Statistics(len(items))
        )
        self.progress.close()
        vectors = halves.item_vectors(embeddings, ids)
        return train_gates(
            learned.model, bundle, items, vectors, train, held, encoder.encode_queries,
            seed=self.settings.seed, progress=self.progress,
        )  # fmt: skip

    def _write(
        self,
        base: LearnedBundle | None,
        encoder: "Encoder",
        halves: Projections,
        learned: Learned,
        provenance: Provenance,
        measured: Mapping[str, Interval],
        gates: Gates | None,
    ) -> None:
        spec = _spec(encoder, halves)
        learned.model.config = replace(
            learned.model.config,
            fingerprint=spec.fingerprint,
            gates_learned=gates is not None and gates.pays,
        )
        metrics = {
            "epochs": learned.history,
            "validation": {name: asdict(interval) for name, interval in measured.items()},
            "gates": None if gates is None else asdict(gates),
        }
        told = provenance.told(metrics)
        with writing(self.out, base) as draft:
            halves.save(draft.folder(ITEM_HALVES))
            about = {"encoder": encoder.spec.model, "encoder_weights": encoder.spec.weights_hash}
            draft.tell(ITEM_HALVES, {**told, **about, "fingerprint": halves.fingerprint})
            learned.model.save(draft.folder(USER_MODEL))
            draft.tell(USER_MODEL, {**told, "fingerprint": spec.fingerprint})


def _spec(encoder: "Encoder", halves: Projections) -> EncoderSpec:
    return encoder.spec.with_halves(len(halves.P_M), len(halves.P_K), halves.fingerprint)


def _gates_told(gates: Gates | None) -> list[str]:
    if gates is None:
        return ["gates: not learned (that wants --rows with queries)"]
    verdict = "used" if gates.pays else "not surely better, so the fixed weights stay"
    one, other, gain = gates.fixed, gates.learned, gates.difference
    return [
        f"gates: NDCG@10 of R . g among {OTHERS + 1} items that answer the query, {one.count} "
        f"validation rows: {one.mean:.4f} fixed, {other.mean:.4f} learned, difference "
        f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]: {verdict}"
    ]


def _measured(
    trainer: UserModelTrainer, learned: Learned, validation: Sequence[Session]
) -> dict[str, Interval]:
    """Figures on validation users: all of them; cold items and cold users apart."""
    values = whole_catalogue(trainer, validation)
    cold_item = np.array([learned.counts[s.item[-1]] <= RARE for s in validation])
    cold_user = np.array([(s.item >= 0).sum() - 1 <= RARE for s in validation])
    found = {name: bootstrap(v) for name, v in values.items()}
    for label, mask in (
        ("cold items", cold_item), ("warm items", ~cold_item),
        ("cold users", cold_user), ("warm users", ~cold_user),
    ):  # fmt: skip
        if mask.any():
            found |= {f"{name}, {label}": bootstrap(v[mask]) for name, v in values.items()}
    return found


def _report(
    learned: Learned,
    measured: Mapping[str, Interval],
    train: Sequence[Session],
    validation: Sequence[Session],
) -> list[str]:
    first = learned.history[0]
    lines = [
        f"learned from {len(train)} sessions on {len(learned.acted_on)} items, validated on the "
        f"last event of {len(validation)} users, over the whole catalogue",
        f"before training: NDCG@10 {first['NDCG@10']:.4f}, Recall@10 {first['Recall@10']:.4f} "
        "(the formulas)",
    ]
    for name, found in measured.items():
        lines.append(
            f"{name}: {found.mean:.4f} [{found.low:.4f}, {found.high:.4f}] of {found.count}"
        )
    lines.append(f"cold: acted on at most {RARE} times, or with at most {RARE} events")
    return lines
