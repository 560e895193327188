"""A shop that the query service serves and the plugin ranks: one index, its sessions, its model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder.encoder import Encoder
from plugin_config.engine_plugin.search_pipeline import SearchPipeline
from plugin_config.engine_plugin.settings import PipelineSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.engine_models.model_documents import ModelDocuments
from query_service.settings import ServiceSettings
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving_index


@dataclass(frozen=True)
class ServedShop:
    """`api`: the query service; `client`: of the engine, whose searches of items are ranked by the
    default pipeline.
    """

    api: Api
    client: OpenSearch
    names: IndexNames
    bundle: ModelBundle
    encoder: Encoder

    def search(self, session_id: str = "", /, **body: Any) -> Any:
        """A plain `_search`; with a session, of its visitor."""
        live = body.pop("live_intent", {})
        if session_id:
            body["ext"] = {"live_intent": {"session_id": session_id, **live}}
        return self.client.search(index=self.names.items, body=body)

    def written(self, session_id: str) -> None:
        """Wait until the session's waiting queries are written."""
        self.api("GET", f"/v1/sessions/{session_id}")


@contextmanager
def served_shop(
    client: OpenSearch, cluster: ClusterSettings, encoder: Encoder, catalogue: Path
) -> Iterator[ServedShop]:
    """Rebuild, write the model, make the pipeline the default; at the end take it away."""
    names = IndexNames(cluster.index_prefix)
    index = rebuild_index(index_context(client, names, cluster.bundles_dir), encoder, catalogue)
    ModelDocuments(client, names, cluster.bundles_dir, load(ServiceSettings)).apply()
    pipeline = SearchPipeline(client, names)
    settings = load(PipelineSettings, pipeline_timeout_ms=10_000)  # the machine may be busy
    pipeline.put(settings, default=True, dry_run=False)
    try:
        with serving_index(cluster, encoder) as api:
            bundle = ModelBundle.load(cluster.bundles_dir / index)
            yield ServedShop(api, client, names, bundle, encoder)
    finally:
        pipeline.remove(dry_run=False)
