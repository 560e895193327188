"""The option `rank` of the response processor: a query service orders the first page."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.engine_models.model_documents import apply_models
from query_service.privacy.pseudonyms import Pseudonyms, parse_keys
from tests.integration.engine_plugin.test_statistics import counts
from tests.integration.engine_plugin.visited_shop import (
    VisitedShop,
    ids,
    pipeline_body,
    scores,
    state,
)
from tests.integration.learned_bundles import learned_bundle
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import serving_index
from tests.local_server import QuietHandler, local_server

pytestmark = pytest.mark.node
PATIENT_MS, SHORT_MS = 10_000, 150
PSEUDONYM = Pseudonyms(parse_keys("k1:a-secret-of-the-shop")).of("u")
FAILURES = 5  # in a row, after which the service is not asked for a while


@dataclass(frozen=True)
class StandIn:
    """A service that answers by the first part of the path; `asked` has the bodies."""

    shop: VisitedShop
    url: str
    asked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def search(
        self, kind: str, index: str = "", *, timeout_ms: int = PATIENT_MS, **body: Any
    ) -> dict[str, Any]:
        """A search of the session `lamps` through a new pipeline that asks for this kind."""
        pipeline = self.pipeline(kind, timeout_ms)
        return self.shop.search(index or self.shop.one, "lamps", pipeline=pipeline, **body)

    def pipeline(self, kind: str, timeout_ms: int = PATIENT_MS) -> str:
        """The name of a new pipeline."""
        url = kind if ":" in kind else f"{self.url}/{kind}"
        name = f"{self.shop.prefix}rank-{time.monotonic_ns()}"
        self.shop.put_pipeline(name, rank={"url": url, "timeout_ms": timeout_ms})
        return name


@pytest.fixture(scope="module")
def stand_in(shop: VisitedShop) -> Iterator[StandIn]:
    ended, asked = Event(), dict[str, list[dict[str, Any]]]()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            kind, body = self.path.split("/")[1], json.loads(self.body())
            assert self.path == f"/{kind}/v1/rank"
            asked.setdefault(kind, []).append(body)
            hits = [{"item_id": item, "source": {}} for item in reversed(body["item_ids"])]
            answer = {"hits": hits, "degraded": [], "unknown_item_ids": []}
            match kind:
                case "slow":
                    ended.wait(60)
                    self.close_connection = True
                    return
                case "missing":
                    answer["hits"] = hits[1:]
                case "degraded":
                    answer["degraded"] = [{"stage": "rerank", "reason": "late"}]
                case "large":
                    answer["query_id"] = "x" * (3 << 20)
                case "broken":
                    self.answer(200, b'{"hits": [')
                    return
                case "cut":
                    self.answer(200, b"{", length="99")
                    self.close_connection = True
                    return
                case status if status.isdigit():
                    self.answer(int(status), b"{}")
                    return
            self.answer(200, json.dumps(answer).encode())

    with local_server(Handler) as url:
        yield StandIn(shop, url, asked)
        ended.set()


def test_the_service_orders_the_page(stand_in: StandIn) -> None:
    shop = stand_in.shop
    for index in (shop.one, shop.three):
        own = shop.search(index, "lamps", size=20)
        answer = stand_in.search(
            "backwards", index, size=20, live_intent={"user_id": "u", "query_text": "red lamp"}
        )
        said = state(answer)["rank"]
        assert said.pop("took_ms") >= 0
        assert said == {"by": "learned"}
        assert state(answer)["personalised"]
        assert ids(answer) == ids(own)[::-1]
        assert scores(answer).tolist() == scores(own).tolist()  # they stay at their positions
        assert answer["hits"]["max_score"] == own["hits"]["max_score"]
        assert answer["hits"]["total"] == own["hits"]["total"]
        by_id = {hit["_id"]: hit["_source"] for hit in own["hits"]["hits"]}
        assert all(hit["_source"] == by_id[hit["_id"]] for hit in answer["hits"]["hits"])
        assert stand_in.asked["backwards"][-1] == {
            "session_id": "lamps",
            "user_id": "u",
            "query": "red lamp",
            "item_ids": ids(own),
            "size": 20,
            "deadline_ms": PATIENT_MS,
        }
    assert "rank" not in state(own)


def test_explanations_stay_with_their_hits(stand_in: StandIn) -> None:
    body: dict[str, Any] = {"live_intent": {"explain": True}, "explain": True, "size": 5}
    own = stand_in.shop.search(stand_in.shop.three, "lamps", **body)
    answer = stand_in.search("backwards", stand_in.shop.three, **body)
    assert ids(answer) == ids(own)[::-1]
    assert state(answer)["hits"] == state(own)["hits"]
    explained = [hit["_explanation"] for hit in own["hits"]["hits"]]
    assert [hit["_explanation"] for hit in answer["hits"]["hits"]] == explained[::-1]


@pytest.mark.parametrize(
    ("kind", "reason"),
    {
        "missing": "missing_items",
        "degraded": "degraded",
        "broken": "unreadable",
        "large": "unreadable",
        "cut": "unreachable",
        "503": "refused",
        "307": "refused",
        "http://127.0.0.1:9": "unreachable",
        "https://127.0.0.1:9": "unreachable",
    }.items(),
)
def test_a_failure_keeps_the_engine_s_order(stand_in: StandIn, kind: str, reason: str) -> None:
    own = stand_in.shop.search(stand_in.shop.one, "lamps")
    answer = stand_in.search(kind)
    assert answer["hits"] == own["hits"]
    said = state(answer)["rank"]
    assert (said["by"], said["reason"]) == ("engine", reason)
    assert said["message"]


def test_a_slow_service_costs_its_deadline_and_then_nothing(stand_in: StandIn) -> None:
    own = stand_in.shop.search(stand_in.shop.one, "lamps")
    pipeline = stand_in.pipeline("slow", SHORT_MS)

    def search(_: int) -> dict[str, Any]:
        return stand_in.shop.search(stand_in.shop.one, "lamps", pipeline=pipeline)

    with ThreadPoolExecutor(FAILURES) as threads:  # nobody waits for the other
        late = list(threads.map(search, range(FAILURES)))
    for answer in late:
        assert answer["hits"] == own["hits"]
        said = state(answer)["rank"]
        assert (said["by"], said["reason"]) == ("engine", "late")
        assert SHORT_MS <= said["took_ms"] < PATIENT_MS
    after = search(0)
    assert after["hits"] == own["hits"]
    assert state(after)["rank"]["reason"] == "paused"
    assert state(after)["rank"]["took_ms"] == 0
    assert len(stand_in.asked["slow"]) == FAILURES


def test_what_the_service_finds_wrong_in_one_request_pauses_nothing(stand_in: StandIn) -> None:
    pipeline = stand_in.pipeline("422")
    before = counts(stand_in.shop)["rank"]
    said = Counter(
        state(stand_in.shop.search(stand_in.shop.one, "lamps", pipeline=pipeline))["rank"]["reason"]
        for _ in range(FAILURES + 1)
    )
    assert said == {"refused": FAILURES + 1}
    assert state(stand_in.search("backwards"))["rank"]["by"] == "learned"
    after = counts(stand_in.shop)["rank"]
    assert after["learned"] == before["learned"] + 1
    assert after["engine"]["refused"] == before["engine"].get("refused", 0) + FAILURES + 1


@pytest.mark.parametrize(
    ("reason", "session_id", "body"),
    [
        ("later_page", "lamps", {"from": 3}),
        ("beyond_window", "lamps", {"size": 30, "live_intent": {"window": 10}}),
        ("few_hits", "lamps", {"size": 1}),
        ("no_ids", "lamps", {"stored_fields": "_none_"}),
        (
            "pseudonym",
            "lamps",
            {"live_intent": {"user_id": PSEUDONYM}},
        ),
        ("not_personalised", "nobody", {}),
        ("not_personalised", "lamps", {"sort": [{"price": "desc"}]}),
    ],
)
def test_pages_that_are_not_asked_for(
    stand_in: StandIn, reason: str, session_id: str, body: dict[str, Any]
) -> None:
    own = stand_in.shop.search(stand_in.shop.one, session_id, **body)
    pipeline = stand_in.pipeline("never")
    answer = stand_in.shop.search(stand_in.shop.one, session_id, pipeline=pipeline, **body)
    assert answer["hits"] == own["hits"]
    assert state(answer)["rank"]["reason"] == reason
    assert "never" not in stand_in.asked


def test_a_search_without_a_session_has_no_part_in_it(stand_in: StandIn) -> None:
    pipeline = stand_in.pipeline("never")
    assert "ext" not in stand_in.shop.search(stand_in.shop.one, pipeline=pipeline)
    assert "never" not in stand_in.asked


@pytest.mark.parametrize(
    ("rank", "message"),
    [
        ({"url": "file:///etc/passwd"}, "must be http or https"),
        ({"url": "http://user:word@host"}, "of another form"),
        ({}, "has no [url]"),
        ({"url": None}, "rank.url] is null, and must be a text"),
        ({"url": "http://h", "timeout_ms": 0}, "a whole number from 1 to 10000"),
        ({"url": "http://h", "key": "li_x"}, "unknown field [key]"),
    ],
)
def test_a_wrong_setting_is_refused(stand_in: StandIn, rank: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as error:
        stand_in.shop.put_pipeline(f"{stand_in.shop.prefix}wrong", rank=rank)
    assert message in json.dumps(error.value.info).replace("\\", "")


def test_who_searches_sends_the_node_nowhere(stand_in: StandIn) -> None:
    shop = stand_in.shop
    own = pipeline_body(shop.prefix, rank={"url": f"{stand_in.url}/never"})
    body = {"search_pipeline": own, "ext": {"live_intent": {"session_id": "lamps"}}}
    with pytest.raises(RequestError, match="allowed in a stored pipeline alone"):
        shop.client.search(index=shop.one, body=body)
    with pytest.raises(RequestError, match="query_text"):
        shop.search(shop.one, "lamps", live_intent={"query_text": "x" * 513})
    assert "never" not in stand_in.asked


def test_the_query_service_ranks_beside_the_node(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    shop_catalogue: Any,
    tmp_path: Path,
) -> None:
    index = rebuild_index(
        index_context(client, names, cluster_settings.bundles_dir), encoder, shop_catalogue
    )
    apply_models(client, cluster_settings, dry_run=False)
    pipeline, path = f"{names.prefix}ranked", "/_search/pipeline/"
    bundle = learned_bundle(tmp_path / "learned", encoder.spec.fingerprint)
    with serving_index(cluster_settings, encoder, learned=bundle) as api:
        api.event("purchase", "i7", "visitor")
        api("GET", "/v1/sessions/visitor")
        rank = {"url": api.url, "timeout_ms": PATIENT_MS}
        client.transport.perform_request(
            "PUT", path + pipeline, body=pipeline_body(names.prefix, rank=rank)
        )
        ext = {"live_intent": {"session_id": "visitor", "query_text": "rain jacket"}}
        body = {"query": {"match": {"title": "rain jacket"}}, "ext": ext, "size": 12}
        answer = client.search(index=index, body=body, params={"search_pipeline": pipeline})
        fixed = client.search(
            index=index, body=body | {"search_pipeline": pipeline_body(names.prefix)}
        )
        client.transport.perform_request("DELETE", path + pipeline)
        assert state(answer)["rank"]["by"] == "learned", state(answer)
        asked = {"session_id": "visitor", "item_ids": sorted(ids(answer)), "query": "rain jacket"}
        ranked = api("POST", "/v1/rank", asked | {"deadline_ms": 20_000}).body
    assert ids(answer) == [hit["item_id"] for hit in ranked["hits"]]
    assert state(fixed)["personalised"]
    assert ids(answer) != ids(fixed)
