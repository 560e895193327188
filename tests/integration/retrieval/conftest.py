"""The index of the tests of this folder."""

from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index

LAMPS = 30


@pytest.fixture
def index(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path: Path,
) -> str:
    """An index of lamps; the prices are 0 to LAMPS - 1."""
    rows = [{"item_id": f"i{n}", "title": f"lamp {n}", "price": n} for n in range(LAMPS)]
    context = index_context(client, fresh_names, fresh_settings.bundles_dir)
    return rebuild_index(context, encoder, write_json_lines(tmp_path / "items.jsonl", rows))
