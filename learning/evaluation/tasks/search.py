"""The task `search`: judged queries against a whole catalogue, from files to a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from learning.data.datasets import read_judgments
from learning.data.exchange.query_texts import read_query_texts
from learning.data.exchange.run_file import write_run
from learning.data.visitors import Visitors
from learning.evaluation.plugin_searches import PLUGIN, plugin_searches
from learning.evaluation.query_kinds import query_kinds
from learning.evaluation.report.report import Report
from learning.evaluation.tasks.judged_queries import JudgedQueries, answerable_queries
from learning.evaluation.variants import Variant
from learning.evaluation.workbench import Setup
from plugin_config.errors import SettingsError
from query_service.replay.encoded_queries import EncodedQueries
from query_service.retrieval.legs import LEG_NAMES
from query_service.retrieval.plan import MEANING, WORDS


def legs_of(text: str) -> frozenset[str]:
    """The legs that `words,meaning` names. Raises SettingsError for an unknown name."""
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not names or not names <= {WORDS, MEANING}:
        raise SettingsError(
            f"--legs {text}: allowed are {WORDS} and {MEANING}, separated by commas (a judgment "
            "tells nothing of a person)"
        )
    return names


@dataclass(frozen=True)
class SearchTask:
    """The options of `live-intent evaluate search`; `run` evaluates."""

    setup: Setup
    judgments_file: Path
    legs: Sequence[frozenset[str]]
    split: str = "all"
    relevant: float = 2.67
    judged_lists: bool = False
    judgments_format: str | None = None
    queries_file: Path | None = None
    run_file: Path | None = None
    engine: str = "service"  # "plugin": the plugin inside OpenSearch too

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        items, mapping = self.setup.read_items()
        texts = read_query_texts(self.queries_file) if self.queries_file else None
        judgments = read_judgments(self.judgments_file, items.ids, self.judgments_format, texts)
        part = judgments.part(self.split)
        answerable = answerable_queries(part, self.relevant, self.split)
        judged = JudgedQueries(answerable, self.relevant, self.setup, self.judged_lists)
        with self.setup.workbench(items, mapping) as bench:
            # Kinds of queries need the meaning leg, whatever the legs to search by.
            encoder = EncodedQueries(bench.encoder, answerable.queries)
            kinds = query_kinds(bench, answerable.queries, encoder)
            rows = []
            for legs in self.legs:
                label = " + ".join(leg for leg in LEG_NAMES if leg in legs)
                variant = Variant(label, legs=legs, encodes=MEANING in legs)
                with bench.pipeline(variant, encoder=encoder) as pipeline:
                    rows.append(judged.ranking(pipeline, label).by_kind(kinds))
            if self.engine == PLUGIN:
                with plugin_searches(bench, encoder, Visitors({}, {}), ()) as plugin:
                    row = judged.searched(plugin.search_without_visitor, PLUGIN)
                rows.append(replace(row, peer=rows[-1].label).by_kind(kinds))
        if self.run_file is not None:
            ids = None if texts is None else {text: query_id for query_id, text in texts.items()}
            write_run(self.run_file, judged.runs, ids)
        left_out = len(part.queries) - len(answerable.queries)
        facts = {
            "items": f"{len(items.ids)} of {items.path.name}",
            "queries": f"{len(answerable.queries)} asked, {left_out} left out without an item of "
            f"grade {self.relevant:g} or more",
            "split": self.split,
            **bench.facts,
        }
        remarks = [*judgments.remarks.lines(), *items.remarks]
        return Report("search", facts, rows, remarks, self.setup.seed)
