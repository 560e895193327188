"""Experiments as a shop runs them: started, answered by, looked at, stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import MARK, IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import invoke, run
from tests.integration.documentation import read_page, shell_commands
from tests.integration.learned_bundles import learned_bundle
from tests.integration.rule_shop import rule_api
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
PIN = """[[rules]]
id = "pin"
when.query.is = "lamp"
then.pin = [{ item_id = "lamp-07", position = 2 }]
"""
Environment = dict[str, str]


@pytest.fixture(scope="module")
def api(
    rule_shop: ClusterSettings,
    encoder: Encoder,
    environment: Environment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "rules.toml").write_text(PIN, encoding="utf-8")
    assert invoke(environment, "rules", "apply", folder / "rules.toml").exit_code == 0
    with rule_api(rule_shop, encoder) as served:
        yield served


@pytest.fixture(autouse=True)
def _nothing_runs(api: Api, environment: Environment) -> Iterator[None]:
    yield
    invoke(environment, "experiment", "stop")
    wait_until(lambda: check_of(api) == "ok: none")


def check_of(api: Api) -> str:
    checks: dict[str, str] = api("GET", "/readyz").body["checks"]
    return checks["experiment"]


def start(api: Api, environment: Environment, name: str, *options: str) -> None:
    """Start an experiment, and wait until the service follows."""
    ended = invoke(environment, "experiment", "start", name, *options)
    assert ended.exit_code == 0, ended.output
    wait_until(lambda: check_of(api) == f"ok: {name}")


def status(environment: Environment, *arguments: str) -> Any:
    ended = invoke(environment, "experiment", "status", *arguments, "--json")
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def sessions_of(api: Api, variant: str, count: int = 1) -> list[str]:
    """Sessions that the running experiment answers by this variant."""
    found: list[str] = []
    for number in range(200):
        answer = api.search("hose", f"visitor-{number}")
        if answer["experiment"]["variant"] == variant:
            found.append(f"visitor-{number}")
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} sessions of {variant}")


def rows_of(client: OpenSearch, names: IndexNames, experiment: str) -> list[dict[str, Any]]:
    client.indices.refresh(index=names.ubi_queries)
    query = {"term": {"query_attributes.live_intent.experiment.id": experiment}}
    hits = client.search(index=names.ubi_queries, body={"query": query, "size": 500})
    return [hit["_source"] for hit in hits["hits"]["hits"]]


def test_an_experiment_is_started_answered_by_looked_at_and_stopped(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    assert api.search("lamp", "s")["experiment"] is None
    words = ("experiment", "start", "varied", "--a", "diversity=0", "--b", "diversity=0.95")
    started = run(environment, *words, "--window", "0")
    assert started.returncode == 0, started.stderr
    assert started.stdout == (
        "the experiment varied runs: a (diversity=0.0) against b (diversity=0.95)\n"
    )
    assert names.experiments in started.stderr
    wait_until(lambda: check_of(api) == "ok: varied")
    [a], [b] = sessions_of(api, "a"), sessions_of(api, "b")
    of_b = api.search("lamp", b)
    assert api.search("lamp", a)["experiment"] == {"id": "varied", "variant": "a", "teams": None}

    def order(session: str, **fields: object) -> list[str]:
        return item_ids(api.search("lamp", session, personalize=False, size=60, **fields))

    assert order(a) == order("s", diversity=0)
    assert order(b) == order("s", diversity=0.95) != order(a)
    assert order(b, diversity=0) == order(a)  # what the request itself says wins
    body = {"session_id": b, "deadline_ms": 20_000}
    assert api("POST", "/v1/recommend", body).body["experiment"]["variant"] == "b"
    api.event("click", item_ids(of_b)[1], b, query_id=of_b["query_id"])
    api.event("purchase", item_ids(of_b)[1], b)

    def clicked() -> bool:
        b_result = status(environment)["metrics"][0]["b"]
        return bool(b_result)

    wait_until(clicked)
    result = status(environment, "varied")
    assert result["visitors"] == {"a": result["visitors"]["a"], "b": result["visitors"]["b"]}
    by_name = {metric["name"]: metric for metric in result["metrics"]}
    assert by_name["conversion"]["b"] > 0
    assert by_name["mrr"]["b"] == pytest.approx(0.5 / result["queries"]["b"])
    assert by_name["click_through"]["verdict"] == "too few visitors for an interval"
    assert not result["sample_ratio"]["mismatch"]
    text = invoke(environment, "experiment", "status").stdout
    assert text.startswith("varied (ab) runs since ")
    assert "b: diversity=0.95\n" in text
    stopped = run(environment, "experiment", "stop")
    assert stopped.returncode == 0, stopped.stderr
    wait_until(lambda: check_of(api) == "ok: none")
    assert api.search("lamp", b)["experiment"] is None
    kept = status(environment, "varied")
    assert kept["queries"] == status(environment, "varied")["queries"]
    assert status(environment) is None
    assert "varied  until" in invoke(environment, "experiment", "list").stdout
    assert client.indices.get(index=names.experiments)[names.experiments]["mappings"]["_meta"] == (
        MARK
    )


def test_the_commands_of_the_page_are_typed_as_they_stand(environment: Environment) -> None:
    shown = []
    for command in shell_commands(read_page("docs/experiments.md")):
        ended = invoke(environment, *command.removeprefix("live-intent ").split())
        assert ended.exit_code == 0, ended.output
        shown.append(ended.stdout)
    assert shown[0] == "the experiment more-varied runs: a (as set) against b (diversity=0.5)\n"
    assert json.loads(shown[2])["id"] == "more-varied"
    assert "personal-or-not  until" in shown[-1]


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


def test_a_bundle_for_other_vectors_than_those_of_the_live_index_is_refused(
    environment: Environment, api: Api, tmp_path: Path
) -> None:
    bundle = learned_bundle(tmp_path / "other", "0123456789abcdef")
    ended = invoke(environment, "experiment", "start", "unfit", "--b", f"bundle={bundle}")
    assert ended.exit_code == 4, ended.output
    assert "was learned on item vectors 0123456789abcdef" in ended.stderr
    assert status(environment) is None


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


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--b", "colour=red"), 2, "b.colour = 'red'"),
        (("--b", "diversity=7"), 2, "b.diversity = '7'"),
        (("--b", "diversity"), 2, "write KEY=VALUE"),
        (("--b", "diversity=0.3", "--a", "diversity=0.3"), 4, "both variants are the same"),
        (("--b", "rules=999"), 4, "there is no version 999 of the rules"),
        (("--b", "rules=0", "--interleave"), 4, "rules can't be interleaved"),
        (("--b", "bundle=/nowhere"), 4, "/nowhere"),
        (("--b", "alpha=0", "--share", "2"), 2, "share = 2.0"),
    ],
)
def test_what_can_not_be_compared_is_refused(
    environment: Environment, options: tuple[str, ...], code: int, message: str
) -> None:
    ended = invoke(environment, "experiment", "start", "wrong", *options)
    assert message in ended.stderr
    assert ended.exit_code == code
    assert status(environment) is None


def test_one_experiment_runs_at_a_time_and_names_are_used_once(
    api: Api, environment: Environment
) -> None:
    nothing = invoke(environment, "experiment", "stop")
    assert nothing.exit_code == 4
    assert "nothing to stop" in nothing.stderr
    start(api, environment, "first", "--b", "alpha=0.1")
    second = invoke(environment, "experiment", "start", "second", "--b", "alpha=0.2")
    assert second.exit_code == 4
    assert "the experiment first runs, and only one can" in second.stderr
    assert invoke(environment, "experiment", "stop").exit_code == 0
    again = invoke(environment, "experiment", "start", "first", "--b", "alpha=0.1")
    assert "there was an experiment first already" in again.stderr
    unknown = invoke(environment, "experiment", "status", "never")
    assert "there is no experiment never" in unknown.stderr
    assert unknown.exit_code == 4


def test_an_experiment_that_can_not_be_made_leaves_searches_as_they_are(
    api: Api, environment: Environment, client: OpenSearch, names: IndexNames
) -> None:
    start(api, environment, "lost-bundle", "--b", "alpha=0.1")
    current = client.get(index=names.experiments, id="current")["_source"]
    current["definition"]["b"]["bundle"] = "/gone"
    client.index(index=names.experiments, id="current", body=current, refresh=True)
    wait_until(lambda: "can't be read" in check_of(api))
    assert api("GET", "/readyz").status == 200
    assert api.search("lamp", "s")["experiment"] is None
