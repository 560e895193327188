"""`live-intent node`: real nodes, started, stopped and removed."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin_config.connection.client import connect
from plugin_config.errors import NodeError
from plugin_config.node import local_node
from plugin_config.node.distribution import artifacts, downloaded
from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import default_state_dir, make_state_dir
from tests.integration.command_line import process_environment, run
from tests.integration.waiting import wait_until


@pytest.fixture(scope="module")
def state_dir() -> Iterator[Path]:
    """A state folder of this module, with the usual one's archives; missing ones are downloaded."""
    folder = Path(tempfile.mkdtemp(prefix="live-intent-test-"))
    folder.chmod(0o755)
    (folder / "downloads").mkdir()
    for name, source in artifacts().items():
        archive = default_state_dir() / "downloads" / name
        if not archive.is_file():
            archive = downloaded(make_state_dir(default_state_dir()), name, print, source)
        try:
            (folder / "downloads" / name).hardlink_to(archive)
        except OSError:  # another file system
            shutil.copyfile(archive, folder / "downloads" / name)
    yield folder
    for info in local_node.status(folder):
        local_node.stop(info.name, folder)
    shutil.rmtree(folder)


def node(state_dir: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run `live-intent node` as a process in this state folder."""
    environment = process_environment(state_dir=state_dir)
    return run(environment, "node", *arguments, folder=state_dir)


def running(state_dir: Path, name: str) -> bool:
    """Whether the node of that name runs."""
    return any(info.running for info in local_node.status(state_dir) if info.name == name)


def test_two_nodes_keep_their_own_data_and_a_killed_one_recovers_it(state_dir: Path) -> None:
    (state_dir / "pom.xml").write_text("<this is no project>")  # must not disturb Maven
    first, second = free_port(), free_port()
    started = node(state_dir, "start", "one", "--port", first, "--by", "maven")
    assert started.returncode == 0, started.stderr
    assert f"one is ready at http://127.0.0.1:{first} (OpenSearch 3.5.0, green)" in started.stdout

    [jvm] = (
        connect(load(ClusterSettings, opensearch_url=f"http://127.0.0.1:{first}"))
        .nodes.info(metric="jvm")["nodes"]
        .values()
    )
    options = jvm["jvm"]["input_arguments"]
    assert set(os.environ["OPENSEARCH_JAVA_OPTS"].split()) <= set(options)
    assert [option for option in options if option.startswith("-Xmx")][-1] == "-Xmx512m"

    again = node(state_dir, "start", "one")
    assert "one already runs" in again.stdout

    info = local_node.start("two", port=second, state_dir=state_dir, by="maven")
    for url, item in ((f"http://127.0.0.1:{first}", "of-one"), (info.url, "of-two")):
        client = connect(load(ClusterSettings, opensearch_url=url))
        vector = {
            "type": "knn_vector",
            "dimension": 2,
            "method": {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"},
        }
        body = {
            "settings": {"index.knn": True},
            "mappings": {"properties": {"vector": vector}},
        }
        client.indices.create(index="test-node", body=body)
        client.index(
            index="test-node", id=item, body={"vector": [1, 0]}, params={"refresh": "true"}
        )
        query = {"knn": {"vector": {"vector": [1, 0], "k": 5}}}
        hits = client.search(index="test-node", body={"query": query})["hits"]["hits"]
        assert [hit["_id"] for hit in hits] == [item]

    os.kill(local_node.status(state_dir)[0].pid, signal.SIGKILL)
    wait_until(lambda: not running(state_dir, "one"))
    rows = {row["name"]: row for row in json.loads(node(state_dir, "status", "--json").stdout)}
    assert (rows["one"]["running"], rows["one"]["pid"]) == (False, 0)
    assert (rows["two"]["running"], rows["two"]["health"]) == (True, "yellow")
    assert rows["two"]["version"] == "3.5.0"
    assert rows["two"]["size_bytes"] > 0

    impatient = node(state_dir, "start", "one", "--timeout", "0.2")
    assert impatient.returncode == NodeError.exit_code
    assert "one is not ready after 0.2 s" in impatient.stderr
    assert "it is left running" in impatient.stderr
    assert "live-intent node start one --timeout 600" in impatient.stderr

    restarted = local_node.start("one", state_dir=state_dir, by="maven")
    assert restarted.already_running
    assert restarted.port == first  # as recorded
    client = connect(load(ClusterSettings, opensearch_url=restarted.url))
    assert client.exists(index="test-node", id="of-one")

    removed = node(state_dir, "stop", "one", "--remove")
    assert removed.stdout.strip() == "one stopped, removed"
    assert not (state_dir / "nodes" / "one").exists()
    assert local_node.stop("two", state_dir, remove=True)
    assert node(state_dir, "status").stdout.strip() == f"no nodes in {state_dir}"


def test_a_node_that_does_not_start_says_why(state_dir: Path) -> None:
    failed = node(state_dir, "start", "small", "--port", free_port(), "--heap", "1m")
    assert failed.returncode == NodeError.exit_code
    assert "the node small ended while it started" in failed.stderr
    assert "Too small maximum heap" in failed.stderr
    assert "[small] no-jdk" not in failed.stderr


def test_a_node_that_is_not_ready_in_time_is_stopped(state_dir: Path) -> None:
    with pytest.raises(NodeError, match=r"slow is not ready after 0\.2 s"):
        local_node.start("slow", free_port(), state_dir, timeout_s=0.2, by="maven")
    [info] = [info for info in local_node.status(state_dir) if info.name == "slow"]
    assert not info.running


def test_a_taken_port_is_named(state_dir: Path, node_url: str) -> None:
    port = node_url.rsplit(":", 1)[1]
    failed = node(state_dir, "start", "other", "--port", port)
    assert f"port {port} is taken by something else" in failed.stderr
    assert "--port" in failed.stderr


def test_another_process_with_the_recorded_pid_is_not_stopped(state_dir: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        record = {
            "name": "gone",
            "url": "http://127.0.0.1:1",
            "port": 1,
            "by": "maven",
            "pid": other.pid,
        }
        (state_dir / "nodes" / "gone.json").write_text(json.dumps(record))
        [info] = [info for info in local_node.status(state_dir) if info.name == "gone"]
        assert not info.running
        assert local_node.stop("gone", state_dir, remove=True) is False
        assert other.poll() is None
        other.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts nodes as another user")
def test_a_folder_that_the_node_s_user_cannot_enter_is_named_to_root(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    state = closed / "state"
    (state / "opensearch-3.5.0").mkdir(parents=True)
    with pytest.raises(NodeError, match=r"the user nobody, who can't enter .*chmod o\+x"):
        local_node.start("closed", free_port(), state, by="maven")


def test_without_maven_and_docker_the_error_says_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NodeError, match=r"mvn was not found.*apt-get install maven"):
        local_node.start("none", free_port(), tmp_path / "state", by="maven")


def test_a_wrong_name_or_heap_is_refused(state_dir: Path) -> None:
    with pytest.raises(NodeError, match="allowed are a-z"):
        local_node.start("../up", free_port(), state_dir)
    with pytest.raises(NodeError, match="allowed is a size such as 512m"):
        local_node.start("one", free_port(), state_dir, heap="lots")
    with pytest.raises(NodeError, match="there is no node 'nope'"):
        local_node.stop("nope", state_dir)
