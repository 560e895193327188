"""The API keeps to its OpenAPI document: schemathesis sends what it allows, and what it forbids."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.serving import Api, serving

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        importlib.util.find_spec("schemathesis") is None, reason="schemathesis: make environment"
    ),
]
# Whether a filter's attribute, a price list and a cursor exist, and which names of actions and
# which times an event may have, no schema can say; nor whether rules contradict each other. These
# may answer 422 to what theirs allows. What trackers and InstantSearch send is of other projects'
# making, and is taken where it can be read: these requests may be answered either way, but never
# by a 500.
CONFIGURATION = """
[[operations]]
include-name = [
  "POST /v1/search", "POST /v1/recommend", "POST /v1/suggest", "POST /v1/events", "PUT /v1/rules",
  "POST /v1/rank",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 422]

[[operations]]
include-name = [
  "POST /1/events", "POST /ubi_events", "POST /ubi_queries", "POST /1/indexes/{index}/queries",
  "POST /1/indexes/{index}/query", "POST /1/indexes/{index}/facets/{facet}/query",
  "POST /1/indexes/*/recommendations",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 404, 422]
checks.negative_data_rejection.expected-statuses = ["2xx", 400, 404, 415, 422]
phases.coverage.enabled = false

[[operations]]
include-name = ["POST /v1/recommend"]  # its fields are those of a search, without the query
phases.coverage.enabled = false
"""
# Every limit of every field takes minutes, and is a trial.
PHASES = "coverage,fuzzing" if "TRIALS" in os.environ else "fuzzing"
OPTIONS = (
    "--checks=all",
    f"--phases={PHASES}",
    "--max-examples=3",
    "--request-timeout=60",
    "--seed=11",
    "--continue-on-failure",
    "--warnings=off",
    "--generation-database=none",
    "--no-color",
)


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000, item_writes=True, rule_writes=True)
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, shop, batching)) as api:
        yield api
    batching.close()


@pytest.mark.timeout(900)  # some minutes where other tests run beside it
def test_the_api_answers_as_its_openapi_document_says(api: Api, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    url = f"{api.url}/openapi.json"
    ran = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", url, *OPTIONS],
        cwd=tmp_path,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=880,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
