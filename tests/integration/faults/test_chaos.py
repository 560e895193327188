"""A minute of random faults: every acknowledged event and item is there, once; what is erased, not.

`CHAOS_SEED=N` repeats the run whose seed a failure names.
"""

import os
import random
import secrets
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from benchmarks.chaos.faults import Stage
from benchmarks.chaos.faulty_proxy import FaultyProxy
from benchmarks.chaos.trial import catalogue_lines, trial
from benchmarks.chaos.visitors import Ledger
from live_intent.demo.service import BackgroundService
from plugin_config.node.node_process import free_port
from plugin_config.schema import IndexNames
from tests.integration.command_line import PYTHONPATH

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]


def test_what_was_acknowledged_is_there_once_after_random_faults(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_environment: dict[str, str],
    tmp_path: Path,
    node_url: str,
) -> None:
    seed = int(os.environ.get("CHAOS_SEED", secrets.randbelow(10**6)))
    print(f"CHAOS_SEED={seed}")
    catalogue = tmp_path / "items.jsonl"
    catalogue.write_text(catalogue_lines(), encoding="utf-8")
    environment = fresh_environment | PYTHONPATH
    proxy = FaultyProxy(node_url)
    service = BackgroundService(tmp_path)
    stage = Stage(
        client, fresh_names, proxy, [], catalogue, environment, random.Random(seed), Ledger()
    )
    faults = stage.faults()
    rebuild = faults.pop("the index rebuilt, and its alias swapped")
    rebuild(0)
    through = {
        "LIVE_INTENT_OPENSEARCH_URL": proxy.url,
        "LIVE_INTENT_ITEM_WRITES": "true",
        "LIVE_INTENT_SESSION_MAX_EVENTS": "1000",
        "LIVE_INTENT_USER_MAX_EVENTS": "1000",
    }
    try:
        running = service.start(free_port(), environment | through)
        stage.service_pids.append(running.pid)
        outcome = trial(stage, [running.url], seed, list(faults.items()), print)
    finally:
        service.stop()
        proxy.close()
    print(outcome)
    assert not outcome.problems
    assert outcome.events > 20  # fewer on a busy machine
