"""A shop of two tenants, and keys derived for pages of one of them."""

import json
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.access.key_text import KeyText, browser_key
from tests.integration.access.browser_keys.tenant_shop import (
    Derive,
    rows,
)
from tests.integration.command_line import invoke
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving_index


@pytest.fixture(scope="module")
def api(
    client: OpenSearch, names: IndexNames, cluster_settings: ClusterSettings, encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str],
) -> Iterator[Api]:  # fmt: skip
    catalogue = write_json_lines(tmp_path_factory.mktemp("tenants") / "items.jsonl", rows())
    rebuild_index(index_context(client, names, cluster_settings.bundles_dir), encoder, catalogue)
    assert invoke(environment, "index", "suggestions").exit_code == 0
    with serving_index(
        cluster_settings, encoder, keys_poll_s=0.2, swap_poll_s=0.1, rule_writes=True
    ) as api:
        yield api


@pytest.fixture(scope="module")
def parent(api: Api, environment: dict[str, str]) -> str:
    scopes = ("--scope", "search", "--scope", "events")
    return invoke(environment, "keys", "create", "parent", *scopes).stdout.strip()


@pytest.fixture(scope="module")
def admin(api: Api, parent: str, environment: dict[str, str]) -> Api:
    scopes = ("--scope", "admin", "--scope", "search", "--scope", "events")
    return api.with_key(invoke(environment, "keys", "create", "root", *scopes).stdout.strip())


@pytest.fixture(scope="module")
def derive(api: Api, parent: str) -> Derive:
    """`derive(filters=...)`: the API with a browser key of these restrictions."""

    def derived(headers: dict[str, str] | None = None, **restrictions: object) -> Api:
        text = KeyText.parse(parent)
        assert text is not None
        key = browser_key(text, json.dumps(restrictions).encode())
        return api.with_key(key, **(headers or {}))

    return derived
