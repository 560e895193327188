"""Where a service without API keys may listen."""

from pathlib import Path

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import invoke, run
from tests.integration.serve_process import serve
from tests.integration.serving import serving_index

pytestmark = pytest.mark.node
SEARCH = {"query": "running shoes", "session_id": "keys", "deadline_ms": 20_000}


def test_keys_can_be_required_before_there_are_any(shop: ClusterSettings, encoder: Encoder) -> None:
    with serving_index(shop, encoder, require_keys=True) as api:
        assert api("POST", "/v1/search", SEARCH).status == 401
        assert api("GET", "/readyz").status == 200


def test_beyond_this_machine_it_starts_with_a_key_or_where_it_is_told_that_it_may(
    shop: ClusterSettings, environment: dict[str, str], tmp_path: Path
) -> None:
    to_all = environment | {"LIVE_INTENT_HOST": "0.0.0.0", "LIVE_INTENT_DRAIN_S": "0"}
    refused = run(to_all, "serve", "--port", 0)
    assert refused.returncode == 2
    assert "LIVE_INTENT_HOST=0.0.0.0" in refused.stderr
    assert "live-intent keys create" in refused.stderr
    assert "--insecure" in refused.stderr

    with serve(to_all | {"LIVE_INTENT_INSECURE": "true"}, tmp_path) as served:
        api = served.api()
        served.wait_for_output("INSECURE: anybody who reaches this address may call")
        assert api("POST", "/v1/search", SEARCH).status == 200
        # From the first key on each request needs one, configured or not.
        key = invoke(environment, "keys", "create", "first", "--scope", "search").stdout.strip()
        assert api.with_key(key)("POST", "/v1/search", SEARCH).status == 200
        served.end()


def test_it_does_not_start_where_rates_can_not_be_counted_together(
    environment: dict[str, str],
) -> None:
    storage = f"redis://shop:secret@127.0.0.1:{free_port()}"
    refused = run(environment | {"LIVE_INTENT_RATE_STORAGE": storage}, "serve", "--port", 0)
    assert refused.returncode == 3, refused.stderr
    assert "LIVE_INTENT_RATE_STORAGE=redis://127.0.0.1:" in refused.stderr
    assert "does not answer (ConnectionError: " in refused.stderr
    assert "secret" not in refused.stderr
    assert "Traceback" not in refused.stderr
