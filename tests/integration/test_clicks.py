"""A click is in the very next search: over HTTP, 1,000 times, by several visitors at once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch
from werkzeug.serving import WSGIRequestHandler, make_server

from benchmarks.clicks import click_and_search, some_items
from benchmarks.served import Api
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import index_context, rebuilt, tiny_model, write_catalogue

CLICKS = 1000
pytestmark = pytest.mark.node


class Quiet(WSGIRequestHandler):
    """No line for each of thousands of requests; connections are kept."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def services(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[str]]:
    """Addresses of two services on one small index, as two processes would be."""
    folder: Path = tmp_path_factory.mktemp("clicks")
    cluster = cluster_settings.model_copy(update={"state_dir": folder})
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model()))
    catalogue = write_catalogue(folder / "catalogue.jsonl", range(300))
    rebuilt(index_context(client, names, cluster.bundles_dir), encoder, catalogue)
    # A deadline that a busy machine keeps: this is about what counts, not how fast.
    settings = load(ServiceSettings, default_deadline_ms=30_000)
    apps = [create_app(settings, cluster, encoder) for _ in range(2)]
    servers = [
        make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet) for app in apps
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server, app in zip(servers, apps, strict=True):
        server.shutdown()
        app.extensions["live_intent"].close()


def test_each_of_1000_clicks_counts_in_the_very_next_search(services, client, names):
    """Clicks go to one service, searches to the other: nothing may hang on a process's memory."""
    items = some_items(client, names, CLICKS)
    api = Api(services[0], searches=services[1])
    tries = click_and_search(api, items, per_session=20, threads=4)
    assert len(tries) == CLICKS
    assert sum(each.counted for each in tries) == CLICKS


def test_a_click_counts_with_the_user_in_the_next_session(services):
    api = Api(services[0], searches=services[1])
    event = {"action": "click", "item_id": "7", "session_id": "monday", "user_id": "ann"}
    api.post("/v1/events", {"events": [event]})
    search = {"query": "phone", "session_id": "tuesday", "user_id": "ann", "explain": True}
    answer = api.post("/v1/search", search)
    kinds = {
        share["kind"]
        for hit in answer["hits"]
        for share in hit["explanation"]["shares"]
        if share.get("item_id") == "7"
    }
    assert kinds == {"user_history"}
