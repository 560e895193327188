"""The task `search`: judged queries against a whole catalogue, from files to a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from learning.data.datasets import Judgments, read_judgments
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from learning.evaluation.offline_pipeline import EncodedBefore
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.judged_queries import check_asked, full_catalogue, judged_lists
from learning.evaluation.variants import Variant
from learning.evaluation.workbench import Setup
from plugin_config.errors import SettingsError
from query_service.pipeline import Pipeline
from query_service.retrieval.legs import LEG_NAMES
from query_service.retrieval.plan import MEANING, WORDS


def legs_of(text: str) -> frozenset[str]:
    """The legs that `words,meaning` names. Raises SettingsError for a name that is none."""
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not names or not names <= {WORDS, MEANING}:
        raise SettingsError(
            f"--legs {text}: allowed are {WORDS} and {MEANING}, separated by commas (a judgment "
            "tells nothing of a person)"
        )
    return names


@dataclass(frozen=True)
class SearchTask:
    """All that `live-intent evaluate search` was told; `run` does it."""

    setup: Setup
    judgments_file: Path
    legs: Sequence[frozenset[str]]
    split: str = "all"
    relevant: float = 2.67
    judged_lists: bool = False

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        judgments = read_judgments(self.judgments_file, items.ids)
        part = judgments.part(self.split)
        asked = check_asked(part, self.relevant, self.split)
        with self.setup.workbench(items, mapping) as bench:
            meaning = any(MEANING in legs for legs in self.legs)
            encoder = EncodedBefore(bench.encoder, asked.queries if meaning else ())
            rows = []
            for legs in self.legs:
                label = " + ".join(leg for leg in LEG_NAMES if leg in legs)
                variant = Variant(label, legs=legs, encodes=MEANING in legs)
                with bench.pipeline(variant, encoder=encoder) as pipeline:
                    rows.append(self._row(pipeline, asked, label))
        left = len(part.queries) - len(asked.queries)
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "queries": f"{len(asked.queries)} asked, {left} left out without an item of grade "
            f"{self.relevant:g} or more",
            "split": self.split,
            **bench.facts,
        }
        remarks = [*judgments.remarks.lines(), *items.remarks]
        return Report("search", facts, rows, remarks, self.setup.seed)

    def _row(self, pipeline: Pipeline, asked: Judgments, label: str) -> MeasuredRanking:
        threads, progress = self.setup.threads, self.setup.progress
        row = full_catalogue(
            pipeline, asked, self.relevant, label=label, threads=threads, progress=progress
        )
        if not self.judged_lists:
            return row
        lists = judged_lists(
            pipeline, asked, self.relevant, label=label, threads=threads, progress=progress
        )
        return replace(
            row,
            values={**row.values, **lists.values},
            seconds=row.seconds + lists.seconds,
            degraded={**lists.degraded, **row.degraded},
        )
