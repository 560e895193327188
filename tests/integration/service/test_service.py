"""The service's HTTP API on a real node: answers, and answers without a part."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.index.live.updates import delete
from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.serving.batching import BatchingEncoder
from query_service.serving.service import Service
from query_service.sessions.ubi.ubi_rows import iso_time
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import index_context
from tests.integration.serving import Api, Response, item_ids, serving
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


HEADPHONES = "wireless headphones"


@pytest.fixture(scope="module")
def shop(shop: ClusterSettings) -> ClusterSettings:
    """As everywhere, with errors of the cluster reported at once."""
    return shop.model_copy(update={"opensearch_retries": 0})


@pytest.fixture(scope="module")
def settings() -> ServiceSettings:
    return load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=0.2)


@pytest.fixture(scope="module")
def api(settings: ServiceSettings, shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, shop, batching)) as api:
        yield api
    batching.close()


def shares_sum(hit: Any) -> float:
    """Return the sum of the shares that explain a hit's score."""
    return sum(share["value"] for share in hit["explanation"]["shares"])


def test_a_search_returns_matching_items_and_says_how_they_were_found(api: Api) -> None:
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


def test_the_second_page_continues_the_first(api: Api) -> None:
    ten = api.search(HEADPHONES, "a2", size=10)
    second = api.search(HEADPHONES, "a3", size=5, **{"from": 5})
    assert item_ids(second) == item_ids(ten)[5:]
    assert [hit["position"] for hit in second["hits"]] == [6, 7, 8, 9, 10]


def test_filters_restrict_brand_and_price(api: Api) -> None:
    filters = {"brand": "Bolt", "price": {"lte": 40}}
    answer = api.search(HEADPHONES, "a4", filters=filters, size=20)
    assert answer["hits"]
    assert {hit["source"]["brand"] for hit in answer["hits"]} == {"Bolt"}
    assert max(hit["source"]["price"] for hit in answer["hits"]) <= 40


def test_clicked_items_rank_higher_in_the_very_next_search(api: Api) -> None:
    before = api.search("Acme", "b1", size=20)
    assert before["personalized"] is False
    lamps = [hit for hit in before["hits"] if "lamp" in hit["source"]["title"]]
    for hit in lamps[-2:]:
        response = api.event("click", hit["item_id"], "b1", query_id=before["query_id"])
        assert (response.status, response.body["accepted"]) == (200, 1)
        assert response.body["items"][0]["status"] == "accepted"
    after = api.search("Acme", "b1", size=20, explain=True)
    assert after["personalized"] is True
    assert "person" in after["stages_run"]

    clicked = {hit["item_id"] for hit in lamps[-2:]}

    def clicked_positions(answer: Any) -> list[int]:
        return [hit["position"] for hit in answer["hits"] if hit["item_id"] in clicked]

    assert len(clicked_positions(after)) == len(clicked_positions(before))
    assert sum(clicked_positions(after)) < sum(clicked_positions(before))
    assert "you clicked" in " ".join(hit["explanation"]["why"] for hit in after["hits"])
    without = api.search("Acme", "b1", size=20, personalize=False)
    assert without["personalized"] is False
    assert item_ids(without) == item_ids(before)


def test_explained_shares_add_up_to_the_score(api: Api) -> None:
    for action, item in (("view", "i3"), ("like", "i8"), ("dislike", "i13")):
        assert api.event(action, item, "c1", user_id="c-user").status == 200
    api.search("rain jacket", "c1", user_id="c-user")
    answer = api.search(HEADPHONES, "c1", user_id="c-user", explain=True, size=20)
    kinds = set()
    for hit in answer["hits"]:
        kinds |= {share["kind"] for share in hit["explanation"]["shares"]}
        assert shares_sum(hit) == pytest.approx(hit["score"], abs=1e-4)
        assert hit["explanation"]["score"] == hit["score"]
        assert set(hit["explanation"]["legs"]) == {"words", "meaning", "person"}
    assert {"query", "event"} <= kinds


def test_an_earlier_session_of_the_same_user_personalises(api: Api) -> None:
    assert api.event("purchase", "i2", "d1", user_id="d-user").status == 200
    answer = api.search("Cube", "d2", user_id="d-user")
    assert answer["personalized"] is True
    assert api.search("Cube", "d3")["personalized"] is False


