"""The task `next-item`: a user's last item, from the items before it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from learning.data.behaviour import PastEvent, Sequences, read_sequences
from learning.data.negatives import PopularityDraw
from learning.data.users import Users
from learning.evaluation.concurrent_requests import DEPTH, LONG_DEADLINE, HitList, degraded_counts
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.popularity import Popularity, counted
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.ablation import ablation
from learning.evaluation.variants import Variant
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.schemas.search.requests import RankRequest, RecommendRequest

ALL = "all items: "  # before the names of metrics over the whole catalogue


@dataclass(frozen=True)
class NextItem:
    """One user's history, the target, and the negatives to rank it among."""

    user_id: str
    session_id: str
    history: tuple[str, ...]
    target: str
    negatives: tuple[str, ...]

    @property
    def candidates(self) -> list[str]:
        """Target and negatives, in the order of a hash, which does not depend on the target."""
        return sorted([self.target, *self.negatives], key=_hash)


@dataclass(frozen=True)
class NextItemTask:
    """The options of `live-intent evaluate next-item`; `run` evaluates."""

    setup: Setup
    sequences_file: Path
    users: Users
    popularity_from: Path | None = None
    negatives: int = 99
    ablate: bool = False

    def run(self) -> Report:
        """Reads, draws negatives, indexes (unless that is done), asks, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        sequences = read_sequences(self.sequences_file, items.ids)
        users = self.users.asked(sequences.item_ids)
        popularity = Popularity.read(self.popularity_from, items.ids, self.users, users)
        histories = counted(sequences)
        questions = self._questions(sequences, users, PopularityDraw(histories, self.setup.seed))
        open_bench = partial(popularity.workbench, items=items, mapping=mapping)
        measure = partial(self._rows, questions)
        remarks: list[str] = []
        if self.ablate:
            metrics = ["NDCG@10", f"{ALL}NDCG@10"]
            rows, index_facts, remarks = ablation(
                self.setup, open_bench, measure, query=False, metrics=metrics
            )
        else:
            with open_bench(self.setup) as bench:
                rows, index_facts = measure(bench, [Variant("history")]), bench.facts
            counts = popularity.counts or histories
            rows = [*self._baselines(questions, sorted(items.ids), counts), *rows]
        fewest = min(len(question.negatives) for question in questions)
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "users": f"{len(questions)} asked of {len(sequences.item_ids)}",
            "split": self.users.split,
            "negatives": f"{self.negatives} a user, drawn by popularity"
            + (f"; {fewest} for some, there are no more" if fewest < self.negatives else ""),
            "popularity": popularity.source,
            **index_facts,
        }
        remarks += [*sequences.remarks.lines(), *popularity.remarks, *items.remarks]
        return Report("next-item", facts, rows, remarks, self.setup.seed)

    def _questions(
        self, sequences: Sequences, users: frozenset[str], drawn: PopularityDraw
    ) -> list[NextItem]:
        questions: list[NextItem] = []
        for user_id, item_ids in sequences.item_ids.items():
            if user_id in users:
                *history, target = item_ids
                negatives = tuple(drawn.draw(user_id, item_ids, self.negatives))
                session_id = f"visit-{len(questions)}"
                questions.append(NextItem(user_id, session_id, tuple(history), target, negatives))
        return questions

    def _rows(
        self, questions: Sequence[NextItem], bench: Workbench, variants: Sequence[Variant]
    ) -> list[MeasuredRanking]:
        """A row for each variant of the service."""
        visitors = bench.visitors(
            {q.session_id: [PastEvent(item_id) for item_id in q.history] for q in questions}
        )
        rows = []
        for variant in variants:
            with bench.pipeline(variant, visitors=visitors) as pipeline:
                rows.append(self._row(questions, pipeline, variant.label))
        return rows

    def _row(
        self, questions: Sequence[NextItem], pipeline: Pipeline, label: str
    ) -> MeasuredRanking:
        def rank(question: NextItem) -> HitList:
            fields = {"item_ids": question.candidates, "session_id": question.session_id}
            return HitList.of(pipeline.rank(RankRequest.model_validate(fields | LONG_DEADLINE)))

        def recommend(question: NextItem) -> HitList:
            fields = {"session_id": question.session_id, "size": DEPTH}
            request = RecommendRequest.model_validate(fields | LONG_DEADLINE)
            return HitList.of(pipeline.recommend(request))

        ranked, rank_s = self.setup.ask_all(rank, questions, f"rank: {label}")
        hits, recommend_s = self.setup.ask_all(recommend, questions, f"recommend: {label}")
        return _measured(label, questions, ranked, hits, rank_s + recommend_s)

    def _baselines(
        self, questions: Sequence[NextItem], item_ids: Sequence[str], counts: Mapping[str, int]
    ) -> list[MeasuredRanking]:
        """The same questions by popularity alone, and by chance."""
        salt = str(self.setup.seed)
        popular = sorted(item_ids, key=lambda item: (-counts.get(item, 0), _hash(salt + item)))
        ranks = {item_id: rank for rank, item_id in enumerate(popular)}
        uniform = PopularityDraw(dict.fromkeys(item_ids, 1), self.setup.seed + 1)

        def shuffled(question: NextItem) -> HitList:
            key = salt + question.user_id + " "
            return HitList(tuple(sorted(question.candidates, key=lambda item: _hash(key + item))))

        def most_popular(question: NextItem) -> HitList:
            history = set(question.history)
            first = popular[: DEPTH + len(history)]
            return HitList(tuple([item for item in first if item not in history][:DEPTH]))

        def random_items(question: NextItem) -> HitList:
            return HitList(tuple(uniform.draw(question.user_id, question.history, DEPTH)))

        ranked = [HitList(tuple(sorted(q.candidates, key=ranks.__getitem__))) for q in questions]
        return [
            _measured("popularity", questions, ranked, [*map(most_popular, questions)]),
            _measured(
                "random", questions, [*map(shuffled, questions)], [*map(random_items, questions)]
            ),
        ]


def _measured(
    label: str,
    questions: Sequence[NextItem],
    ranked: Sequence[HitList],
    hits: Sequence[HitList],
    seconds: float = 0.0,
) -> MeasuredRanking:
    """`ranked`: the candidates in order; `hits`: the best of all items."""
    targets = [question.target for question in questions]
    values = {
        **target_measures(ranked, targets, deep=False),
        **target_measures(hits, targets, deep=True, prefix=ALL),
    }
    keys = [question.user_id for question in questions]
    return MeasuredRanking(label, values, seconds, degraded_counts([*ranked, *hits]), keys)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
