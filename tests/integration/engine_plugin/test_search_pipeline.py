"""`config apply --pipeline`, `plugin status`: the pipeline and what searches of items use it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.index.context import IndexContext
from indexer.index.rebuilding.rebuild_report import RebuildReport
from indexer.index.swap import roll_back
from plugin_config.engine_plugin.search_pipeline import DEFAULT_PIPELINE, default_pipelines
from plugin_config.errors import ConfigMismatch
from plugin_config.ownership import ForeignIndex
from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke

Rebuild = Callable[..., RebuildReport]


def apply(environment: dict[str, str], *options: str) -> str:
    """Run `config apply` with these options; it must succeed."""
    ended = invoke(environment, "config", "apply", *options)
    assert ended.exit_code == 0, ended.stderr
    return ended.stdout


def refused(environment: dict[str, str], *options: str, code: int) -> str:
    """Run `config apply`, which must end with this exit code; return what it says."""
    ended = invoke(environment, "config", "apply", *options)
    assert ended.exit_code == code, ended.stderr
    return ended.stderr


def pipelines(client: OpenSearch, names: IndexNames) -> dict[str, dict[str, object]]:
    """The cluster's pipelines of this prefix."""
    everything: dict[str, dict[str, object]] = client.search_pipeline.get(ignore=[404])
    return {name: body for name, body in everything.items() if name.startswith(names.prefix)}


@pytest.mark.timeout(600)
def test_the_default_pipeline_outlives_rebuilds_and_goes_when_told(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    fresh_context: IndexContext,
    run_rebuild: Rebuild,
    catalogue: Path,
) -> None:
    name, environment = f"{fresh_names.prefix}live-intent", fresh_environment
    missing = refused(
        environment, "--pipeline", "--default-pipeline", code=ConfigMismatch.exit_code
    )
    assert fresh_names.no_items in missing
    assert pipelines(client, fresh_names) == {}

    assert f"created: pipeline {name}\n" in apply(environment, "--pipeline")
    assert apply(environment, "--pipeline") == "nothing to change\n"
    first = run_rebuild(catalogue).index
    assert default_pipelines(client, first) == {first: ""}

    planned = apply(environment, "--default-pipeline", "--dry-run")
    line = f"updated: index {first}\n    {DEFAULT_PIPELINE}: (none) -> {name}\n"
    model = f"created: model {first}\n"
    assert planned == f"would be {line}would be {model}"
    assert default_pipelines(client, first) == {first: ""}
    assert apply(environment, "--pipeline", "--default-pipeline") == line + model
    assert client.search(index=fresh_names.items)["hits"]["total"]["value"] == 300
    client.delete(index=fresh_names.engine_models, id=first)
    assert apply(environment, "--pipeline") == model
    assert apply(environment, "--pipeline") == "nothing to change\n"

    second = run_rebuild(catalogue).index
    assert default_pipelines(client, fresh_names.items) == {second: name}
    assert apply(environment, "--no-default-pipeline").count(DEFAULT_PIPELINE) == 2
    assert default_pipelines(client, f"{first},{second}") == {first: "", second: ""}
    apply(environment, "--default-pipeline")
    roll_back(client, fresh_names)
    assert default_pipelines(client, fresh_names.items) == {first: name}

    gone = apply(environment, "--no-pipeline")
    assert f"removed: pipeline {name}" in gone
    assert pipelines(client, fresh_names) == {}
    assert default_pipelines(client, f"{first},{second}") == {first: "", second: ""}
    assert client.search(index=fresh_names.items)["hits"]["total"]["value"] == 300
    assert apply(environment, "--no-pipeline") == "nothing to change\n"


