"""`live-intent explain`: why a list was shown, however index, models and rules changed since."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.connection.client import connect
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker, RerankerWeights
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import invoke, process_environment
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.rule_shop import make_rule_shop
from tests.integration.serving import item_ids, serving

pytestmark = pytest.mark.node
RULE = {
    "id": "red-first",
    "name": "Red first",
    "when": {"query": {"is": "desk lamp"}},
    "then": {"pin": [{"item_id": "lamp-09", "position": 2}]},
}


def service_with_bundle(cluster: ClusterSettings, encoder: Encoder, bundle: str) -> Any:
    settings = load(ServiceSettings, default_deadline_ms=20_000, rule_writes=True, swap_poll_s=0.05)
    models = Models(Reranker(RerankerWeights(words=0.9)), bundle=bundle)
    service = Service(settings, cluster, connect(cluster), encoder, models)
    service.start()
    return create_app(settings, cluster, service=service)


@pytest.fixture(scope="module")
def environment(cluster_settings: ClusterSettings) -> dict[str, str]:
    cluster = cluster_settings
    return process_environment(
        opensearch_url=cluster.opensearch_url,
        index_prefix=cluster.index_prefix,
        state_dir=cluster.state_dir,
    )


@pytest.fixture(scope="module")
def shown(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """An answer of an index, a bundle and a rule that are all gone since; and another service."""
    folder = tmp_path_factory.mktemp("explain")
    make_rule_shop(client, names, cluster_settings, encoder, folder)
    with serving(service_with_bundle(cluster_settings, encoder, "spring")) as api:
        assert api("PUT", "/v1/rules", {"rules": [RULE]}).status == 200
        earlier = api.search("garden hose", "asker")
        api.event("click", "hose-03", "asker")
        answer = api.search("desk lamp", "asker", user_id="u-1", explain=True)
        api.event("click", answer["hits"][2]["item_id"], "asker", query_id=answer["query_id"])
        unmade = api("DELETE", "/v1/rules")
        assert unmade.status == 200
    others = [{"item_id": "lamp-00", "title": "another lamp"}]
    context = index_context(client, names, cluster_settings.bundles_dir)
    rebuild_index(context, encoder, write_json_lines(folder / "others.jsonl", others))
    client.indices.delete(index=answer["index"])
    with serving(service_with_bundle(cluster_settings, encoder, "summer")) as api:
        yield {"answer": answer, "earlier": earlier, "api": api}


def test_the_route_says_what_was_shown_then(shown: dict[str, Any]) -> None:
    answer, api = shown["answer"], shown["api"]
    explained = api("GET", f"/v1/queries/{answer['query_id']}/explanation").body
    assert (explained["query_text"], explained["session_id"], explained["user_id"]) == (
        "desk lamp",
        "asker",
        "u-1",
    )
    configuration = explained["configuration"]
    assert (configuration["index"], configuration["bundle"]) == (answer["index"], "spring")
    assert configuration["weights"]["reranker"]["words"] == 0.9
    assert explained["rules"] == answer["rules_applied"]
    assert [hit["item_id"] for hit in explained["hits"]] == item_ids(answer)
    for hit, then in zip(explained["hits"], answer["hits"], strict=True):
        assert hit["title"] == then["source"]["title"]
        assert hit["score"] == pytest.approx(then["score"], rel=1e-4)
        assert sum(share["value"] for share in hit["shares"]) == pytest.approx(
            hit["score"], abs=1e-3
        )
    assert [hit["pinned_by"] for hit in explained["hits"][:3]] == [None, "red-first", None]
    assert [hit["clicked"] for hit in explained["hits"][:4]] == [False, False, True, False]
    assert explained["stages"] == answer["stages_run"]


def test_the_command_prints_the_same(shown: dict[str, Any], environment: dict[str, str]) -> None:
    answer = shown["answer"]
    result = invoke(environment, "explain", answer["query_id"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "asked         “desk lamp”, scenario shop" in lines
    assert "who           session asker, user u-1" in lines
    assert any(answer["index"] in line and "learned bundle spring" in line for line in lines)
    assert any("reranker.words 0.9" in line for line in lines)
    assert any("rule          red-first “Red first”: pinned lamp-09 at 2" in line for line in lines)
    assert any(line.split()[:2] == ["2", "lamp-09"] and "pinned" in line for line in lines)
    assert sum("click of hose-03" in line for line in lines) == len(answer["hits"])
    as_json = json.loads(invoke(environment, "explain", "--json", answer["query_id"]).output)
    assert as_json["query_id"] == answer["query_id"]


def test_an_earlier_query_is_named_until_it_is_taken_back(shown: dict[str, Any]) -> None:
    api, answer = shown["api"], shown["answer"]
    path = f"/v1/queries/{answer['query_id']}/explanation"
    assert "garden hose" in str(api("GET", path).body)
    assert api("DELETE", "/v1/suggest?session_id=asker&query=garden%20hose").status == 200
    explained = api("GET", path).body
    assert "garden hose" not in str(explained)
    assert any(
        share["query_id"] == shown["earlier"]["query_id"]
        for share in explained["hits"][0]["shares"]
        if share["kind"] == "search_history"
    )


def test_a_query_that_is_not_kept_is_404_and_says_why(
    shown: dict[str, Any], environment: dict[str, str]
) -> None:
    unkept = shown["api"].search("desk lamp", "shy", personalize=False)
    path = f"/v1/queries/{unkept['query_id']}/explanation"
    problem = shown["api"]("GET", path)
    assert problem.status == 404
    assert "no personalisation" in problem.body["detail"]
    result = invoke(environment, "explain", "never-asked")
    assert result.exit_code == 1
    assert "ubi_queries has no query 'never-asked'" in result.output
    assert shown["api"]("GET", f"/v1/queries/{'x' * 600}/explanation").status == 422


def test_a_query_that_a_client_sent_says_so(
    shown: dict[str, Any], environment: dict[str, str]
) -> None:
    row = {"query_id": "others", "session_id": "s", "user_query": "chair",
           "query_response_hit_ids": ["a", "b"]}  # fmt: skip
    assert shown["api"]("POST", "/ubi_queries", [row]).status == 200
    explained = shown["api"]("GET", "/v1/queries/others/explanation").body
    assert not explained["answered_here"]
    assert [hit["item_id"] for hit in explained["hits"]] == ["a", "b"]
    assert "not by this service" in invoke(environment, "explain", "others").output


def test_an_erased_session_takes_its_explanations_along(shown: dict[str, Any]) -> None:
    api = shown["api"]
    answer = api.search("lamp", "leaver")
    path = f"/v1/queries/{answer['query_id']}/explanation"
    assert api("GET", path).status == 200
    assert api("DELETE", "/v1/sessions/leaver").status == 200
    assert api("GET", path).status == 404
