"""The task `personalised-search`: a live query and a history together, and each alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
from learning.evaluation.query_kinds import query_kinds
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.ablation import ablation
from learning.evaluation.tasks.visit_queries import VisitQueries, VisitQuery, search_visit, without
from learning.evaluation.variants import WHOLE, Variant
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.replay.encoded_queries import EncodedQueries
from query_service.schemas.search.requests import RecommendRequest

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
        asked = VisitQueries.read(self.setup, self.rows_file, self.users, self.popularity_from)
        questions, measure = asked.questions, partial(self._rows, asked.questions)
        remarks: list[str] = []
        if self.ablate:
            rows, index_facts, remarks = ablation(
                self.setup, asked.workbench, measure, query=True, metrics=["NDCG@10"]
            )
        else:
            with asked.workbench(self.setup) as bench:
                rows, index_facts = measure(bench, [WHOLE]), bench.facts
        user_count = len({question.row.user_id for question in questions})
        facts = {
            "items": f"{len(asked.items.ids)} of {asked.items.path.name}",
            "queries": f"{len(questions)} of {user_count} users"
            + ("; the intervals are over users" if user_count < len(questions) else ""),
            "split": self.users.split,
            "popularity": asked.popularity.source,
            **index_facts,
        }
        remarks += asked.remarks
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


def _query_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    return search_visit(
        pipeline, question, question.own_items, session_id=SESSION, personalize=False
    )


def _history_alone(pipeline: Pipeline, question: VisitQuery) -> HitList:
    fields = {"session_id": question.own, "size": DEPTH}
    response = pipeline.recommend(RecommendRequest.model_validate(fields | LONG_DEADLINE))
    return without(HitList.of(response), question.own_items)


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