def test_settings_are_in_the_pipeline(
    client: OpenSearch, fresh_names: IndexNames, fresh_environment: dict[str, str]
) -> None:
    apply(fresh_environment, "--pipeline")
    other = fresh_environment | {"LIVE_INTENT_PIPELINE_WINDOW": "500"}
    changed = apply(other, "--pipeline")
    assert "request_processors.0.live_intent.window: 200 -> 500" in changed
    [body] = pipelines(client, fresh_names).values()
    assert body["request_processors"] == [
        {
            "live_intent": {
                "sessions_index": fresh_names.sessions,
                "models_index": fresh_names.engine_models,
                "window": 500,
                "timeout_ms": 200,
                "person_leg": {"enabled": False, "k": 100},
            }
        }
    ]
    assert body["response_processors"] == [{"live_intent": {}}]
    ranked = other | {"LIVE_INTENT_PIPELINE_RANK_URL": "http://127.0.0.1:9/shop"}
    apply(ranked, "--pipeline")
    [body] = pipelines(client, fresh_names).values()
    rank = {"url": "http://127.0.0.1:9/shop", "timeout_ms": 100}
    assert body["response_processors"] == [{"live_intent": {"rank": rank}}]
    keyed = ranked | {"LIVE_INTENT_PSEUDONYM_KEYS": "k1:a-secret-of-the-shop"}
    message = refused(keyed, "--pipeline", code=2)
    assert "Unset LIVE_INTENT_PIPELINE_RANK_URL" in message
    wrong = fresh_environment | {"LIVE_INTENT_PIPELINE_RANK_URL": "file:///etc/passwd"}
    assert "LIVE_INTENT_PIPELINE_RANK_URL" in refused(wrong, "--pipeline", code=2)
    apply(fresh_environment, "--no-pipeline")


def test_what_others_made_stays(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    run_rebuild: Rebuild,
    catalogue: Path,
) -> None:
    name = fresh_names.search_pipeline
    own = {"description": "of the shop", "request_processors": []}
    client.search_pipeline.put(id=name, body=own)
    try:
        for option in ("--pipeline", "--no-pipeline"):
            message = refused(fresh_environment, option, code=ForeignIndex.exit_code)
            assert f"Live Intent did not make the search pipeline {name}" in message
        assert pipelines(client, fresh_names) == {name: own}
    finally:
        client.search_pipeline.delete(id=name)

    index, shop = run_rebuild(catalogue).index, f"{fresh_names.prefix}shop"
    client.search_pipeline.put(id=shop, body=own)
    client.indices.put_settings(index=index, body={DEFAULT_PIPELINE: shop})
    message = refused(
        fresh_environment, "--pipeline", "--default-pipeline", code=ConfigMismatch.exit_code
    )
    assert (
        f"the index {index} has the default pipeline {shop}, which Live Intent did not" in message
    )
    assert pipelines(client, fresh_names) == {shop: own}
    second = run_rebuild(catalogue).index
    apply(fresh_environment, "--no-pipeline")
    assert default_pipelines(client, fresh_names.items) == {second: shop}
    client.search_pipeline.delete(id=shop)


def test_options_that_contradict_each_other_are_refused(
    fresh_environment: dict[str, str],
) -> None:
    message = refused(fresh_environment, "--no-pipeline", "--default-pipeline", code=2)
    assert "--default-pipeline needs the pipeline" in message


def test_the_status_says_what_is_there_and_what_lacks(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    run_rebuild: Rebuild,
    catalogue: Path,
) -> None:
    nothing = invoke(fresh_environment, "plugin", "status")
    assert nothing.exit_code == ConfigMismatch.exit_code
    assert ": plugin 0.1.0\npipeline: none\nitems: none\n" in nothing.stdout
    assert "no search pipeline: live-intent config apply --pipeline" in nothing.stderr
    assert "no items index: live-intent index rebuild CATALOGUE" in nothing.stderr

    index = run_rebuild(catalogue).index
    apply(fresh_environment, "--pipeline", "--default-pipeline")
    status = json.loads(invoke(fresh_environment, "plugin", "status", "--json").stdout)
    assert status["items"] == index
    assert status["pipeline"] == fresh_names.search_pipeline
    assert status["default_of"] == [index]
    assert [node["version"] for node in status["nodes"]] == ["0.1.0"]
    client.index(index=fresh_names.engine_models, id=index, body={}, params={"refresh": "true"})
    complete = invoke(fresh_environment, "plugin", "status")
    assert complete.exit_code == 0, complete.stderr
    assert complete.stdout.endswith(f"items: {index}\nmodel: there\n")
    apply(fresh_environment, "--no-pipeline")
