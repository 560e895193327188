"""Which variant answers a visitor, in what it differs, and what is recorded of it."""

from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke
from tests.integration.experiments.running_experiment import (
    Environment,
    rows_of,
    sessions_of,
    start,
    status,
)
from tests.integration.learned_bundles import learned_bundle
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


def test_a_user_is_answered_alike_in_every_session(api: Api, environment: Environment) -> None:
    start(api, environment, "by-user", "--b", "diversity=0.9", "--share", "0.5")
    variants = {
        api.search("lamp", f"device-{n}", user_id="ann")["experiment"]["variant"] for n in range(6)
    }
    assert len(variants) == 1
    both = {api.search("lamp", f"other-{n}")["experiment"]["variant"] for n in range(20)}
    assert both == {"a", "b"}


def test_a_variant_without_personalisation_knows_nothing_of_the_visitor(
    api: Api, environment: Environment
) -> None:
    start(api, environment, "impersonal", "--b", "personalize=false")
    [a], [b] = sessions_of(api, "a"), sessions_of(api, "b")
    for session in (a, b):
        api.event("click", "lamp-03", session)
    assert api.search("lamp", a)["personalized"]
    assert not api.search("lamp", b)["personalized"]


def test_variants_may_have_other_rules_and_weights(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    name = "no-rules"
    start(api, environment, name, "--b", "rules=0", "--b", "alpha=0.1", "--b", "bundle=none")
    [a], [b] = sessions_of(api, "a"), sessions_of(api, "b")
    assert api.search("lamp", a)["rules_applied"]
    assert not api.search("lamp", b)["rules_applied"]
    page = api.search("lamp", b, size=3)
    further = api.search("lamp", b, size=3, cursor=page["next_cursor"])
    assert further["experiment"]["variant"] == "b"
    assert not further["rules_applied"]
    wait_until(lambda: page["query_id"] in {r["query_id"] for r in rows_of(client, names, name)})
    rows = {row["query_id"]: row for row in rows_of(client, names, name)}
    kept = rows[page["query_id"]]["query_attributes"]["live_intent"]
    assert kept["weights"]["alpha"] == 0.1  # what answered, not what is set
    assert kept["experiment"] == {"id": name, "variant": "b"}


@pytest.mark.parametrize("method", [(), ("--interleave",)], ids=["ab", "interleaved"])
def test_a_learned_bundle_is_a_variant(
    api: Api, environment: Environment, encoder: Encoder, tmp_path: Path, method: tuple[str, ...]
) -> None:
    bundle = learned_bundle(tmp_path / "spring", encoder.spec.fingerprint)
    name = f"bundled-{len(method)}"
    start(api, environment, name, "--b", f"bundle={bundle}", *method)

    def orders() -> set[tuple[str, ...]]:
        answers = [api.search("lamp", f"v{n}", size=10, diversity=0) for n in range(12)]
        assert all(answer["experiment"]["id"] == name for answer in answers)
        return {tuple(item_ids(answer)) for answer in answers}

    assert len(orders()) > 1
    explained = api.search("lamp", "v1", explain=True)
    assert not explained["degraded"]


def test_front_ends_take_part_by_their_tokens(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    start(api, environment, "front-ends", "--b", "rules=0", "--window", "0")
    path = "/1/indexes/items/query"

    def asked(token: str, **fields: object) -> Any:
        query = {"query": "lamp", "clickAnalytics": True, "userToken": token, **fields}
        return api("POST", path, query).body

    def shown(answer: Any) -> list[str]:
        return [hit["objectID"] for hit in answer["hits"]]

    answers = {f"anonymous-{n}": asked(f"anonymous-{n}") for n in range(12)}
    assert len({tuple(shown(answer)) for answer in answers.values()}) > 1
    for token, answer in list(answers.items())[:4]:
        pages = [shown(asked(token, hitsPerPage=5, page=page)) for page in (0, 1)]
        assert [*pages[0], *pages[1]] == shown(answer)[:10]  # of one variant, page by page
    # Of nobody: one and the same answer, of none of them.
    nobody = [api("POST", path, {"query": "lamp"}).body for _ in range(8)]
    assert len({tuple(shown(answer)) for answer in nobody}) == 1

    token, answer = next(iter(answers.items()))
    event = {
        "eventType": "click",
        "eventName": "hit",
        "userToken": token,
        "queryID": answer["queryID"],
        "objectIDs": shown(answer)[:1],
        "positions": [1],
    }
    assert api("POST", "/1/events", {"events": [event]}).status == 200
    wait_until(lambda: status(environment)["visitors"]["a"] + status(environment)["visitors"]["b"])
    wait_until(lambda: len(rows_of(client, names, "front-ends")) >= 12)
    variants = {
        row["query_attributes"]["live_intent"]["experiment"]["variant"]
        for row in rows_of(client, names, "front-ends")
    }
    assert variants == {"a", "b"}

    def click_through() -> float:
        by_name = {metric["name"]: metric for metric in status(environment)["metrics"]}
        return float((by_name["click_through"]["a"] or 0) + (by_name["click_through"]["b"] or 0))

    wait_until(lambda: click_through() > 0)


def test_front_ends_get_interleaved_lists(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    options = ("--a", "diversity=0", "--b", "diversity=0.95", "--interleave")
    start(api, environment, "front-teams", *options)
    query = {"query": "lamp", "userToken": "anonymous-x", "clickAnalytics": True}
    answer = api("POST", "/1/indexes/items/query", query).body
    wait_until(lambda: rows_of(client, names, "front-teams"))
    [row] = rows_of(client, names, "front-teams")
    assert row["query_id"] == answer["queryID"]
    part = row["query_attributes"]["live_intent"]["experiment"]
    assert part["variant"] == "interleaved"


def test_only_the_share_of_the_traffic_takes_part(api: Api, environment: Environment) -> None:
    start(api, environment, "a-few", "--b", "diversity=0.9", "--traffic", "0.3")
    parts = [api.search("hose", f"passer-{n}")["experiment"] for n in range(40)]
    assert 2 <= sum(part is not None for part in parts) <= 25


@pytest.mark.parametrize("differs", ["diversity=0.95", "beta=0.05"])
def test_interleaved_answers_tell_whose_pick_each_hit_is(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames, differs: str
) -> None:
    name = differs.replace("=", "-")
    start(
        api,
        environment,
        name,
        "--a",
        "diversity=0",
        "--b",
        differs,
        "--interleave",
        "--window",
        "0",
    )
    api.event("click", "lamp-03", name)
    whole = api.search("lamp", name, size=20, explain=True)
    part = whole["experiment"]
    assert part["variant"] == "interleaved"
    assert item_ids(whole)[1] == "lamp-07"  # pinned, for no team
    assert part["teams"][1] is None
    assert abs(part["teams"].count("a") - part["teams"].count("b")) <= 1
    assert len(set(item_ids(whole))) == 20
    assert all(hit["explanation"]["shares"] for hit in whole["hits"])
    for hit in whole["hits"]:
        shares = sum(share["value"] for share in hit["explanation"]["shares"])
        assert shares == pytest.approx(hit["score"], abs=1e-3)
    again = api.search("lamp", name, size=10)
    assert item_ids(again) == item_ids(whole)[:10]
    pages = [again, api.search("lamp", name, size=10, cursor=again["next_cursor"])]
    assert [i for page in pages for i in item_ids(page)] == item_ids(whole)
    assert pages[1]["experiment"]["teams"] == part["teams"][10:]
    assert item_ids(api.search("lamp", name, size=10, **{"from": 10})) == item_ids(whole)[10:]
    assert api.search("lamp", name, sort="price")["experiment"] is None
    body = {"session_id": name, "deadline_ms": 20_000}
    assert api("POST", "/v1/recommend", body).body["experiment"] is None
    position = part["teams"].index("b")
    api.event("click", item_ids(whole)[position], name, query_id=whole["query_id"])

    def counted() -> bool:
        metrics = status(environment)["metrics"]
        return bool(metrics and metrics[0]["b"] == 1)

    wait_until(counted)
    rows = {row["query_id"]: row for row in rows_of(client, names, name)}
    logged = rows[whole["query_id"]]["query_attributes"]["live_intent"]["experiment"]
    assert rows[whole["query_id"]]["answer"]["shown"] == 20  # of both teams
    assert logged["teams"] == "".join(team or "-" for team in part["teams"])
    assert "preference" in invoke(environment, "experiment", "status").stdout


def test_a_request_without_personalisation_is_answered_by_the_variant_and_not_logged(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    start(api, environment, "consent", "--b", "diversity=0.9")
    answer = api.search("lamp", "silent", personalize=False)
    assert answer["experiment"]["id"] == "consent"
    logged = api.search("lamp", "loud")
    wait_until(lambda: logged["query_id"] in {
        row["query_id"] for row in rows_of(client, names, "consent")
    })  # fmt: skip
    assert answer["query_id"] not in {row["query_id"] for row in rows_of(client, names, "consent")}
