"""What every operation on the items indexes works with."""

from dataclasses import dataclass, field
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.progress import Progress, Silence
from indexer.settings import IndexSettings
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class IndexContext:
    """The cluster, this installation's names, how indexes are made, and who is told of it."""

    client: OpenSearch
    names: IndexNames
    settings: IndexSettings
    bundles_dir: Path
    progress: Progress = field(default_factory=Silence)
