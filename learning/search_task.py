"""The task `search`: judged queries against a whole catalogue, from files to a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.cluster_session import ClusterSession
from indexer.columns import ColumnMap
from indexer.progress import Progress
from learning import evaluation_index
from learning.datasets import ItemsFile, Judgments, read_items_file, read_judgments
from learning.evaluate import Measured, check_asked, full_catalogue, judged_lists
from learning.report import Report
from plugin_config.errors import SettingsError
from plugin_config.schema import IndexNames
from plugin_config.settings import load
from query_service.candidates import LEGS, MEANING, WORDS


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

    items_file: Path
    judgments_file: Path
    legs: Sequence[frozenset[str]]
    progress: Progress
    split: str = "all"
    relevant: float = 2.67
    judged_lists: bool = False
    columns: Sequence[str] = ()
    mapping_file: Path | None = None
    ignore: Sequence[str] = ()
    analyzer: str | None = None
    encoder: str | None = None
    layout: str | None = None
    fresh: bool = False
    remove_after: bool = False
    threads: int = 4
    seed: int = 0
    url: str | None = None
    prefix: str | None = None

    def run(self) -> Report:
        """Reads, indexes (unless that is done), searches, measures.

        Raises DatasetError, CatalogueError, MappingError, ClusterUnavailable, and what a rebuild
        raises.
        """
        mapping = ColumnMap.parse(self.columns, self.mapping_file, self.ignore)
        items = read_items_file(self.items_file, mapping)
        judgments = read_judgments(self.judgments_file, items.ids)
        part = judgments.part(self.split)
        asked = check_asked(part, self.relevant, self.split)
        with ClusterSession(self.url, self.prefix) as cluster:
            names, rows, facts = self._measure(cluster, items, mapping, asked)
            if self.remove_after:
                evaluation_index.remove(cluster.client, names, cluster.settings.bundles_dir)
        facts = {
            "items": f"{len(items.ids)} of {self.items_file.name}",
            "queries": f"{len(asked.queries)} asked, {self._left_out(part, asked)}",
            "split": self.split,
            **facts,
        }
        remarks = list(judgments.remarks.lines())
        if items.rejects:
            remarks.append(f"{items.rejects} rows of {self.items_file.name} are no items")
        return Report("search", facts, rows, remarks, self.seed)

    def _left_out(self, part: Judgments, asked: Judgments) -> str:
        left = len(part.queries) - len(asked.queries)
        return f"{left} left out without an item of grade {self.relevant:g} or more"

    def _measure(
        self, cluster: ClusterSession, items: ItemsFile, mapping: ColumnMap, asked: Judgments
    ) -> tuple[IndexNames, list[Measured], dict[str, Any]]:
        from indexer.encoder import Encoder
        from indexer.settings import EncoderSettings, IndexSettings
        from learning.offline_service import EncodedBefore, OfflineService
        from query_service.reranker import Reranker
        from query_service.settings import ServiceSettings

        settings = load(IndexSettings, analyzer=self.analyzer)
        encoder = Encoder.load(load(EncoderSettings, encoder=self.encoder, layout=self.layout))
        names = evaluation_index.names_for(cluster.names, items, mapping, encoder.spec, settings)
        made = evaluation_index.prepare(
            cluster.client,
            names,
            items,
            mapping,
            encoder,
            settings,
            cluster.settings.bundles_dir,
            self.progress,
            fresh=self.fresh,
        )
        if not made:
            self.progress.note(f"the index below {names.prefix} is there already (--fresh: anew)")
        known = EncodedBefore(
            encoder, asked.queries if any(MEANING in legs for legs in self.legs) else ()
        )
        rows = []
        for legs in self.legs:
            service = OfflineService(
                load(ServiceSettings),
                cluster.settings,
                cluster.client,
                names,
                known,
                legs=legs,
                reranker=Reranker(),
            )
            label = " + ".join(leg for leg in LEGS if leg in legs)
            try:
                rows.append(self._row(service, asked, label))
            finally:
                service.close()
        facts = {
            "encoder": f"{encoder.spec.model}, layout {encoder.spec.layout}",
            "analyzer": settings.analyzer,
            "index": names.items,
        }
        return names, rows, facts

    def _row(self, service: Any, asked: Judgments, label: str) -> Measured:
        options: dict[str, Any] = {
            "label": label, "threads": self.threads, "progress": self.progress
        }  # fmt: skip
        row = full_catalogue(service, asked, self.relevant, **options)
        if not self.judged_lists:
            return row
        lists = judged_lists(service, asked, self.relevant, **options)
        return replace(
            row,
            values={**row.values, **lists.values},
            seconds=row.seconds + lists.seconds,
            degraded={**lists.degraded, **row.degraded},
        )
