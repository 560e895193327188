"""What few visitors typed is shown to nobody else: not suggested, reported or on a dashboard."""

import json
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.gate.recent_queries import recent_queries
from indexer.suggestions.build import build_suggestions
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.rebuilding import index_context
from tests.integration.serving import Api, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
COMMON, RARE = "desk lamp", "lamp for gertrud"
K = 5  # the setting's default


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    with serving_index(shop, encoder) as api:
        yield api


def test_texts_of_few_sessions_appear_nowhere(
    api: Api, client: OpenSearch, names: IndexNames, shop: ClusterSettings
) -> None:
    for number in range(K):
        api.search(COMMON, f"many-{number}")
    for number in range(4 * K):  # one visitor again and again
        api.search(RARE, f"few-{number % 2}", user_id="gertrud" if number % 3 else None)

    def written() -> bool:
        client.indices.refresh(index=names.ubi_queries)
        return bool(client.count(index=names.ubi_queries)["count"] == 5 * K)

    wait_until(written)
    context = index_context(client, names, shop.bundles_dir)
    assert build_suggestions(context).from_log == 1
    asked = {"prefix": "lamp", "session_id": "somebody", "deadline_ms": 20_000}
    suggested = json.dumps(api("POST", "/v1/suggest", asked).body)
    page = api("GET", "/insights")
    assert page.status == 200, page
    shown = [query.text for query in recent_queries(context, 100, 1) if query.shown]
    assert shown == [COMMON]
    for text in (suggested, str(page.body)):
        assert "gertrud" not in text
    assert COMMON in str(page.body)
