"""`learn user-model`, from files to a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.learned_bundle import ITEM_HALVES, USER_MODEL, draft_bundle
from indexer.bundle.model_bundle import fit_bundle
from indexer.bundle.projections import Projections, fit_projections
from indexer.catalogue.items import Item
from indexer.catalogue.survey.statistics import Statistics
from indexer.encoder_spec import EncoderSpec
from indexer.settings import EncoderSettings
from learning.data import sessions as session_data
from learning.data.behaviour import read_rows, read_sequences
from learning.data.sessions import Session
from learning.data.splits import split_of
from learning.data.tables import DatasetError
from learning.data.ubi_sources import read_file as read_log
from learning.evaluation.measures.intervals import Interval, bootstrap
from learning.training.checkpoints import Checkpoints
from learning.training.runs import CatalogueRun, Provenance
from learning.training.user_model.gates import NEGATIVES, GateExampleMaker, Gates, train_gates
from learning.training.user_model.trainer import (
    TrainingSessions,
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
COLD = 5  # an item acted on no more often is a cold one; a user with no more events likewise


@dataclass(frozen=True, kw_only=True)
class LearnUserModel(CatalogueRun):
    """The options of the command; `run` does it."""

    settings: UserModelTrainingSettings
    whole: bool = False  # learn from the last events too
    dims: int = 128

    def run(self) -> list[str]:
        """Reads, trains, writes the bundle; the lines to print.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, and what loading an
        encoder raises.
        """
        from indexer.encoder.loading import load_encoder

        base = self.open_base()
        items, _ = self.read_catalogue()
        ids = [item.item_id for item in items]
        train, validation, texts = self._sessions({item_id: row for row, item_id in enumerate(ids)})
        provenance = Provenance(
            self.settings.seed,
            {**asdict(self.settings), "dims": self.dims},
            (self.items_file, self.sequences_file, self.rows_file, self.events_file,
             self.users_not_in),
        )  # fmt: skip

        # The encoder of `base` or of the settings, without learned item halves.
        encoder = load_encoder(load(EncoderSettings, bundle=self.base, layout="sum"))
        self.progress.start("encode the catalogue", len(items))
        embeddings = encoder.encode_items([item.text for item in items])
        self.progress.close()
        meaning_dims = load(EncoderSettings).meaning_dims
        M, K = (min(dims, encoder.spec.dimension) for dims in (meaning_dims, self.dims))
        fitted = fit_projections(embeddings, M, K)
        config = UserModelConfig(behaviour_dims=K, meaning_dims=M, width=max(K // 2 * 2, 2))
        queries = np.zeros((0, M), dtype=np.float32)
        if texts:
            queries = fitted.meaning(encoder.encode_queries(texts))
        trainer = UserModelTrainer(
            config,
            self.settings,
            embeddings,
            fitted,
            TrainingSessions(train, validation, queries),
        )
        checkpoints = Checkpoints(
            self.checkpoints,
            {**provenance.settings, **provenance.data, "dims": K, "whole": self.whole,
             "encoder": encoder.spec.fingerprint},
        )  # fmt: skip
        trainer.run(checkpoints, self.progress)

        measured = _measured(trainer, validation)
        acted_on = np.flatnonzero(trainer.counts).tolist()
        halves = trainer.table.projections(fitted, ids, acted_on)
        spec = encoder.spec.with_halves(len(halves.P_M), len(halves.P_K), halves.fingerprint)
        gates = self._gates(
            trainer, encoder, spec=spec, items=items, embeddings=embeddings, halves=halves
        )
        model = trainer.model
        model.config = replace(
            model.config,
            fingerprint=spec.fingerprint,
            gates_learned=gates is not None and gates.pays,
        )
        entry = provenance.manifest_entry({
            "epochs": trainer.history,
            "validation": {name: asdict(interval) for name, interval in measured.items()},
            "gates": None if gates is None else asdict(gates),
        })  # fmt: skip
        with draft_bundle(self.out, base) as draft:
            folder = draft.folder(ITEM_HALVES)
            halves.save(folder)
            entry |= self.write_people(folder)
            about = {"encoder": encoder.spec.model, "encoder_weights": encoder.spec.weights_hash}
            draft.set_provenance(ITEM_HALVES, {**entry, **about, "fingerprint": halves.fingerprint})
            folder = draft.folder(USER_MODEL)
            model.save(folder)
            entry |= self.write_people(folder)
            draft.set_provenance(USER_MODEL, {**entry, "fingerprint": spec.fingerprint})
        checkpoints.clear()
        first = trainer.history[0]
        return [
            f"learned from {len(train)} sessions on {len(acted_on)} items, validated on the "
            f"last event of {len(validation)} users, over the whole catalogue",
            f"before training: NDCG@10 {first['NDCG@10']:.4f}, Recall@10 {first['Recall@10']:.4f} "
            "(the formulas)",
            *(f"{name}: {each.mean:.4f} [{each.low:.4f}, {each.high:.4f}] of {each.count}"
              for name, each in measured.items()),
            f"cold: acted on at most {COLD} times, or with at most {COLD} events",
            _on_gates(gates),
            *self.remarks,
            f"wrote {self.out}. Next: LIVE_INTENT_BUNDLE={self.out} live-intent index rebuild "
            f"{self.items_file}",
        ]  # fmt: skip

    def _sessions(self, rows: Mapping[str, int]) -> tuple[list[Session], list[Session], list[str]]:
        """Sessions to train on; to validate with, their last step the target; their queries' texts.

        `rows` gives an item's row by its id.
        """
        texts: list[str] = []
        sessions: list[Session] = []
        if self.sequences_file is not None:
            sequences = read_sequences(self.sequences_file, rows)
            self.remarks.extend(sequences.remarks.lines())
            sessions += session_data.from_sequences(sequences, rows, sequences.item_ids)
            self.people.update(sequences.item_ids)
        elif self.rows_file is not None:
            visits = read_rows(self.rows_file, rows)
            self.remarks.extend(visits.remarks.lines())
            users = {row.user_id for row in visits.rows}
            self.people.update(users)
            sessions += session_data.from_rows(visits.rows, rows, users)
        if self.events_file is not None:
            log = read_log(self.events_file)
            of_log, texts = session_data.from_log(log, rows)
            sessions += of_log
            self.add_log_remarks(log)
        usable = [session for session in sessions if session.user_id not in self.excluded_users]
        if excluded := len(sessions) - len(usable):
            self.remarks.append(f"{excluded} sessions of users kept apart were left out")
        sides = session_data.split_users({s.user_id for s in usable}, self.users_not_in is not None)
        train_users, validation_users = map(frozenset, sides)
        train = [s for s in usable if s.user_id in train_users]
        validation = session_data.up_to_last(s for s in usable if s.user_id in validation_users)
        # What the validation users did before their last event teaches too.
        train = train if self.whole else session_data.without_last(train)
        train += session_data.without_last(validation)
        if len(train) < FEWEST_SESSIONS or not validation:
            raise DatasetError(
                f"only {len(train)} sessions to learn from and {len(validation)} to validate "
                f"with: at least {FEWEST_SESSIONS} sessions of three events are wanted"
            )
        return train, validation, texts

    def _gates(
        self,
        trainer: UserModelTrainer,
        encoder: "Encoder",
        *,
        spec: EncoderSpec,
        items: Sequence[Item],
        embeddings: NDArray[np.float32],
        halves: Projections,
    ) -> Gates | None:
        """Learns the gates from the rows with a query; None where there are too few."""
        if self.rows_file is None:
            return None
        ids = [item.item_id for item in items]
        rows = read_rows(self.rows_file, frozenset(ids)).rows
        usable = [row for row in rows if row.query and row.user_id not in self.excluded_users]
        train, validation = (
            [row for row in usable if split_of(row.user_id) == side][:MOST_ROWS]
            for side in ("train", "validation")
        )
        if len(train) < FEWEST_SESSIONS or len(validation) < FEWEST_SESSIONS:
            self.progress.note(
                f"only {len(train)} rows with a query to learn the gates from and "
                f"{len(validation)} to validate with: alpha, beta and demand stay as they are"
            )
            return None
        self.progress.start("fit W_uq and W_ua")
        bundle = fit_bundle(
            "", spec, items, embeddings, projections=halves, statistics=Statistics(len(items))
        )
        self.progress.close()
        vectors, seed = halves.item_vectors(embeddings, ids), self.settings.seed
        maker = GateExampleMaker(items, bundle, vectors, encoder.encode_queries, seed)
        return train_gates(trainer.model, maker, train, validation, self.progress)


def _measured(trainer: UserModelTrainer, validation: Sequence[Session]) -> dict[str, Interval]:
    """Figures on validation users: of all, and of cold and warm items and users apart."""
    values = whole_catalogue(trainer, validation)
    cold_item = np.array([trainer.counts[s.item[-1]] <= COLD for s in validation])
    cold_user = np.array([(s.item >= 0).sum() - 1 <= COLD for s in validation])
    measured = {name: bootstrap(v) for name, v in values.items()}
    for label, mask in (
        ("cold items", cold_item), ("warm items", ~cold_item),
        ("cold users", cold_user), ("warm users", ~cold_user),
    ):  # fmt: skip
        if mask.any():
            measured |= {f"{name}, {label}": bootstrap(v[mask]) for name, v in values.items()}
    return measured


def _on_gates(gates: Gates | None) -> str:
    if gates is None:
        return "gates: not learned (that wants --rows with queries)"
    verdict = "used" if gates.pays else "not significantly better, so the fixed weights stay"
    fixed, learned, gain = gates.fixed, gates.learned, gates.difference
    return (
        f"gates: NDCG@10 of R . g among {NEGATIVES + 1} items that answer the query, "
        f"{fixed.count} validation rows: {fixed.mean:.4f} fixed, {learned.mean:.4f} learned, "
        f"difference {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]: {verdict}"
    )
