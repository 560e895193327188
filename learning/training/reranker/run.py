"""`learn reranker`, from files to a bundle."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.bundle.learned_bundle import RERANKER, LearnedBundle, check_free, writing
from learning.data.behaviour import PastEvent, read_rows, read_sequences, read_user_ids
from learning.data.datasets import ItemsFile, read_judgments
from learning.data.negatives import PopularityDraw
from learning.data.propensities import estimate
from learning.data.sessions import divided
from learning.data.splits import split_of
from learning.data.tables import DatasetError
from learning.data.ubi_log import observations
from learning.data.ubi_sources import read_file
from learning.data.users import Users
from learning.evaluation.popularity import Popularity, counted
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Setup, Workbench
from learning.training.reranker import labelled_requests as questions
from learning.training.reranker.cooccurrence_counts import cross_fitted, fit, fold_of
from learning.training.reranker.labelled_requests import LabelledRequest
from learning.training.reranker.ranking_lists import ListMaker, RankingList
from learning.training.runs import Checkpoints, Provenance, TensorBoardLog
from query_service.ranking.cooccurrence import Cooccurrence

if TYPE_CHECKING:
    from learning.training.reranker.trainer import RerankerTrainingSettings

FEWEST = 20  # lists that teach
MOST_CANDIDATES = 64  # of a list to train on: those with a gain, and others by chance
MOST_VALIDATION = 2000


@dataclass(frozen=True)
class LearnReranker:
    """All that the command was told; `run` does it."""

    setup: Setup
    out: Path
    settings: "RerankerTrainingSettings"
    rows_file: Path | None = None
    sequences_file: Path | None = None
    judgments_file: Path | None = None
    events_file: Path | None = None
    users_not_in: Path | None = None
    popularity_from: Path | None = None
    base: Path | None = None
    checkpoints: Path | None = None
    most: int = 6000  # lists to train on
    negatives: int = 99
    relevant: float = 2.67
    clip: float = 0.05
    use: str = "network"
    losses: Sequence[str] = ("pairwise", "pairwise+listwise")
    neighbours: bool = True
    remarks: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Reads, asks the index, trains, writes the bundle; what is to be told, line by line.

        Raises DatasetError, CatalogueError, BundleError, CheckpointError, ClusterUnavailable.
        """
        check_free(self.out)
        base = LearnedBundle.open(self.base) if self.base else None
        items, mapping = self.setup.read_items()
        asked = self._questions(items)
        provenance = Provenance(self.settings.seed, self._told(), self._files())
        train, validation = self._divided(asked)
        visits = self._visits(items, asked) if self.neighbours else {}
        without = read_user_ids(self.users_not_in) if self.users_not_in else frozenset()
        popularity = Popularity.read(
            self.popularity_from, items.ids, Users(without=without), frozenset()
        )
        with popularity.workbench(self.setup, items, mapping) as bench:
            identity = self._identity(bench, base, provenance)
            lists = self._lists(bench, train, validation, visits, identity)
            spec = bench.encoder.spec
        return self._learn(lists, spec.fingerprint, visits, base, provenance, identity)

    def _questions(self, items: ItemsFile) -> list[LabelledRequest]:
        """All that can be asked, of users that are not kept apart."""
        found: list[LabelledRequest] = []
        apart = read_user_ids(self.users_not_in) if self.users_not_in else frozenset()
        drawn = None
        if self.sequences_file is not None:
            sequences = read_sequences(self.sequences_file, items.ids)
            self.remarks.extend(sequences.remarks.lines())
            users = [user for user in sequences.item_ids if user not in apart]
            drawn = PopularityDraw(counted(sequences, users), self.settings.seed)
            found += questions.from_rows(questions.rows_of(sequences, users), drawn, self.negatives)
        if self.rows_file is not None:
            visits = read_rows(self.rows_file, items.ids)
            self.remarks.extend(visits.remarks.lines())
            rows = [row for row in visits.rows if row.user_id not in apart]
            if len(rows) < len(visits.rows):
                left = len(visits.rows) - len(rows)
                self.remarks.append(f"{left} rows of users kept apart were left out")
            found += questions.from_rows(rows, drawn, self.negatives)
        if self.judgments_file is not None:
            judgments = read_judgments(self.judgments_file, items.ids)
            self.remarks.extend(judgments.remarks.lines())
            found += questions.from_judgments(judgments, self.relevant)
        if self.events_file is not None:
            log = read_file(self.events_file)
            self.remarks.extend([*log.notes, *log.remarks.lines()])
            if log.simulated:
                self.remarks.append(
                    "the log is a published sample that a generator made: SIMULATED"
                )
            found += questions.from_log(log, estimate(*observations(log.impressions)), self.clip)
        if not found:
            raise DatasetError("nothing to learn from is left: see the remarks on the files")
        return found

    def _divided(
        self, asked: Sequence[LabelledRequest]
    ) -> tuple[list[LabelledRequest], list[LabelledRequest]]:
        """To train on and to validate with, by owner; at most `most` and MOST_VALIDATION.

        The test split is left out, unless a test of users is kept apart by a file.
        """
        order = {key: place for place, key in enumerate(
            sorted((q.key for q in asked), key=questions.by_chance))}  # fmt: skip
        apart = self.users_not_in is not None and self.judgments_file is None
        users, held = divided({q.owner for q in asked}, apart)
        train_owners, held_owners = frozenset(users), frozenset(held)
        mixed = sorted(asked, key=lambda q: order[q.key])
        train = [q for q in mixed if q.owner in train_owners][: self.most]
        validation = [q for q in mixed if q.owner in held_owners][:MOST_VALIDATION]
        return train, validation

    def _visits(
        self, items: ItemsFile, asked: Sequence[LabelledRequest]
    ) -> dict[str, tuple[str, ...]]:
        """Visits that neighbours are counted in, by user: the sequences, or the questions' own.

        Those of users kept apart are left out; where the caller keeps none apart, those of the test
        split: a count that has seen a user's last item makes an evaluation on that user void.
        """
        found = questions.visits_of(asked)
        source = self.sequences_file or self.popularity_from
        if source is not None:
            apart = read_user_ids(self.users_not_in) if self.users_not_in else frozenset()
            sequences = read_sequences(source, items.ids).item_ids
            found |= {user: ids for user, ids in sequences.items() if user not in apart}
        if self.users_not_in is None:
            return {user: ids for user, ids in found.items() if split_of(user) != "test"}
        return found

    def _lists(
        self,
        bench: Workbench,
        train: Sequence[LabelledRequest],
        validation: Sequence[LabelledRequest],
        visits: dict[str, tuple[str, ...]],
        identity: dict[str, Any],
    ) -> tuple[list[RankingList], list[RankingList]]:
        from learning.evaluation.offline_pipeline import EncodedBefore

        folds = cross_fitted(visits) if visits else []

        def of_others(question: LabelledRequest) -> Cooccurrence | None:
            return folds[fold_of(question.visitor)] if folds else None

        both = [*train, *validation]
        queries = [q.request.query for q in both if hasattr(q.request, "query") and q.request.query]
        encoder = EncodedBefore(bench.encoder, queries) if queries else bench.encoder
        histories: dict[str, Sequence[PastEvent]] = {
            question.request.session_id: question.history for question in both if question.history
        }
        visitors = bench.visitors(histories)
        progress, threads = self.setup.progress, self.setup.threads
        # Titles are read, as they will be with what is learned.
        with bench.pipeline(WHOLE, encoder=encoder, visitors=visitors, titles=True) as pipeline:
            maker = ListMaker(pipeline, of_others, MOST_CANDIDATES, threads)
            first = maker.make(train, "lists to train on", progress, self.checkpoints, identity)
            maker = ListMaker(pipeline, of_others, 0, threads)
            second = maker.make(
                validation, "lists to validate", progress, self.checkpoints, identity
            )
        return first, second

    def _learn(
        self,
        lists: tuple[list[RankingList], list[RankingList]],
        fingerprint: str,
        visits: dict[str, tuple[str, ...]],
        base: LearnedBundle | None,
        provenance: Provenance,
        identity: dict[str, Any],
    ) -> list[str]:
        from learning.training.reranker.comparison import compare

        train = [each for each in lists[0] if each.teaches]
        if len(train) < FEWEST or not lists[1]:
            raise DatasetError(
                f"only {len(train)} lists to learn from and {len(lists[1])} to validate with: at "
                f"least {FEWEST} that hold a wanted item and others are needed"
            )
        found = compare(
            train, lists[1], self.settings, fingerprint,
            losses=self.losses,
            use=self.use,
            checkpoints=lambda name: Checkpoints(
                self._kept(name), {**identity, **asdict(self.settings), "lists": len(train),
                                   "loss": name}
            ),
            board=lambda name: TensorBoardLog(self._kept(f"tensorboard/{name}")),
            progress=self.setup.progress,
        )  # fmt: skip
        model = found.model
        model.cooccurrence = fit(list(visits.values())) if visits else None
        with writing(self.out, base) as draft:
            model.save(draft.folder(RERANKER))
            draft.tell(RERANKER, provenance.told(found.metrics, lists=len(train)))
        found.clear()
        kinds = Counter(each.kind for each in train)
        wanting = [each for each in lists[1] if each.ideal > 0]
        lacking = sum(not each.worth.any() for each in wanting)
        return [
            f"learned from {len(train)} lists ("
            + ", ".join(f"{count} {kind}" for kind, count in kinds.items())
            + f"); {len(lists[0]) - len(train)} others had no wanted item among the candidates",
            f"validated on {len(wanting)}, of which {lacking} lack the wanted item (they count 0)",
            *found.lines,
            *self.remarks,
            f"wrote {self.out}. Next: LIVE_INTENT_BUNDLE={self.out} live-intent serve",
        ]

    def _told(self) -> dict[str, Any]:
        names = ("most", "negatives", "relevant", "clip", "neighbours", "use", "losses")
        return {**asdict(self.settings), **{name: getattr(self, name) for name in names}}

    def _identity(
        self, bench: Workbench, base: LearnedBundle | None, provenance: Provenance
    ) -> dict[str, Any]:
        """All that decides what the lists hold, beside the questions themselves."""
        made = {part: dict(told) for part, told in base.provenance.items()} if base else {}
        return {
            **provenance.told({})["data"],
            "base": made,
            "encoder": bench.encoder.spec.fingerprint,
            "index": bench.names.prefix,
            "draw": [self.negatives, self.relevant, self.clip, self.neighbours, self.setup.seed],
        }

    def _kept(self, name: str) -> Path | None:
        return self.checkpoints / name if self.checkpoints else None

    def _files(self) -> list[Path]:
        given = (
            self.setup.items_file, self.rows_file, self.sequences_file, self.judgments_file,
            self.events_file, self.users_not_in, self.popularity_from,
        )  # fmt: skip
        return [path for path in given if path is not None]
