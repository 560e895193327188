"""The task `personalised-search`: a live query and a history together, and each alone."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from learning.data.behaviour import VisitRow, VisitRows, read_rows
from learning.data.tables import DatasetError
from learning.data.users import Users
from learning.data.visitors import Visitors
from learning.evaluation.concurrent_requests import (
    DEPTH,
    LONG_DEADLINE,
    SESSION,
    HitList,
    degraded_counts,
)
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.plugin_searches import PLUGIN, plugin_searches
from learning.evaluation.popularity import Popularity
from learning.evaluation.query_kinds import query_kinds
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.ablation import ablation
from learning.evaluation.variants import WHOLE, Variant
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.replay.encoded_queries import EncodedQueries
from query_service.schemas.search.requests import RecommendRequest, SearchRequest


@dataclass(frozen=True)
class VisitQuery:
    """A row to evaluate. `own` and `other`: session ids of its own history and of another user's.

    `own_items` are no hits, however the service is asked; `other_items`, without the target, are
    none where the other history counts.
    """

    row: VisitRow
    key: str
    own: str
    other: str
    own_items: frozenset[str]
    other_items: frozenset[str]


Ask = Callable[[Pipeline, VisitQuery], HitList]
QUERY_AND_HISTORY = "query + history"


@dataclass(frozen=True)
class PersonalisedTask:
    """The options of `live-intent evaluate personalised-search`; `run` evaluates."""

    setup: Setup
    rows_file: Path
    users: Users
    popularity_from: Path | None = None
    ablate: bool = False
    engine: str = "service"  # "plugin": the plugin inside OpenSearch too

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches in each way, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        visits = read_rows(self.rows_file, items.ids)
        users = self.users.asked(row.user_id for row in visits.rows)
        popularity = Popularity.read(self.popularity_from, items.ids, self.users, users)
        questions = visit_queries(rows_with_query(visits, users), self.setup.seed)
        open_bench = partial(popularity.workbench, items=items, mapping=mapping)
        measure = partial(self._rows, questions)
        remarks: list[str] = []
        if self.ablate:
            rows, index_facts, remarks = ablation(
                self.setup, open_bench, measure, query=True, metrics=["NDCG@10"]
            )
        else:
            with open_bench(self.setup) as bench:
                rows, index_facts = measure(bench, [WHOLE]), bench.facts
        user_count = len({question.row.user_id for question in questions})
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "queries": f"{len(questions)} of {user_count} users"
            + ("; the intervals are over users" if user_count < len(questions) else ""),
            "split": self.users.split,
            "popularity": popularity.source,
            **index_facts,
        }
        remarks += [*visits.remarks.lines(), *popularity.remarks, *items.remarks]
        return Report("personalised-search", facts, rows, remarks, self.setup.seed)

    def _rows(
        self, questions: Sequence[VisitQuery], bench: Workbench, variants: Sequence[Variant]
    ) -> list[MeasuredRanking]:
        """A row for each way to ask the service; in an ablation, for each variant of it."""
        visitors = bench.visitors({q.own: q.row.history for q in questions})
        queries = [question.row.query for question in questions]
        encoder = EncodedQueries(bench.encoder, queries)
        kinds = query_kinds(bench, queries, encoder)
        targets = [question.row.target for question in questions]
        user_ids = [question.row.user_id for question in questions]
        rows = []
        for variant in variants:
            ways = {variant.label: _query_and_history} if self.ablate else WAYS
            with bench.pipeline(variant, encoder=encoder, visitors=visitors) as pipeline:
                for label, way in ways.items():
                    answers, seconds = self.setup.ask_all(partial(way, pipeline), questions, label)
                    row = MeasuredRanking(
                        label,
                        target_measures(answers, targets, deep=True),
                        seconds,
                        degraded_counts(answers),
                        [question.key for question in questions],
                    )
                    rows.append(row.by_kind(kinds, user_ids))
        if self.engine == PLUGIN:
            for person_leg in (False, True):
                row = self._by_plugin(bench, questions, encoder, visitors, person_leg)
                rows.append(row.by_kind(kinds, user_ids))
        return rows

    def _by_plugin(
        self,
        bench: Workbench,
        questions: Sequence[VisitQuery],
        encoder: EncodedQueries,
        visitors: Visitors,
        person_leg: bool,
    ) -> MeasuredRanking:
        """Query and history, as the plugin inside OpenSearch ranks the words' hits."""
        label = f"{QUERY_AND_HISTORY}, plugin" + (" with the person leg" if person_leg else "")
        own = [question.own for question in questions]
        with plugin_searches(bench, encoder, visitors, own, person_leg=person_leg) as plugin:

            def ask(question: VisitQuery) -> HitList:
                return plugin.search(question.row.query, question.own, question.own_items)

            answers, seconds = self.setup.ask_all(ask, questions, label)
        targets = [question.row.target for question in questions]
        keys = [question.key for question in questions]
        measures = target_measures(answers, targets, deep=True)
        return MeasuredRanking(
            label, measures, seconds, degraded_counts(answers), keys, peer=QUERY_AND_HISTORY
        )


