"""The context of every operation on the items indexes."""

from dataclasses import dataclass, field
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.index.bulk_pace import BulkPace
from indexer.progress import Progress, Silence
from indexer.settings import IndexSettings
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class IndexContext:
    """Cluster, names of this installation, settings, folder of model bundles, progress output.

    `pace`: of bulk requests, for all that write with it. `keeps_history`: whether rebuilds are
    written down; not those of indexes that no visitor searches.
    """

    client: OpenSearch
    names: IndexNames
    settings: IndexSettings
    bundles_dir: Path
    progress: Progress = field(default_factory=Silence)
    pace: BulkPace = field(default_factory=BulkPace)
    keeps_history: bool = True
