"""A click counts in the very next search: over HTTP, 1,000 times, by several visitors at once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from benchmarks.latency.clicks import click_and_search, some_items
from benchmarks.served import Api as BenchmarkApi
from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import index_context, rebuild_index, write_catalogue
from tests.integration.serving import Api, serving

CLICKS = 1000
pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def services(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Api]]:
    """Two services on one small index, which share no memory, as two processes would."""
    folder: Path = tmp_path_factory.mktemp("clicks")
    catalogue = write_catalogue(folder / "catalogue.jsonl", range(300))
    rebuild_index(index_context(client, names, cluster_settings.bundles_dir), encoder, catalogue)
    # A deadline that a busy machine keeps: the test is about what counts, not about speed.
    settings = load(ServiceSettings, default_deadline_ms=30_000)
    with ExitStack() as stack:
        apps = [create_app(settings, cluster_settings, encoder) for _ in range(2)]
        yield [stack.enter_context(serving(app)) for app in apps]


def test_each_of_1000_clicks_counts_in_the_very_next_search(services, client, names):
    """Clicks go to one service and searches to the other: the index alone may connect them."""
    clicks, searches = services
    items = some_items(client, names, CLICKS)
    api = BenchmarkApi(clicks.url, searches=searches.url)
    tries = click_and_search(api, items, per_session=20, threads=4)
    assert len(tries) == CLICKS
    assert sum(each.counted for each in tries) == CLICKS


def test_a_click_counts_in_the_next_session_of_its_user(services):
    clicks, searches = services
    assert clicks.event("click", "7", "monday", user_id="ann").status == 200
    answer = searches.search("phone", "tuesday", user_id="ann", explain=True)
    kinds = {
        share["kind"]
        for hit in answer["hits"]
        for share in hit["explanation"]["shares"]
        if share.get("item_id") == "7"
    }
    assert kinds == {"user_history"}
