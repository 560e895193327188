"""A shop with a rule, whose experiments end with each test."""

from collections.abc import Iterator

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from tests.integration.command_line import invoke
from tests.integration.experiments.running_experiment import Environment, check_of
from tests.integration.rule_shop import rule_api
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

PIN = """[[rules]]
id = "pin"
when.query.is = "lamp"
then.pin = [{ item_id = "lamp-07", position = 2 }]
"""


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