def rows_with_query(visits: VisitRows, users: frozenset[str]) -> list[VisitRow]:
    """The rows of `users` that have a query; the others are counted in the remarks.

    Raises DatasetError where none is left.
    """
    rows = [row for row in visits.rows if row.user_id in users]
    for row in rows:
        if not row.query:
            visits.remarks.add("its query is empty: see evaluate next-item", row.user_id)
    rows = [row for row in rows if row.query]
    if not rows:
        raise DatasetError("no row that is to be asked has a query")
    return rows


def visit_queries(rows: Sequence[VisitRow], seed: int) -> list[VisitQuery]:
    """A question for each row, with another user's history beside its own."""

    def items(row: VisitRow) -> frozenset[str]:
        return frozenset(event.item_id for event in row.history)

    return [
        VisitQuery(
            row,
            key=f"{row.user_id} {row.query} {row.target}",
            own=f"visit-{number}",
            other=f"visit-{other}",
            own_items=items(row),
            other_items=items(rows[other]) - {row.target},
        )
        for number, (row, other) in enumerate(zip(rows, other_users_rows(rows, seed), strict=True))
    ]


def other_users_rows(rows: Sequence[VisitRow], seed: int) -> list[int]:
    """For each row the number of another user's row: a permutation.

    The shuffled rows form a ring, those of a user side by side. Each row gets the one `largest`
    further on: the number of rows of the user who has most. Raises DatasetError when one user has
    more than half of the rows.
    """
    counts = Counter(row.user_id for row in rows)
    largest = max(counts.values())
    if 2 * largest > len(rows):
        raise DatasetError(
            f"one user has {largest} of the {len(rows)} rows: no other user's history can be "
            "shown in place of each own one. Ask more users, or fewer rows of one."
        )
    draw = random.Random(seed)
    users = sorted(counts)
    draw.shuffle(users)
    order = {user_id: number for number, user_id in enumerate(users)}
    ring = list(range(len(rows)))
    draw.shuffle(ring)
    ring.sort(key=lambda number: order[rows[number].user_id])
    others = [0] * len(rows)
    for step, number in enumerate(ring):
        others[number] = ring[(step + largest) % len(ring)]
    return others


def _query_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    return search_visit(
        pipeline, question, question.own_items, session_id=SESSION, personalize=False
    )


def _history_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    fields = {"session_id": question.own, "size": DEPTH}
    response = pipeline.recommend(RecommendRequest.model_validate(fields | LONG_DEADLINE))
    return _without(HitList.of(response), question.own_items)


def _query_and_history(pipeline: Pipeline, question: VisitQuery) -> HitList:
    return search_visit(pipeline, question, question.own_items, session_id=question.own)


def _query_and_other_history(pipeline: Pipeline, question: VisitQuery) -> HitList:
    # The own history's items never rank above the target, and so neither may the other's.
    left_out = question.own_items | question.other_items
    return search_visit(pipeline, question, left_out, session_id=question.other)


WAYS: dict[str, Ask] = {
    "query alone": _query_alone,
    "history alone": _history_alone,
    QUERY_AND_HISTORY: _query_and_history,
    "query + another user's history": _query_and_other_history,
}


def search_visit(
    pipeline: Pipeline, question: VisitQuery, left_out: frozenset[str], **fields: Any
) -> HitList:
    """The first 100 hits that are not left out: an item of the history is no answer.

    A second page makes up for those left out, unless the first holds the target.
    """
    fields = {"query": question.row.query, "size": DEPTH, **fields} | LONG_DEADLINE
    first = HitList.of(pipeline.search(SearchRequest.model_validate(fields)))
    hits = _without(first, left_out)
    missing = len(first.ids) - len(hits.ids)
    if not missing or len(first.ids) < DEPTH or question.row.target in hits.ids:
        return hits
    fields |= {"from": DEPTH, "size": missing}
    second = HitList.of(pipeline.search(SearchRequest.model_validate(fields)))
    more = _without(second, left_out)
    return HitList(tuple(dict.fromkeys([*hits.ids, *more.ids])), hits.degraded + more.degraded)


def _without(hits: HitList, left_out: frozenset[str]) -> HitList:
    return HitList(tuple(i for i in hits.ids if i not in left_out), hits.degraded)
