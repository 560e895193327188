"""Diversity over HTTP: fewer hits alike, shares that still add up, one order over all pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node
QUERY = {"query": "model", "session_id": "varied"}


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000)
    with serving(create_app(settings, shop, encoder)) as api:
        assert api.event("click", "i0", "varied").status == 200
        yield api


def kinds(hits: list[dict[str, Any]]) -> set[str]:
    return {hit["source"]["category"][-1] for hit in hits[:10]}


def test_more_diversity_brings_more_kinds_of_items(api: Api) -> None:
    alike = api("POST", "/v1/search", {**QUERY, "diversity": 0}).body["hits"]
    varied = api("POST", "/v1/search", {**QUERY, "diversity": 0.8}).body["hits"]
    assert alike[0]["item_id"] == varied[0]["item_id"]
    assert len(kinds(varied)) > len(kinds(alike))


@pytest.mark.parametrize("path", ["/v1/search", "/v1/recommend"])
def test_what_it_costs_a_hit_is_a_share(api: Api, path: str) -> None:
    body = {"session_id": "varied", "diversity": 0.5, "explain": True, "size": 20}
    query = {"query": "shoes"} if path.endswith("search") else {}
    losses = 0
    for hit in api("POST", path, body | query).body["hits"]:
        shares = hit["explanation"]["shares"]
        assert sum(share["value"] for share in shares) == pytest.approx(hit["score"], abs=1e-4)
        losses += any(share["kind"] == "diversity" and share["value"] < 0 for share in shares)
    assert losses


def test_every_item_is_on_one_page(api: Api) -> None:
    ids: list[str] = []
    body: dict[str, Any] = {**QUERY, "diversity": 0.6, "size": 7}
    while True:
        answer = api("POST", "/v1/search", body).body
        ids += [hit["item_id"] for hit in answer["hits"]]
        if answer["next_cursor"] is None:
            break
        body["cursor"] = answer["next_cursor"]
    assert len(ids) == len(set(ids)) == answer["total"]["value"]


@pytest.mark.parametrize("wrong", [-0.1, 1.5, "much"])
def test_a_wrong_diversity_is_refused_by_name(api: Api, wrong: Any) -> None:
    answer = api("POST", "/v1/search", {**QUERY, "diversity": wrong})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "diversity"


@pytest.mark.parametrize(("query", "expected"), [("model", True), ("coffee machine", False)])
def test_broad_queries_alone_are_diverse_by_default(api: Api, query: str, expected: bool) -> None:
    body = {"query": query, "session_id": "new", "explain": True}
    hits = api("POST", "/v1/search", body).body["hits"]
    kinds = {share["kind"] for hit in hits for share in hit["explanation"]["shares"]}
    assert ("diversity" in kinds) == expected
