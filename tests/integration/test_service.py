"""The service over HTTP, on a real node: what a shop's front end sees, also on a bad day."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.batching import BatchingEncoder
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.service import Service, make_service
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import TINY, index_context, rebuilt, tiny_model
from tests.integration.serving import Api, Proxy, ids, in_thread, wait_for, write_items

pytestmark = pytest.mark.node
HEADPHONES = "wireless headphones"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(load(EncoderSettings, encoder=tiny_model(), device="cpu", **TINY))


@pytest.fixture(scope="module")
def cluster(
    client: OpenSearch,
    names: IndexNames,
    node_url: str,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> ClusterSettings:
    """Settings of a cluster with a small index behind the alias."""
    folder = tmp_path_factory.mktemp("service")
    settings = load(
        ClusterSettings,
        opensearch_url=node_url,
        index_prefix=names.prefix,
        state_dir=folder,
        opensearch_retries=0,
    )
    catalogue = write_items(folder / "items.jsonl")
    rebuilt(index_context(client, names, settings.bundles_dir), encoder, catalogue)
    return settings


def settings(**more: Any) -> ServiceSettings:
    return load(ServiceSettings, **({"default_deadline_ms": 20_000, "swap_poll_s": 0.2} | more))


@pytest.fixture(scope="module")
def api(cluster: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    batching = BatchingEncoder(encoder)
    app = create_app(settings(), cluster, batching)
    with in_thread(app) as served:
        yield served
    app.extensions["live_intent"].close()
    batching.close()


def test_a_search(api: Api) -> None:
    answer = api.search(HEADPHONES, "a1", size=5)
    assert len(answer["hits"]) == 5
    first = answer["hits"][0]
    assert "headphones" in first["source"]["title"]
    assert "explanation" not in first
    assert not [name for name in first["source"] if name.startswith("vector")]
    assert answer["query_id"]
    assert answer["total"]["value"] >= 12
    assert {"words", "meaning", "rerank"} <= set(answer["stages_run"])
    assert answer["degraded"] == []
    assert answer["personalized"] is False
    assert {"session", "encode", "retrieve", "rerank", "page", "total"} <= set(answer["timing_ms"])


def test_pages_follow_each_other(api: Api) -> None:
    whole = api.search(HEADPHONES, "a2", size=10)
    second = api.search(HEADPHONES, "a3", size=5, **{"from": 5})
    assert ids(second) == ids(whole)[5:]
    assert [hit["position"] for hit in second["hits"]] == [6, 7, 8, 9, 10]


def test_filters(api: Api) -> None:
    filters = {"brand": "Bolt", "price": {"lte": 40}}
    answer = api.search(HEADPHONES, "a4", filters=filters, size=20)
    assert answer["hits"]
    assert {hit["source"]["brand"] for hit in answer["hits"]} == {"Bolt"}
    assert max(hit["source"]["price"] for hit in answer["hits"]) <= 40


def test_a_click_counts_in_the_very_next_search(api: Api) -> None:
    before = api.search("Acme", "b1", size=20)
    assert before["personalized"] is False
    liked = [hit for hit in before["hits"] if "lamp" in hit["source"]["title"]]
    for hit in liked[-2:]:
        answer = api.event("click", hit["item_id"], "b1", query_id=before["query_id"])
        assert (answer.status, answer.body["accepted"]) == (200, 1)
        assert answer.body["items"][0]["status"] == "accepted"
    after = api.search("Acme", "b1", size=20, explain=True)
    assert after["personalized"] is True
    assert "person" in after["stages_run"]

    clicked = {hit["item_id"] for hit in liked[-2:]}

    def places(answer: Any) -> list[int]:
        return [hit["position"] for hit in answer["hits"] if hit["item_id"] in clicked]

    assert len(places(after)) == len(places(before))
    assert sum(places(after)) < sum(places(before))
    whys = " ".join(hit["explanation"]["why"] for hit in after["hits"])
    assert "you clicked" in whys
    without = api.search("Acme", "b1", size=20, personalize=False)
    assert without["personalized"] is False
    assert ids(without) == ids(before)


def test_explained_shares_add_up_to_the_score(api: Api) -> None:
    for action, item in (("view", "i3"), ("like", "i8"), ("dislike", "i13")):
        assert api.event(action, item, "c1", user_id="c-user").status == 200
    api.search("rain jacket", "c1", user_id="c-user")
    answer = api.search(HEADPHONES, "c1", user_id="c-user", explain=True, size=20)
    kinds = set()
    for hit in answer["hits"]:
        shares = hit["explanation"]["shares"]
        kinds |= {share["kind"] for share in shares}
        assert sum(share["value"] for share in shares) == pytest.approx(hit["score"], abs=1e-4)
        assert hit["explanation"]["score"] == hit["score"]
        assert set(hit["explanation"]["legs"]) == {"words", "meaning", "person"}
    assert {"query", "event"} <= kinds


def test_the_users_other_session_counts(api: Api) -> None:
    assert api.event("purchase", "i2", "d1", user_id="d-user").status == 200
    answer = api.search("Cube", "d2", user_id="d-user")
    assert answer["personalized"] is True
    assert api.search("Cube", "d3")["personalized"] is False


def test_recommendations_cold_and_warm(api: Api) -> None:
    cold = api("POST", "/v1/recommend", {"session_id": "e1", "size": 5}).body
    assert cold["personalized"] is False
    assert len({tuple(hit["source"]["category"]) for hit in cold["hits"]}) == 5
    for item in ("i4", "i9"):
        api.event("like", item, "e1")
    warm = api("POST", "/v1/recommend", {"session_id": "e1", "size": 5, "explain": True}).body
    assert warm["personalized"] is True
    assert sum("rain jacket" in hit["source"]["title"] for hit in warm["hits"]) >= 3
    assert not {"i4", "i9"} & set(ids(warm))
    feed = {"session_id": "e1", "scenario": "feed", "size": 3, "filters": {"brand": "Acme"}}
    answer = api("POST", "/v1/recommend", feed).body
    assert {hit["source"]["brand"] for hit in answer["hits"]} == {"Acme"}


def test_rank_orders_what_it_is_given(api: Api) -> None:
    given = ["i0", "i1", "nowhere", "i3", "i2"]
    answer = api("POST", "/v1/rank", {"session_id": "f1", "item_ids": given, "query": HEADPHONES})
    assert answer.status == 200
    assert ids(answer.body)[0] == "i3"
    assert sorted(ids(answer.body)) == ["i0", "i1", "i2", "i3"]
    assert answer.body["unknown_item_ids"] == ["nowhere"]
    twice = {"session_id": "f1", "item_ids": ["i0", "i0"]}
    assert api("POST", "/v1/rank", twice).status == 422
    unknown = api("POST", "/v1/rank", {"session_id": "f1", "item_ids": ["nowhere"]})
    assert (unknown.status, unknown.body["hits"]) == (200, [])


def test_events_are_answered_one_by_one(api: Api) -> None:
    events = [
        {"action": "click", "item_id": "i1", "session_id": "g1", "event_id": "e1"},
        {"action": "clack", "item_id": "i1", "session_id": "g1"},
        {"action": "click", "item_id": "unheard-of", "session_id": "g1"},
        {
            "action_name": "add_to_cart",
            "client_id": "g1",
            "query_id": "q",
            "timestamp": "2026-01-01T00:00:00Z",
            "event_attributes": {"object": {"object_id": "i2"}, "position": {"ordinal": 1}},
        },
        {"action": "comment", "item_id": "i3", "session_id": "g1", "text": "soft and light"},
    ]
    answer = api("POST", "/v1/events", {"events": events})
    assert answer.status == 200
    assert (answer.body["accepted"], answer.body["rejected"]) == (4, 1)
    statuses = [item["status"] for item in answer.body["items"]]
    assert statuses == [
        "accepted", "rejected", "accepted_unknown_item", "accepted", "accepted",
    ]  # fmt: skip
    assert answer.body["items"][1]["field"] == "action"


def test_what_is_kept_is_shown_and_gone_for_good(api: Api) -> None:
    assert api("GET", "/v1/sessions/h1").status == 404
    api.event("like", "i1", "h1")
    api.search(HEADPHONES, "h1")
    kept = api("GET", "/v1/sessions/h1")
    assert kept.status == 200
    assert [event["item_id"] for event in kept.body["session"]["events"]] == ["i1"]
    assert [past["query_text"] for past in kept.body["session"]["queries"]] == [HEADPHONES]
    assert kept.body["ubi_events"]["count"] == 1
    gone = api("DELETE", "/v1/sessions/h1")
    assert (gone.status, gone.body["sessions"], gone.body["ubi_events"]) == (200, 1, 1)
    assert api("GET", "/v1/sessions/h1").status == 404
    assert api.search(HEADPHONES, "h1")["personalized"] is False


def test_probes_and_metrics(api: Api) -> None:
    assert api("GET", "/healthz").status == 200
    assert api("GET", "/readyz").body["ready"] is True
    api.search(HEADPHONES, "m1")
    text = api("GET", "/metrics").body
    assert 'live_intent_request_seconds_count{route="/v1/search",status="200"}' in text
    assert 'live_intent_stage_seconds_count{stage="retrieve"}' in text


def test_unreadable_sessions_give_an_unpersonalised_answer_that_says_so(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    api.event("click", "i1", "k1")
    client.indices.close(index=names.sessions)
    try:
        answer = api.search(HEADPHONES, "k1")
        assert len(answer["hits"]) == 10
        assert answer["personalized"] is False
        assert [part["stage"] for part in answer["degraded"]] == ["session"]
    finally:
        client.indices.open(index=names.sessions)
        client.cluster.health(index=names.sessions, wait_for_status="yellow")
    wait_for(lambda: api.search(HEADPHONES, "k1")["personalized"])
    assert 'live_intent_degraded_total{stage="session"}' in api("GET", "/metrics").body


class Failing(Reranker):
    def score(self, inputs: Any) -> Any:
        raise RuntimeError("no memory left")


def test_a_reranker_that_fails_gives_the_fused_order(
    cluster: ClusterSettings, encoder: Encoder
) -> None:
    service = Service(settings(), cluster, connect(cluster), encoder, Models(Failing()))
    service.start()
    with in_thread(create_app(settings(), cluster, service=service)) as api:
        answer = api.search(HEADPHONES, "l1", explain=True)
    service.close()
    assert [part["stage"] for part in answer["degraded"]] == ["rerank"]
    assert "memory" not in str(answer["degraded"])
    assert "headphones" in answer["hits"][0]["source"]["title"]
    for hit in answer["hits"]:
        shares = sum(share["value"] for share in hit["explanation"]["shares"])
        assert shares == pytest.approx(hit["score"], abs=1e-4)


class Reading(Reranker):
    """Keeps the titles that it was given."""

    def __init__(self, reads_titles: bool) -> None:
        super().__init__()
        self.reads_titles = reads_titles
        self.titles: set[str] = set()

    def score(self, inputs: Any) -> Any:
        self.titles |= set(inputs.candidates.titles)
        return super().score(inputs)


@pytest.mark.parametrize("wanted", [True, False])
def test_titles_are_read_for_a_reranker_that_wants_them(
    cluster: ClusterSettings, encoder: Encoder, wanted: bool
) -> None:
    reranker = Reading(wanted)
    service = Service(settings(), cluster, connect(cluster), encoder, Models(reranker))
    service.start()
    with in_thread(create_app(settings(), cluster, service=service)) as api:
        for hit in api.search(HEADPHONES, "l2")["hits"]:
            assert (hit["source"]["title"] in reranker.titles) == wanted
    service.close()
    assert ("" in reranker.titles) != wanted


def test_a_deadline_that_can_not_be_met(api: Api) -> None:
    for attempt in range(3):
        started = time.monotonic()
        body = {"query": f"{HEADPHONES} {attempt}", "session_id": "n1", "deadline_ms": 1}
        answer = api("POST", "/v1/search", body)
        assert time.monotonic() - started < 5
        assert answer.status in (200, 503)
        if answer.status == 200:
            assert "rerank" in [part["stage"] for part in answer.body["degraded"]]


def test_a_cluster_that_goes_and_comes_back(
    cluster: ClusterSettings, encoder: Encoder, node_url: str
) -> None:
    proxy = Proxy(node_url)
    behind = cluster.model_copy(update={"opensearch_url": proxy.url, "opensearch_timeout_s": 5.0})
    service = make_service(settings(), behind, encoder)
    service.start()
    try:
        with in_thread(create_app(settings(), behind, service=service)) as api:
            assert api.search(HEADPHONES, "o1")["hits"]
            proxy.close()
            requests: list[tuple[str, dict[str, Any]]] = [
                ("/v1/search", {"query": HEADPHONES, "session_id": "o1"}),
                ("/v1/recommend", {"session_id": "o1"}),
                ("/v1/rank", {"session_id": "o1", "item_ids": ["i1"]}),
                ("/v1/events", {"action": "click", "item_id": "i1", "session_id": "o1"}),
            ]
            for path, body in requests:
                answer = api("POST", path, body)
                assert answer.status == 503, (path, answer)
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.headers["Retry-After"] == "1"
            assert api("GET", "/healthz").status == 200
            ready = api("GET", "/readyz")
            assert (ready.status, ready.body["ready"]) == (503, False)
            assert "does not answer" in ready.body["checks"]["opensearch"]
            proxy.open()
            assert api("GET", "/readyz").status == 200
            assert api.search(HEADPHONES, "o1")["hits"]
    finally:
        service.close()
        proxy.close()


def test_a_service_without_an_index_waits_for_one_and_follows_the_alias(
    client: OpenSearch,
    fresh_names: IndexNames,
    cluster: ClusterSettings,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    own = cluster.model_copy(update={"index_prefix": fresh_names.prefix})
    app = create_app(settings(), own, encoder)
    with in_thread(app) as api:
        answer = api("POST", "/v1/search", {"query": "shoes", "session_id": "p1"})
        assert answer.status == 503
        assert "index rebuild" in answer.body["detail"]
        assert api("GET", "/readyz").status == 503
        indexes = []
        for count in (30, 40):
            catalogue = write_items(tmp_path / f"{count}.jsonl", count)
            made = rebuilt(index_context(client, fresh_names, own.bundles_dir), encoder, catalogue)
            indexes.append(made)
            wait_for(lambda made=made: made in str(api("GET", "/readyz").body))  # type: ignore[misc]
            assert api.search("shoes", "p1")["index"] == made
        assert indexes[0] != indexes[1]
    app.extensions["live_intent"].close()


def test_a_cluster_that_comes_late_gets_the_indexes_it_needs(
    client: OpenSearch,
    fresh_names: IndexNames,
    cluster: ClusterSettings,
    encoder: Encoder,
    node_url: str,
    tmp_path: Path,
) -> None:
    catalogue = write_items(tmp_path / "items.jsonl", 20)
    rebuilt(index_context(client, fresh_names, cluster.bundles_dir), encoder, catalogue)
    client.indices.delete(index=fresh_names.sessions, ignore=[404])
    proxy = Proxy(node_url)
    proxy.close()
    own = cluster.model_copy(
        update={"opensearch_url": proxy.url, "index_prefix": fresh_names.prefix}
    )
    app = create_app(settings(), own, encoder)
    with in_thread(app) as api:
        assert api("GET", "/readyz").status == 503
        assert not client.indices.exists(index=fresh_names.sessions)
        proxy.open()
        wait_for(lambda: api("GET", "/readyz").status == 200)
        mapping = client.indices.get_mapping(index=fresh_names.sessions)
        assert mapping[fresh_names.sessions]["mappings"]["dynamic"] == "strict"
        api.event("click", "i1", "q1")
        assert api.search("Acme", "q1")["personalized"] is True
    app.extensions["live_intent"].close()
    proxy.close()