def test_recommendations_are_diverse_without_events_and_personal_with_them(api: Api) -> None:
    cold = api("POST", "/v1/recommend", {"session_id": "e1", "size": 5}).body
    assert cold["personalized"] is False
    assert len({tuple(hit["source"]["category"]) for hit in cold["hits"]}) == 5
    for item in ("i4", "i9"):
        api.event("like", item, "e1")
    warm = api("POST", "/v1/recommend", {"session_id": "e1", "size": 5, "explain": True}).body
    assert warm["personalized"] is True
    assert sum("rain jacket" in hit["source"]["title"] for hit in warm["hits"]) >= 3
    assert not {"i4", "i9"} & set(item_ids(warm))
    feed = {"session_id": "e1", "scenario": "feed", "size": 3, "filters": {"brand": "Acme"}}
    answer = api("POST", "/v1/recommend", feed).body
    assert {hit["source"]["brand"] for hit in answer["hits"]} == {"Acme"}


def test_rank_orders_the_request_s_items(api: Api) -> None:
    def rank(items: list[str], **fields: str) -> Response:
        return api("POST", "/v1/rank", {"session_id": "f1", "item_ids": items, **fields})

    response = rank(["i0", "i1", "nowhere", "i3", "i2"], query=HEADPHONES)
    assert response.status == 200
    assert item_ids(response.body)[0] == "i3"
    assert sorted(item_ids(response.body)) == ["i0", "i1", "i2", "i3"]
    assert response.body["unknown_item_ids"] == ["nowhere"]
    assert rank(["i0", "i0"]).status == 422
    unknown = rank(["nowhere"])
    assert (unknown.status, unknown.body["hits"]) == (200, [])


@pytest.mark.parametrize("size", [None, 1, 2])
def test_an_item_deleted_a_moment_ago_is_unknown_to_rank(
    api: Api, client: OpenSearch, names: IndexNames, shop: ClusterSettings, size: int | None
) -> None:
    item_id = f"short-lived-{size}"
    document = client.get(index=names.items, id="i3")["_source"] | {"item_id": item_id}
    client.index(index=names.items, id=item_id, body=document, params={"refresh": "true"})
    delete(index_context(client, names, shop.bundles_dir), [item_id])
    body = {"session_id": "f2", "item_ids": [item_id, "i0", "i1"], "size": size}
    answer = api("POST", "/v1/rank", body).body
    assert answer["unknown_item_ids"] == [item_id]
    assert len(answer["hits"]) == (size or 2)
    assert [hit["position"] for hit in answer["hits"]] == [1, 2][: size or 2]


def test_each_event_of_a_request_gets_its_own_status(api: Api) -> None:
    events = [
        {"action": "click", "item_id": "i1", "session_id": "g1", "event_id": "e1"},
        {"action": "clack", "item_id": "i1", "session_id": "g1"},
        {"action": "click", "item_id": "unheard-of", "session_id": "g1"},
        {
            "action_name": "add_to_cart",
            "client_id": "g1",
            "query_id": "q",
            "timestamp": iso_time(time.time() - 60),
            "event_attributes": {"object": {"object_id": "i2"}, "position": {"ordinal": 1}},
        },
        {"action": "comment", "item_id": "i3", "session_id": "g1", "text": "soft and light"},
    ]
    response = api("POST", "/v1/events", {"events": events})
    assert response.status == 200
    assert (response.body["accepted"], response.body["rejected"]) == (4, 1)
    assert [item["status"] for item in response.body["items"]] == [
        "accepted", "rejected", "accepted_unknown_item", "accepted", "accepted",
    ]  # fmt: skip
    assert response.body["items"][1]["field"] == "action"


def test_a_session_can_be_exported_and_erased(api: Api) -> None:
    assert api("GET", "/v1/sessions/h1").status == 404
    api.event("like", "i1", "h1")
    api.search(HEADPHONES, "h1")
    exported = api("GET", "/v1/sessions/h1")
    assert exported.status == 200
    session = exported.body["session"]
    assert [event["item_id"] for event in session["events"]] == ["i1"]
    assert [query["query_text"] for query in session["queries"]] == [HEADPHONES]
    assert exported.body["ubi_events"]["count"] == 1
    erased = api("DELETE", "/v1/sessions/h1")
    assert (erased.status, erased.body["sessions"], erased.body["ubi_events"]) == (200, 1, 1)
    assert api("GET", "/v1/sessions/h1").status == 404
    assert api.search(HEADPHONES, "h1")["personalized"] is False


