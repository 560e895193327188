"""Experiments as a shop runs them: started, looked at, stopped, and refused."""

import json
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import MARK, IndexNames
from tests.integration.command_line import invoke, run
from tests.integration.documentation import read_page, shell_commands
from tests.integration.experiments.running_experiment import (
    Environment,
    check_of,
    sessions_of,
    start,
    status,
)
from tests.integration.learned_bundles import learned_bundle
from tests.integration.serving import Api, item_ids
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node


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


def test_a_bundle_for_other_vectors_than_those_of_the_live_index_is_refused(
    environment: Environment, api: Api, tmp_path: Path
) -> None:
    bundle = learned_bundle(tmp_path / "other", "0123456789abcdef")
    ended = invoke(environment, "experiment", "start", "unfit", "--b", f"bundle={bundle}")
    assert ended.exit_code == 4, ended.output
    assert "was learned on item vectors 0123456789abcdef" in ended.stderr
    assert status(environment) is None


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
