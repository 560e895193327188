"""When the service is ready: without a cluster, an index or its stores, and at a new index."""

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.index.context import IndexContext
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.assembly import make_service
from query_service.serving.batching import BatchingEncoder
from query_service.serving.first_searches import SEARCHES
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.cluster_proxy import ClusterProxy
from tests.integration.rebuilding import index_context, rebuild_index, write_catalogue
from tests.integration.serving import serving
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def settings() -> ServiceSettings:
    return load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=0.2)


@pytest.fixture
def twenty_items(fresh_context: IndexContext, encoder: Encoder, tmp_path: Path) -> str:
    """The items index of `fresh_settings`, with twenty items, `0` to `19`."""
    catalogue = write_catalogue(tmp_path / "items.jsonl", range(20))
    return rebuild_index(fresh_context, encoder, catalogue)


def test_requests_get_503_while_the_cluster_is_unreachable(
    settings: ServiceSettings,
    fresh_settings: ClusterSettings,
    encoder: Encoder,
    node_url: str,
    twenty_items: str,
) -> None:
    proxy = ClusterProxy(node_url)
    behind = fresh_settings.model_copy(
        update={"opensearch_url": proxy.url, "opensearch_timeout_s": 5.0, "opensearch_retries": 0}
    )
    try:
        with serving(create_app(settings, behind, encoder)) as api:
            assert api.search("shoe", "o1")["hits"]
            proxy.close()
            requests: list[tuple[str, dict[str, Any]]] = [
                ("/v1/search", {"query": "shoe", "session_id": "o1"}),
                ("/v1/recommend", {"session_id": "o1"}),
                ("/v1/suggest", {"session_id": "o1", "prefix": "wire"}),
                ("/v1/rank", {"session_id": "o1", "item_ids": ["i1"]}),
                ("/v1/events", {"action": "click", "item_id": "i1", "session_id": "o1"}),
            ]
            for path, body in requests:
                response = api("POST", path, body)
                assert response.status == 503, (path, response)
                assert response.headers["Content-Type"] == "application/problem+json"
                assert response.headers["Retry-After"] == "1"
            assert api("GET", "/healthz").status == 200
            wait_until(lambda: not api.ready())
            readiness = api("GET", "/readyz")
            assert (readiness.status, readiness.body["ready"]) == (503, False)
            assert "does not answer" in readiness.body["checks"]["opensearch"]
            proxy.open()
            wait_until(api.ready)
            assert api.search("shoe", "o1")["hits"]
    finally:
        proxy.close()


def test_it_is_ready_only_when_a_search_is_answered(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    settings: ServiceSettings,
    encoder: Encoder,
    twenty_items: str,
) -> None:
    with serving(create_app(settings, fresh_settings, encoder)) as api:
        assert api("GET", "/readyz").status == 200
        # As after a restart: the engine answers, and has no shard yet to search.
        client.indices.close(index=twenty_items)
        wait_until(lambda: not api.ready())
        readiness = api("GET", "/readyz")
        assert readiness.body["checks"]["opensearch"] != "ok"
        client.indices.open(index=twenty_items)
        wait_until(api.ready)
        assert api.search("shoe", "r1")["hits"]


def test_events_are_not_stored_in_another_application_s_index(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    settings: ServiceSettings,
    encoder: Encoder,
    twenty_items: str,
) -> None:
    with serving(create_app(settings, fresh_settings, encoder)) as api:
        assert api.event("click", "1", "f1").status == 200
        client.indices.delete(index=fresh_names.sessions)
        theirs = {"mappings": {"dynamic": "true", "_meta": {"made_by": "another application"}}}
        client.indices.create(index=fresh_names.sessions, body=theirs)
        wait_until(lambda: api.event("click", "1", "f1").status == 503)
        client.indices.refresh(index=fresh_names.sessions)
        before = client.count(index=fresh_names.sessions)["count"]
        assert api.event("click", "2", "f2").status == 503
        assert api.search("shoe", "f2")["hits"]
        client.indices.refresh(index=fresh_names.sessions)
        assert client.count(index=fresh_names.sessions)["count"] == before


def test_a_service_without_an_index_waits_for_one_and_follows_the_alias(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    settings: ServiceSettings,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    context = index_context(client, fresh_names, fresh_settings.bundles_dir)
    with serving(create_app(settings, fresh_settings, encoder)) as api:
        response = api("POST", "/v1/search", {"query": "shoes", "session_id": "p1"})
        assert response.status == 503
        assert response.body["detail"] == "There is nothing to search yet. Try again in a moment."
        readiness = api("GET", "/readyz")
        assert readiness.status == 503
        assert "live-intent index rebuild" in readiness.body["checks"]["index"]
        indexes = []
        for count in (30, 40):
            catalogue = write_catalogue(tmp_path / f"{count}.jsonl", range(count))
            index = rebuild_index(context, encoder, catalogue)
            indexes.append(index)
            wait_until(lambda index=index: index in str(api("GET", "/readyz").body))
            assert api.search("shoes", "p1")["index"] == index
        assert indexes[0] != indexes[1]


def test_missing_session_indexes_are_made_once_the_cluster_answers(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    settings: ServiceSettings,
    encoder: Encoder,
    node_url: str,
    twenty_items: str,
) -> None:
    client.indices.delete(index=fresh_names.sessions, ignore=[404])
    proxy = ClusterProxy(node_url)
    proxy.close()
    behind = fresh_settings.model_copy(
        update={"opensearch_url": proxy.url, "opensearch_retries": 0}
    )
    with serving(create_app(settings, behind, encoder)) as api:
        assert api("GET", "/readyz").status == 503
        assert not client.indices.exists(index=fresh_names.sessions)
        proxy.open()
        wait_until(api.ready)
        mapping = client.indices.get_mapping(index=fresh_names.sessions)
        assert mapping[fresh_names.sessions]["mappings"]["dynamic"] == "strict"
        assert api.event("click", "1", "q1").status == 200  # API keys were read, too
        assert api.search("Acme", "q1")["personalized"] is True
    proxy.close()


def test_a_new_index_is_searched_before_the_service_answers_from_it(
    fresh_context, fresh_settings, client, encoder, twenty_items, tmp_path
):
    def searches(index: str) -> int:
        stats = client.indices.stats(index=index, metric="search")
        return int(stats["_all"]["primaries"]["search"]["query_total"])

    batching = BatchingEncoder(encoder)
    service = make_service(load(ServiceSettings, swap_poll_s=3600), fresh_settings, batching)
    answers = []
    service.pipeline.on_answer = lambda *answer: answers.append(answer)
    try:
        views = service.pipeline.views
        assert views.refresh().index == twenty_items
        new = rebuild_index(
            fresh_context, encoder, write_catalogue(tmp_path / "new.jsonl", range(20))
        )
        before = searches(new)
        assert views.current().index == twenty_items
        assert views.refresh().index == new
        assert searches(new) >= before + SEARCHES
        assert answers == []  # they are nobody's
        service.store.flush()
        client.indices.refresh(index=fresh_context.names.ubi_queries)
        assert client.count(index=fresh_context.names.ubi_queries)["count"] == 0
    finally:
        service.close()
        batching.close()
