"""The task `personalised-search`: a live query and a history together, and each alone."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learning.data.behaviour import VisitRow, VisitRows, read_rows
from learning.data.tables import DatasetError
from learning.data.users import Users
from learning.evaluation.concurrent_requests import (
    ALWAYS,
    DEPTH,
    SESSION,
    HitList,
    ask_all,
    lacking,
)
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.offline_pipeline import EncodedBefore
from learning.evaluation.popularity import Popularity
from learning.evaluation.report.report import Report
from learning.evaluation.variants import WHOLE, Variant, with_verdicts
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.schemas.search import RecommendRequest, SearchRequest

BOTH = "query + history"


@dataclass(frozen=True)
class VisitQuery:
    """A row to ask. `own` and `other` are session ids: of its own history and of another's."""

    row: VisitRow
    key: str
    own: str
    other: str
    seen: frozenset[str]  # items of the own history: no hits for any way of asking
    others_seen: frozenset[str]  # items of the other history, without the target


Ask = Callable[[Pipeline, VisitQuery], HitList]


@dataclass(frozen=True)
class PersonalisedTask:
    """All that `live-intent evaluate personalised-search` was told; `run` does it."""

    setup: Setup
    rows_file: Path
    users: Users
    popularity_from: Path | None = None
    ablate: bool = False

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches in each way, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        found = read_rows(self.rows_file, items.ids)
        asked = self.users.asked(row.user_id for row in found.rows)
        popularity = Popularity.read(self.popularity_from, items.ids, self.users, asked)
        rows = self._with_query(found, asked)
        others = foreign(rows, self.setup.seed)
        with popularity.workbench(self.setup, items, mapping) as bench:
            measured = self._measure(bench, rows, others)
            layouts, remarks = bench.other_layouts() if self.ablate else ([], [])
        for setup, variant in layouts:
            with popularity.workbench(setup, items, mapping) as other_bench:
                measured += self._variants(other_bench, rows, others, [variant])
        if self.ablate:
            measured = with_verdicts(measured, ["NDCG@10"], self.setup.seed)
        users = {row.user_id for row in rows}
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "queries": f"{len(rows)} of {len(users)} users"
            + ("; the intervals are over users" if len(users) < len(rows) else ""),
            "split": self.users.split,
            "popularity": popularity.told,
            **bench.facts,
        }
        remarks += [*found.remarks.lines(), *popularity.remarks, *items.remarks]
        return Report("personalised-search", facts, measured, remarks, self.setup.seed)

    def _with_query(self, found: VisitRows, asked: frozenset[str]) -> list[VisitRow]:
        rows = [row for row in found.rows if row.user_id in asked]
        for row in rows:
            if not row.query:
                found.remarks.add("its query is empty: see evaluate next-item", row.user_id)
        rows = [row for row in rows if row.query]
        if not rows:
            raise DatasetError(f"no row of {self.rows_file} that is to be asked has a query")
        return rows

    def _measure(
        self, bench: Workbench, rows: Sequence[VisitRow], others: Sequence[int]
    ) -> list[MeasuredRanking]:
        """The rows of the table: the whole service asked in each way, or without each part."""
        if self.ablate:
            return self._variants(bench, rows, others, bench.ablations(query=True))
        questions = _questions(rows, others)
        ways: dict[str, Ask] = {
            "query alone": _query_alone,
            "history alone": _history_alone,
            BOTH: _both,
            "query + another user's history": _another,
        }
        with bench.pipeline(WHOLE, **_asked_with(bench, questions)) as pipeline:
            return [self._row(pipeline, way, label, questions) for label, way in ways.items()]

    def _variants(
        self,
        bench: Workbench,
        rows: Sequence[VisitRow],
        others: Sequence[int],
        variants: Sequence[Variant],
    ) -> list[MeasuredRanking]:
        questions = _questions(rows, others)
        given = _asked_with(bench, questions)
        measured = []
        for variant in variants:
            with bench.pipeline(variant, **given) as pipeline:
                measured.append(self._row(pipeline, _both, variant.label, questions))
        return measured

    def _row(
        self, pipeline: Pipeline, way: Ask, label: str, questions: Sequence[VisitQuery]
    ) -> MeasuredRanking:
        def ask(question: VisitQuery) -> HitList:
            return way(pipeline, question)

        threads, progress = self.setup.threads, self.setup.progress
        answers, seconds = ask_all(ask, questions, label, threads, progress)
        values = target_measures(answers, [each.row.target for each in questions], deep=True)
        keys = [question.key for question in questions]
        row = MeasuredRanking(label, values, seconds, lacking(answers), keys)
        return row.over([question.row.user_id for question in questions])


