"""`learn reranker`, from files to a bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.bundle.learned_bundle import RERANKER, draft_bundle
from indexer.settings import IndexSettings
from learning.data.behaviour import PastEvent, read_rows, read_sequences, read_user_ids
from learning.data.datasets import ItemsFile, read_judgments
from learning.data.negatives import PopularityDraw
from learning.data.propensities import estimate
from learning.data.sessions import split_users
from learning.data.splits import split_of
from learning.data.tables import DatasetError
from learning.data.ubi_log import observations
from learning.data.ubi_sources import read_file
from learning.data.users import Users
from learning.evaluation.popularity import Popularity, counted
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Setup, Workbench
from learning.training.checkpoints import Checkpoints
from learning.training.reranker import changed_pages, labelled_requests
from learning.training.reranker.cooccurrence_counts import cross_fitted, fit, fold_of
from learning.training.reranker.labelled_requests import LabelledRequest
from learning.training.reranker.ranking_lists import ListMaker, RankingList
from learning.training.runs import LearningRun, Provenance
from plugin_config.settings import load
from query_service.ranking.learned.cooccurrence import Cooccurrence

if TYPE_CHECKING:
    from learning.training.reranker.trainer import RerankerTrainingSettings

FEWEST = 20  # informative lists
MOST_CANDIDATES = 64  # of a list to train on: those with a gain, and others by chance
MOST_VALIDATION = 2000
Visits = Mapping[str, tuple[str, ...]]  # items by user, oldest first


@dataclass(frozen=True, kw_only=True)
class LearnReranker(LearningRun):
    """The options of the command; `run` does it."""

    setup: Setup
    settings: "RerankerTrainingSettings"
    popularity_from: Path | None = None
    most: int = 6000  # lists to train on
    negatives: int = 99
    relevant: float = 2.67
    clip: float = 0.05
    use: str = "network"
    losses: Sequence[str] = ("pairwise", "pairwise+listwise")
    neighbours: bool = True  # count co-occurrence

    def run(self) -> list[str]:
        """Reads, asks the index, trains, writes the bundle; the lines to print.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, ClusterUnavailable.
        """
        from learning.training.reranker.comparison import compare

        base = self.open_base()
        items, mapping = self.setup.read_items()
        labelled = self._labelled_requests(items)
        names = ("most", "negatives", "relevant", "clip", "neighbours", "use", "losses")
        provenance = Provenance(
            self.settings.seed,
            {**asdict(self.settings), **{name: getattr(self, name) for name in names}},
            (self.setup.items_file, self.rows_file, self.sequences_file, self.judgments_file,
             self.events_file, self.users_not_in, self.popularity_from),
        )  # fmt: skip
        requests = self._divided(labelled)
        visits = self._visits(items, labelled) if self.neighbours else {}
        self.people.update(visits)
        if self.popularity_from is not None:
            self.people.update(read_user_ids(self.popularity_from))
        popularity = Popularity.read(
            self.popularity_from, items.ids, Users(without=self.excluded_users), frozenset()
        )
        with popularity.workbench(self.setup, items, mapping) as bench:
            # All that decides what the lists hold, beside the requests themselves.
            identity: dict[str, Any] = {
                **provenance.data,
                "base": dict(base.provenance) if base else {},
                "encoder": bench.encoder.spec.fingerprint,
                "index": bench.names.prefix,
                "draw": [self.negatives, self.relevant, self.clip, self.neighbours,
                         self.setup.seed],
            }  # fmt: skip
            lists, validation = self._lists(bench, *requests, visits, identity)
            fingerprint = bench.encoder.spec.fingerprint
        train = [each for each in lists if each.is_informative]
        if len(train) < FEWEST or not validation:
            raise DatasetError(
                f"only {len(train)} lists to learn from and {len(validation)} to validate with: at "
                f"least {FEWEST} that hold a wanted item and others are needed"
            )
        identity |= {**asdict(self.settings), "lists": len(train)}
        checkpoints = {
            loss: Checkpoints(self.checkpoints, {**identity, "loss": loss}, loss)
            for loss in self.losses
        }
        comparison = compare(
            train, validation, self.settings, fingerprint,
            use=self.use, checkpoints=checkpoints, progress=self.setup.progress,
        )  # fmt: skip
        model = comparison.model
        model.cooccurrence = fit(list(visits.values())) if visits else None
        with draft_bundle(self.out, base) as draft:
            folder = draft.folder(RERANKER)
            model.save(folder)
            entry = provenance.manifest_entry(comparison.metrics, lists=len(train))
            draft.set_provenance(RERANKER, entry | self.write_people(folder))
        for of_loss in checkpoints.values():
            of_loss.clear()
        kinds = Counter(each.kind for each in train)
        answerable = [each for each in validation if each.ideal > 0]
        lacking = sum(not each.validation_gains.any() for each in answerable)
        return [
            f"learned from {len(train)} lists ("
            + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
            + f"); {len(lists) - len(train)} others had no wanted item among the candidates",
            f"validated on {len(answerable)}, of which {lacking} lack the wanted item "
            "(they count 0)",
            *comparison.lines,
            *changed_pages.lines_of(
                validation,
                comparison.scores,
                least=load(IndexSettings).suggest_min_sessions,
            ),
            *self.remarks,
            f"wrote {self.out}. Next: LIVE_INTENT_BUNDLE={self.out} live-intent index rebuild "
            f"{self.setup.items_file}, then live-intent serve with the same setting (if only the "
            "re-ranker is new, serve alone)",
        ]

    def _labelled_requests(self, items: ItemsFile) -> list[LabelledRequest]:
        """The requests of all files, of users that are not excluded. Raises DatasetError."""
        labelled: list[LabelledRequest] = []
        drawn = None
        if self.sequences_file is not None:
            sequences = read_sequences(self.sequences_file, items.ids)
            self.remarks.extend(sequences.remarks.lines())
            users = [user for user in sequences.item_ids if user not in self.excluded_users]
            self.people.update(users)
            drawn = PopularityDraw(counted(sequences, users), self.settings.seed)
            last_items = labelled_requests.rows_of(sequences, users)
            labelled += labelled_requests.from_rows(last_items, drawn, self.negatives)
        if self.rows_file is not None:
            visits = read_rows(self.rows_file, items.ids)
            self.remarks.extend(visits.remarks.lines())
            rows = [row for row in visits.rows if row.user_id not in self.excluded_users]
            self.people.update(row.user_id for row in rows)
            if excluded := len(visits.rows) - len(rows):
                self.remarks.append(f"{excluded} rows of users kept apart were left out")
            labelled += labelled_requests.from_rows(rows, drawn, self.negatives)
        if self.judgments_file is not None:
            judgments = read_judgments(self.judgments_file, items.ids)
            self.remarks.extend(judgments.remarks.lines())
            labelled += labelled_requests.from_judgments(judgments, self.relevant)
        if self.events_file is not None:
            log = read_file(self.events_file)
            self.add_log_remarks(log)
            propensities = estimate(*observations(log.impressions))
            labelled += labelled_requests.from_log(log, propensities, self.clip)
        if not labelled:
            raise DatasetError("nothing to learn from is left: see the remarks on the files")
        return labelled

    def _divided(
        self, labelled: Sequence[LabelledRequest]
    ) -> tuple[list[LabelledRequest], list[LabelledRequest]]:
        """To train on and to validate with, by owner; at most `most` and MOST_VALIDATION.

        The test split is left out, unless a test of users is kept apart by a file.
        """
        ordered = sorted(labelled, key=lambda each: labelled_requests.random_order(each.key))
        test_apart = self.users_not_in is not None and self.judgments_file is None
        users = split_users({each.owner for each in labelled}, test_apart)
        train_owners, validation_owners = map(frozenset, users)
        train = [
            each for each in ordered
            if each.owner in train_owners and not each.only_validates
        ]  # fmt: skip
        validation = [each for each in ordered if each.owner in validation_owners]
        return train[: self.most], validation[:MOST_VALIDATION]

    def _visits(self, items: ItemsFile, labelled: Sequence[LabelledRequest]) -> Visits:
        """Visits that co-occurrence is counted in: the sequences, or those of the requests.

        Users of --users-not-in are left out; without that option, those of the test split: a count
        that includes a user's last item makes an evaluation on that user void.
        """
        visits = labelled_requests.visits_of(labelled)
        source = self.sequences_file or self.popularity_from
        if source is not None:
            sequences = read_sequences(source, items.ids).item_ids
            visits |= {u: ids for u, ids in sequences.items() if u not in self.excluded_users}
        if self.users_not_in is None:
            return {user: ids for user, ids in visits.items() if split_of(user) != "test"}
        return visits

    def _lists(
        self,
        bench: Workbench,
        train: Sequence[LabelledRequest],
        validation: Sequence[LabelledRequest],
        visits: Visits,
        identity: Mapping[str, Any],
    ) -> list[list[RankingList]]:
        """The lists to train on, and those to validate with."""
        from query_service.replay.encoded_queries import EncodedQueries

        folds = cross_fitted(visits) if visits else []

        def of_other_visitors(labelled: LabelledRequest) -> Cooccurrence | None:
            return folds[fold_of(labelled.visitor)] if folds else None

        both = [*train, *validation]
        queries = [q.request.query for q in both if hasattr(q.request, "query") and q.request.query]
        encoder = EncodedQueries(bench.encoder, queries) if queries else bench.encoder
        histories: dict[str, Sequence[PastEvent]] = {
            each.request.session_id: each.history for each in both if each.history
        }
        visitors = bench.visitors(histories)
        # The re-ranker that is learned reads titles: so must the pipeline that makes its lists.
        with bench.pipeline(WHOLE, encoder=encoder, visitors=visitors, titles=True) as pipeline:
            return [
                ListMaker(pipeline, of_other_visitors, most, self.setup.threads).make(
                    labelled, stage, self.setup.progress, self.checkpoints, identity
                )
                for labelled, stage, most in (
                    (train, "lists to train on", MOST_CANDIDATES),
                    (validation, "lists to validate", 0),
                )
            ]