@pytest.mark.parametrize("visitor", ["auth0|5f7c", "/a+b//c==", "https://id.example/u?x=7#é%"])
def test_a_session_with_an_identity_provider_s_id_is_exported_and_erased(
    api: Api, visitor: str
) -> None:
    api.event("like", "i1", visitor)
    path = "/v1/sessions/" + quote(visitor, safe="")
    assert api("GET", path).body["session_id"] == visitor
    assert api("DELETE", path).body["sessions"] == 1
    assert api("GET", path).status == 404


def test_probes_and_metrics(api: Api) -> None:
    assert api("GET", "/healthz").status == 200
    assert api("GET", "/readyz").body["ready"] is True
    api.search(HEADPHONES, "m1")
    text = api("GET", "/metrics").body
    assert 'live_intent_request_seconds_count{route="/v1/search",status="200"}' in text
    assert 'live_intent_stage_seconds_count{stage="retrieve"}' in text


def test_a_search_without_readable_sessions_is_unpersonalised_and_says_so(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    api.event("click", "i1", "k1")
    client.indices.close(index=names.sessions)
    try:
        answer = api.search(HEADPHONES, "k1")
        assert len(answer["hits"]) == 10
        assert answer["personalized"] is False
        assert [each["stage"] for each in answer["degraded"]] == ["session"]
    finally:
        client.indices.open(index=names.sessions)
        client.cluster.health(index=names.sessions, wait_for_status="yellow")
    wait_until(lambda: api.search(HEADPHONES, "k1")["personalized"])
    assert (
        'live_intent_degraded_total{cause="unavailable",stage="session"}'
        in api("GET", "/metrics").body
    )


@contextmanager
def serving_reranker(
    settings: ServiceSettings, shop: ClusterSettings, encoder: Encoder, reranker: Reranker
) -> Iterator[Api]:
    service = Service(settings, shop, connect(shop), encoder, Models(reranker))
    service.start()
    with serving(create_app(settings, shop, service=service)) as api:
        yield api


class FailingReranker(Reranker):
    def score(self, inputs: Any) -> Any:
        raise RuntimeError("no memory left")


def test_a_failing_reranker_degrades_to_the_fused_order(
    settings: ServiceSettings, shop: ClusterSettings, encoder: Encoder
) -> None:
    with serving_reranker(settings, shop, encoder, FailingReranker()) as api:
        answer = api.search(HEADPHONES, "l1", explain=True)
    assert [each["stage"] for each in answer["degraded"]] == ["rerank"]
    assert "memory" not in str(answer["degraded"])
    assert "headphones" in answer["hits"][0]["source"]["title"]
    for hit in answer["hits"]:
        assert shares_sum(hit) == pytest.approx(hit["score"], abs=1e-4)


class TitleCollector(Reranker):
    """Collects the titles of the candidates that it scores."""

    def __init__(self, reads_titles: bool) -> None:
        super().__init__()
        self.reads_titles = reads_titles
        self.titles: set[str] = set()

    def score(self, inputs: Any) -> Any:
        self.titles |= set(inputs.candidates.titles)
        return super().score(inputs)


@pytest.mark.parametrize("reads_titles", [True, False])
def test_candidates_have_titles_only_for_a_reranker_that_reads_them(
    settings: ServiceSettings, shop: ClusterSettings, encoder: Encoder, reads_titles: bool
) -> None:
    reranker = TitleCollector(reads_titles)
    with serving_reranker(settings, shop, encoder, reranker) as api:
        for hit in api.search(HEADPHONES, "l2")["hits"]:
            assert (hit["source"]["title"] in reranker.titles) == reads_titles
    assert ("" in reranker.titles) != reads_titles


def test_a_deadline_too_short_degrades_the_answer(api: Api) -> None:
    for attempt in range(3):
        started = time.monotonic()
        body = {"query": f"{HEADPHONES} {attempt}", "session_id": "n1", "deadline_ms": 1}
        response = api("POST", "/v1/search", body)
        assert time.monotonic() - started < 5
        assert response.status in (200, 503)
        if response.status == 200:
            assert "rerank" in [each["stage"] for each in response.body["degraded"]]
