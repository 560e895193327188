"""Model documents: written before the swap, brought to the settings, removed with their index."""

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.engine_models.engine_model import engine_model
from query_service.engine_models.model_documents import ModelDocuments
from query_service.settings import ServiceSettings
from tests.integration.command_line import invoke
from tests.integration.rebuilding import write_catalogue

pytestmark = pytest.mark.node


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "catalogue.jsonl", range(40))


@pytest.fixture
def models(client: OpenSearch, fresh_names: IndexNames, fresh_settings: ClusterSettings) -> Any:
    return ModelDocuments(client, fresh_names, fresh_settings.bundles_dir, load(ServiceSettings))


def stored(client: OpenSearch, names: IndexNames) -> dict[str, dict[str, Any]]:
    """Every model document by the name of its index."""
    client.indices.refresh(index=names.engine_models)
    hits = client.search(index=names.engine_models, size=100)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def live(client: OpenSearch, names: IndexNames) -> str:
    [index] = client.indices.get_alias(name=names.items)
    return str(index)


@pytest.mark.parametrize("layout", ["sum", "concat"])
def test_a_rebuild_writes_the_model_and_prunes_it_with_its_index(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    fresh_environment: dict[str, str],
    catalogue: Path,
    layout: str,
) -> None:
    halves = {"LIVE_INTENT_MEANING_DIMS": "40", "LIVE_INTENT_BEHAVIOUR_DIMS": "20"}
    environment = fresh_environment | {"LIVE_INTENT_LAYOUT": layout, **halves}
    indexes = []
    for _ in range(2):
        result = invoke(environment, "index", "rebuild", catalogue, "--keep", 0, "--quiet")
        assert result.exit_code == 0, result.output
        assert "model of the plugin" not in result.output
        indexes.append(live(client, fresh_names))
    documents = stored(client, fresh_names)
    assert set(documents) == {indexes[1]}
    bundle = ModelBundle.load(fresh_settings.bundles_dir / indexes[1])
    assert documents[indexes[1]] == engine_model(bundle, load(ServiceSettings))
    assert ("meaning_projection" in documents[indexes[1]]) == (layout == "concat")


def test_settings_that_changed_are_written_to_the_live_index_and_those_kept(
    client: OpenSearch, fresh_names: IndexNames, models: ModelDocuments, run_rebuild, catalogue
) -> None:
    indexes = [run_rebuild(catalogue).index for _ in range(2)]  # none writes a model
    planned = models.apply(dry_run=True)
    assert sorted(str(each) for each in planned) == [f"created: model {i}" for i in indexes]
    assert not client.indices.exists(index=fresh_names.engine_models)
    assert models.apply() == planned
    assert models.apply() == []
    others = load(ServiceSettings, alpha=0.6, session_ttl_days=5)
    changed = ModelDocuments(client, fresh_names, models.bundles, others)
    lines = ("fusion.alpha: 0.7 -> 0.6", "limits.ttl_s: 2592000.0 -> 432000.0")
    assert [change.details for change in changed.apply()] == [lines, lines]
    assert {each["fusion"]["alpha"] for each in stored(client, fresh_names).values()} == {0.6}


def test_a_refused_index_takes_its_model_with_it(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str], catalogue: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    assert invoke(fresh_environment, "index", "rebuild", catalogue, "--quiet").exit_code == 0
    first = live(client, fresh_names)
    few = tmp_path / "few.jsonl"
    few.write_text("".join(catalogue.read_text("utf-8").splitlines(keepends=True)[:9]), "utf-8")
    refused = invoke(fresh_environment, "index", "rebuild", few, "--quiet")
    assert refused.exit_code == 8, refused.output
    [index] = stored(client, fresh_names).keys() - {first}  # `index activate` may make it live
    assert invoke(fresh_environment, "index", "discard", index).exit_code == 0
    assert set(stored(client, fresh_names)) == {first}
