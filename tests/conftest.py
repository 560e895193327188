"""One real OpenSearch node for all tests, an index prefix for each module or test, public data."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch
from xdist.remote import Producer

from plugin_config.connection.client import connect, ping_or_raise
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from tests.distribution import FolderScheduling, long_files, start_rank

QUICK_JAVA = "-XX:TieredStopAtLevel=1"  # a test's node ends before better code would pay
DATASETS = Path(os.environ.get("DATASETS_DIR", Path(__file__).parents[2] / "shared" / "data"))


def pytest_configure() -> None:
    """Let every node of the tests start in half the processor time, and Maven too."""
    for variable in ("OPENSEARCH_JAVA_OPTS", "MAVEN_OPTS"):
        os.environ.setdefault(variable, QUICK_JAVA)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first, so that short ones fill the end of a run by several processes."""
    items.sort(key=lambda item: start_rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling | None:
    """With `--dist loadfile`, keep folders together whose tests share what is costly."""
    return FolderScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the long files: what a run takes is decided there."""
    each = (report for reports in terminalreporter.stats.values() for report in reports)
    for line in long_files(report for report in each if isinstance(report, pytest.TestReport)):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def node_url() -> Iterator[str]:
    """Address of a real node: `LIVE_INTENT_TEST_URL`, else of one started for this run.

    Downloads stay in the state folder, so that the next run starts quickly.
    """
    url = os.environ.get("LIVE_INTENT_TEST_URL")
    if url:
        yield url
        return
    from plugin_config.node import local_node
    from plugin_config.node.node_process import free_port

    state_dir = load(ClusterSettings).state_dir
    name = f"test-{secrets.token_hex(3)}"
    info = local_node.start(name, port=free_port(), state_dir=state_dir)
    try:
        yield info.url
    finally:
        local_node.stop(name, state_dir=state_dir, remove=True)


@pytest.fixture(scope="session")
def client(node_url: str) -> Iterator[OpenSearch]:
    """A client of the node."""
    connected = connect(load(ClusterSettings, opensearch_url=node_url, opensearch_timeout_s=60.0))
    ping_or_raise(connected)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def names(client: OpenSearch) -> Iterator[IndexNames]:
    """Index names below a prefix of this module; every index below it is deleted at the end."""
    yield from _names_below_new_prefix(client)


@pytest.fixture
def fresh_names(client: OpenSearch) -> Iterator[IndexNames]:
    """As `names`, below a prefix of this test alone."""
    yield from _names_below_new_prefix(client)


@pytest.fixture(scope="module")
def cluster_settings(
    node_url: str, names: IndexNames, tmp_path_factory: pytest.TempPathFactory
) -> ClusterSettings:
    """Settings for the node, the prefix of `names`, and a state folder of this module."""
    return load(
        ClusterSettings,
        opensearch_url=node_url,
        index_prefix=names.prefix,
        opensearch_timeout_s=60.0,
        state_dir=tmp_path_factory.mktemp("state"),
    )


@pytest.fixture(scope="session")
def dataset() -> Callable[[str], Path]:
    """Path of a file in the folder of public data sets; the test is skipped where it is absent."""

    def path(name: str) -> Path:
        if not (DATASETS / name).exists():
            pytest.skip(f"no {name} in {DATASETS}: set DATASETS_DIR")
        return DATASETS / name

    return path


def _names_below_new_prefix(client: OpenSearch) -> Iterator[IndexNames]:
    names = IndexNames(f"test-{secrets.token_hex(4)}-")
    yield names
    client.indices.delete(index=f"{names.prefix}*", params={"expand_wildcards": "all"})
    client.indices.delete_index_template(name=f"{names.prefix}*", ignore=[404])
