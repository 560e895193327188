"""An experiment that runs: started, followed by the service, and what it recorded."""

import json
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

Environment = dict[str, str]


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