def _asked_with(bench: Workbench, questions: Sequence[VisitQuery]) -> dict[str, Any]:
    """The visitors and the encoded queries of the questions, made once for all variants."""
    return {
        "visitors": bench.visitors({q.own: q.row.history for q in questions}),
        "encoder": EncodedBefore(bench.encoder, [q.row.query for q in questions]),
    }


def _questions(rows: Sequence[VisitRow], others: Sequence[int]) -> list[VisitQuery]:
    return [
        VisitQuery(
            row,
            key=f"{row.user_id} {row.query} {row.target}",
            own=f"visit-{place}",
            other=f"visit-{other}",
            seen=_items(row),
            others_seen=_items(rows[other]) - {row.target},
        )
        for place, (row, other) in enumerate(zip(rows, others, strict=True))
    ]


def foreign(rows: Sequence[VisitRow], seed: int) -> list[int]:
    """For each row the place of a row of another user, each place taken once.

    The rows are laid in a ring, those of a user side by side, and the ring is turned by the
    largest user's share. Raises DatasetError when one user has more than half of the rows.
    """
    shares = Counter(row.user_id for row in rows)
    largest = max(shares.values())
    if 2 * largest > len(rows):
        raise DatasetError(
            f"one user has {largest} of the {len(rows)} rows: no other user's history can be "
            "shown in place of each own one. Ask more users, or fewer rows of one."
        )
    draw = random.Random(seed)
    users = sorted(shares)
    draw.shuffle(users)
    order = {user_id: place for place, user_id in enumerate(users)}
    ring = list(range(len(rows)))
    draw.shuffle(ring)
    ring.sort(key=lambda place: order[rows[place].user_id])
    found = [0] * len(rows)
    for step, place in enumerate(ring):
        found[place] = ring[(step + largest) % len(ring)]
    return found


def _query_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    return _searched(pipeline, question, question.seen, session_id=SESSION, personalize=False)


def _history_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    given = {"session_id": question.own, "size": DEPTH}
    answer = pipeline.recommend(RecommendRequest.model_validate(given | ALWAYS))
    return _without(HitList.of(answer), question.seen)


def _both(pipeline: Pipeline, question: VisitQuery) -> HitList:
    return _searched(pipeline, question, question.seen, session_id=question.own)


def _another(pipeline: Pipeline, question: VisitQuery) -> HitList:
    # As the own history's items never stand in the way of the target, so the other's.
    left_out = question.seen | question.others_seen
    return _searched(pipeline, question, left_out, session_id=question.other)


def _searched(
    pipeline: Pipeline, question: VisitQuery, left_out: frozenset[str], **given: Any
) -> HitList:
    """The first 100 hits that are not left out: what the visitor has already answers nothing.

    A second page makes up for those, unless the target is found on the first.
    """
    asked = {"query": question.row.query, "size": DEPTH, **given} | ALWAYS
    first = HitList.of(pipeline.search(SearchRequest.model_validate(asked)))
    kept = _without(first, left_out)
    missing = len(first.ids) - len(kept.ids)
    if not missing or len(first.ids) < DEPTH or question.row.target in kept.ids:
        return kept
    asked |= {"from": DEPTH, "size": missing}
    second = HitList.of(pipeline.search(SearchRequest.model_validate(asked)))
    more = _without(second, left_out)
    return HitList(tuple(dict.fromkeys([*kept.ids, *more.ids])), kept.lacking + more.lacking)


def _without(found: HitList, left_out: frozenset[str]) -> HitList:
    return HitList(tuple(i for i in found.ids if i not in left_out), found.lacking)


def _items(row: VisitRow) -> frozenset[str]:
    return frozenset(event.item_id for event in row.history)
