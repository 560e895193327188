"""The task `exposure`: what floors of exposure for a group bring it, and cost in relevance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from learning.data.users import Users
from learning.evaluation.charts import Curve
from learning.evaluation.concurrent_requests import HitList, degraded_counts
from learning.evaluation.measures.item_attributes import ItemAttributes
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.measures.metrics import Values
from learning.evaluation.measures.targets import target_measures
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.visit_queries import VisitQueries, VisitQuery, search_visit
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.setting_texts.exposure_floors import LONG_TAIL, NEW

K = 10  # hits that are measured
SHARE = f"exposure of {LONG_TAIL}"
SHARE_NEW = f"exposure of {NEW}"
NDCG = "NDCG@10"
NO_FLOOR = "no floor"


@dataclass(frozen=True)
class ExposureTask:
    """The options of `live-intent evaluate exposure`; `run` evaluates."""

    setup: Setup
    rows_file: Path
    users: Users
    group: str
    shares: tuple[float, ...]
    max_costs: tuple[float, ...]
    popularity_from: Path | None = None

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches with each floor, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        asked = VisitQueries.read(self.setup, self.rows_file, self.users, self.popularity_from)
        with asked.workbench(self.setup) as bench:
            rows, index_facts = self._rows(asked.questions, bench), bench.facts
        facts = {
            "items": f"{len(asked.items.ids)} of {asked.items.path.name}",
            "queries": f"{len(asked.questions)}, each with its history",
            "split": self.users.split,
            "floors": f"{self.group}: {', '.join(f'{share:g}' for share in self.shares)}",
            "exposure": f"1 / log2(1 + position), of the first {K}",
            "popularity": asked.popularity.source,
            **index_facts,
        }
        figures = [self._curve(rows)]
        return Report("exposure", facts, rows, asked.remarks, self.setup.seed, figures=figures)

    def _rows(self, questions: Sequence[VisitQuery], bench: Workbench) -> list[MeasuredRanking]:
        visitors = bench.visitors({q.own: q.row.history for q in questions})
        attributes = ItemAttributes.of_index(bench.cluster.client, bench.names.items)
        members = {
            SHARE: attributes.popularity < bench.popularity_pivot,
            SHARE_NEW: attributes.popularity <= 0,
        }
        targets = [question.row.target for question in questions]
        rows = []
        with bench.pipeline(WHOLE, visitors=visitors) as pipeline:
            for label, exposure in self._floors().items():
                ask = partial(_ask, pipeline, exposure)
                answers, seconds = self.setup.ask_all(ask, questions, label)
                values = target_measures(answers, targets, deep=False) | {
                    name: _shares(answers, attributes, own) for name, own in members.items()
                }
                rows.append(
                    MeasuredRanking(
                        label,
                        values,
                        seconds,
                        degraded_counts(answers),
                        [question.key for question in questions],
                    ).by_group([question.row.user_id for question in questions])
                )
        return rows

    def _floors(self) -> dict[str, dict[str, Any]]:
        """The field `exposure` of each row's requests."""
        return {NO_FLOOR: {"floors": {}}} | {
            f"{self.group} {share:g}, cost to {max_cost:g}": {
                "floors": {self.group: share},
                "max_cost": max_cost,
            }
            for max_cost in self.max_costs
            for share in self.shares
        }

    def _curve(self, rows: Sequence[MeasuredRanking]) -> Curve:
        """The floors as lines, one for each bound of the cost: relevance over exposure reached."""
        reached = [row.intervals(self.setup.seed) for row in rows]
        points = [(each[SHARE].mean, each[NDCG].mean) for each in reached]
        none, width = points[0], len(self.shares)
        x = sorted({point[0] for point in points})
        lines = {}
        for number, max_cost in enumerate(self.max_costs):
            own = dict([none, *points[1 + number * width : 1 + (number + 1) * width]])
            known = sorted(own)
            lines[f"cost to {max_cost:g}"] = [
                float(np.interp(at, known, [own[each] for each in known], np.nan, np.nan))
                for at in x
            ]
        floors = ", ".join(f"{share:g}" for share in self.shares)
        return Curve(
            title="What exposure costs",
            alt=f"{NDCG} against the exposure that {LONG_TAIL} reaches, from {none[0]:.0%} without "
            f"a floor to {x[-1]:.0%}.",
            x_label=SHARE,
            y_label=NDCG,
            x=x,
            lines=lines,
            note=f"Between the measured floors ({floors}) lines are straight.",
        )


def _ask(pipeline: Pipeline, exposure: dict[str, Any], question: VisitQuery) -> HitList:
    return search_visit(
        pipeline, question, question.own_items, session_id=question.own, exposure=exposure
    )


def _shares(answers: Sequence[HitList], attributes: ItemAttributes, own: Any) -> Values:
    """The share of exposure that members have in each answer's first K hits, float64 [answers]."""
    shares = []
    for answer in answers:
        rows = [attributes.rows[item_id] for item_id in answer.ids[:K]]
        weights = 1 / np.log2(np.arange(2, len(rows) + 2))
        shares.append(float(weights @ own[rows] / weights.sum()) if rows else 0.0)
    return np.array(shares)
