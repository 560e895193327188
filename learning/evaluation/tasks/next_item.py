"""The task `next-item`: a user's last item, from the items before it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from learning.data.behaviour import PastEvent, Sequences, read_sequences
from learning.data.negatives import PopularityDraw
from learning.data.users import Users
from learning.data.visitors import Visitors
from learning.evaluation.concurrent_requests import ALWAYS, DEPTH, HitList, ask_all, lacking
from learning.evaluation.measures.measured_ranking import MeasuredRanking, Values
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.popularity import Popularity, counted
from learning.evaluation.report.report import Report
from learning.evaluation.variants import Variant, with_verdicts
from learning.evaluation.workbench import Setup, Workbench
from query_service.schemas.search import RankRequest, RecommendRequest

ALL = "all items: "  # before the measures over the whole catalogue


@dataclass(frozen=True)
class NextItem:
    """One user's question: the history, the item wanted, and those to tell it from."""

    user_id: str
    session_id: str
    history: tuple[str, ...]
    target: str
    negatives: tuple[str, ...]

    @property
    def candidates(self) -> list[str]:
        """Target and negatives, in an order that tells nothing."""
        return sorted([self.target, *self.negatives], key=_hash)


@dataclass(frozen=True)
class NextItemTask:
    """All that `live-intent evaluate next-item` was told; `run` does it."""

    setup: Setup
    sequences_file: Path
    users: Users
    popularity_from: Path | None = None
    negatives: int = 99
    ablate: bool = False

    def run(self) -> Report:
        """Reads, draws, indexes (unless that is done), asks, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        sequences = read_sequences(self.sequences_file, items.ids)
        asked = self.users.asked(sequences.item_ids)
        popularity = Popularity.read(self.popularity_from, items.ids, self.users, asked)
        histories = counted(sequences)
        questions = self._questions(sequences, asked, PopularityDraw(histories, self.setup.seed))
        with popularity.workbench(self.setup, items, mapping) as bench:
            variants = bench.ablations(query=False) if self.ablate else [Variant("history")]
            rows = self._rows(bench, questions, variants)
            layouts, remarks = bench.other_layouts() if self.ablate else ([], [])
        for setup, variant in layouts:
            with popularity.workbench(setup, items, mapping) as other_bench:
                rows += self._rows(other_bench, questions, [variant])
        if self.ablate:
            rows = with_verdicts(rows, ["NDCG@10", f"{ALL}NDCG@10"], self.setup.seed)
        else:
            known = popularity.counts or histories
            rows = [*self._baselines(questions, sorted(items.ids), known), *rows]
        fewest = min(len(question.negatives) for question in questions)
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "users": f"{len(questions)} asked of {len(sequences.item_ids)}",
            "split": self.users.split,
            "negatives": f"{self.negatives} a user, drawn by popularity"
            + (f"; {fewest} for some, there are no more" if fewest < self.negatives else ""),
            "popularity": popularity.told,
            **bench.facts,
        }
        remarks += [*sequences.remarks.lines(), *popularity.remarks, *items.remarks]
        return Report("next-item", facts, rows, remarks, self.setup.seed)

    def _questions(
        self, sequences: Sequences, asked: frozenset[str], drawn: PopularityDraw
    ) -> list[NextItem]:
        found: list[NextItem] = []
        for user_id, item_ids in sequences.item_ids.items():
            if user_id in asked:
                negatives = tuple(drawn.draw(user_id, item_ids, self.negatives))
                session_id = f"visit-{len(found)}"
                found.append(NextItem(user_id, session_id, item_ids[:-1], item_ids[-1], negatives))
        return found

    def _rows(
        self, bench: Workbench, questions: Sequence[NextItem], variants: Sequence[Variant]
    ) -> list[MeasuredRanking]:
        """The answers of the pipeline, put together in each way."""
        visitors = bench.visitors(
            {q.session_id: [PastEvent(item_id) for item_id in q.history] for q in questions}
        )
        return [self._row(bench, variant, visitors, questions) for variant in variants]

    def _row(
        self, bench: Workbench, variant: Variant, visitors: Visitors, questions: Sequence[NextItem]
    ) -> MeasuredRanking:
        with bench.pipeline(variant, visitors=visitors) as pipeline:

            def among(question: NextItem) -> HitList:
                given = {"item_ids": question.candidates, "session_id": question.session_id}
                request = RankRequest.model_validate(given | ALWAYS)
                return HitList.of(pipeline.rank(request))

            def of_all(question: NextItem) -> HitList:
                given = {"session_id": question.session_id, "size": DEPTH}
                request = RecommendRequest.model_validate(given | ALWAYS)
                return HitList.of(pipeline.recommend(request))

            threads, progress = self.setup.threads, self.setup.progress
            few, few_s = ask_all(among, questions, f"rank: {variant.label}", threads, progress)
            all_, all_s = ask_all(
                of_all, questions, f"recommend: {variant.label}", threads, progress
            )
        return replace(
            _measured(variant.label, questions, few, all_),
            seconds=few_s + all_s,
            degraded=lacking([*few, *all_]),
        )

    def _baselines(
        self, questions: Sequence[NextItem], item_ids: Sequence[str], known: Mapping[str, int]
    ) -> list[MeasuredRanking]:
        """The same questions by popularity alone, and by chance."""
        salt = str(self.setup.seed)
        popular = sorted(item_ids, key=lambda item: (-known.get(item, 0), _hash(salt + item)))
        places = {item_id: place for place, item_id in enumerate(popular)}

        def by_chance(question: NextItem, given: Sequence[str]) -> HitList:
            own = salt + question.user_id + " "
            return HitList(tuple(sorted(given, key=lambda item: _hash(own + item))))

        def first(question: NextItem) -> HitList:
            seen = set(question.history)
            most = popular[: DEPTH + len(seen)]
            return HitList(tuple([item for item in most if item not in seen][:DEPTH]))

        evenly = PopularityDraw(dict.fromkeys(item_ids, 1), self.setup.seed + 1)

        def anything(question: NextItem) -> HitList:
            return HitList(tuple(evenly.draw(question.user_id, question.history, DEPTH)))

        among = [HitList(tuple(sorted(q.candidates, key=places.__getitem__))) for q in questions]
        chance = [by_chance(question, question.candidates) for question in questions]
        return [
            _measured("popularity", questions, among, [first(each) for each in questions]),
            _measured("random", questions, chance, [anything(each) for each in questions]),
        ]


def _measured(
    label: str, questions: Sequence[NextItem], among: Sequence[HitList], of_all: Sequence[HitList]
) -> MeasuredRanking:
    targets = [question.target for question in questions]
    values: dict[str, Values] = {
        **target_measures(among, targets, deep=False),
        **target_measures(of_all, targets, deep=True, prefix=ALL),
    }
    return MeasuredRanking(label, values, 0.0, keys=[question.user_id for question in questions])


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
