"""`live-intent node`: real nodes, started and stopped."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin_config.client import connect
from plugin_config.errors import NodeError
from plugin_config.node import local_node
from plugin_config.node.distribution import ARTIFACTS, downloaded
from plugin_config.node.node_process import free_port
from plugin_config.settings import ClusterSettings, load
from plugin_config.state_dir import default_state_dir, make_state_dir

COMMAND = str(Path(sys.executable).with_name("live-intent"))


@pytest.fixture(scope="module")
def state_dir() -> Iterator[Path]:
    """A state folder of this module's own, with the archives of the usual one where it has them."""
    folder = Path(tempfile.mkdtemp(prefix="live-intent-test-"))
    folder.chmod(0o755)
    (folder / "downloads").mkdir()
    for name in ARTIFACTS:
        kept = default_state_dir() / "downloads" / name
        if not kept.is_file():
            kept = downloaded(make_state_dir(default_state_dir()), name, print)
        try:
            (folder / "downloads" / name).hardlink_to(kept)
        except OSError:  # another file system
            shutil.copyfile(kept, folder / "downloads" / name)
    yield folder
    for info in local_node.status(folder):
        local_node.stop(info.name, folder)
    shutil.rmtree(folder)


def run(state_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LIVE_INTENT_STATE_DIR": str(state_dir)}
    return subprocess.run(
        [COMMAND, "node", *arguments],
        env=environment,
        cwd=state_dir,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_two_nodes_side_by_side_keep_their_own_data(state_dir: Path) -> None:
    (state_dir / "pom.xml").write_text("<this is no project>")  # must not disturb Maven
    first, second = free_port(), free_port()
    started = run(state_dir, "start", "one", "--port", str(first), "--by", "maven")
    assert started.returncode == 0, started.stderr
    assert f"one is ready at http://127.0.0.1:{first} (OpenSearch 3.5.0, green)" in started.stdout

    again = run(state_dir, "start", "one")
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
        found = client.search(
            index="test-node", body={"query": {"knn": {"vector": {"vector": [1, 0], "k": 5}}}}
        )
        assert [hit["_id"] for hit in found["hits"]["hits"]] == [item]

    stopped = run(state_dir, "stop", "one")
    assert stopped.stdout.strip() == "one stopped"
    rows = {row["name"]: row for row in json.loads(run(state_dir, "status", "--json").stdout)}
    assert (rows["one"]["running"], rows["one"]["pid"]) == (False, 0)
    assert (rows["two"]["running"], rows["two"]["health"]) == (True, "yellow")
    assert rows["two"]["version"] == "3.5.0"
    assert rows["two"]["size_bytes"] > 0

    restarted = local_node.start("one", state_dir=state_dir, by="maven")
    assert restarted.port == first  # remembered
    client = connect(load(ClusterSettings, opensearch_url=restarted.url))
    assert client.exists(index="test-node", id="of-one")

    removed = run(state_dir, "stop", "one", "--remove")
    assert removed.stdout.strip() == "one stopped, removed"
    assert not (state_dir / "nodes" / "one").exists()
    assert local_node.stop("two", state_dir, remove=True)
    assert run(state_dir, "status").stdout.strip() == f"no nodes in {state_dir}"


def test_a_node_that_does_not_start_says_why(state_dir: Path) -> None:
    failed = run(state_dir, "start", "small", "--port", str(free_port()), "--heap", "1m")
    assert failed.returncode == NodeError.exit_code
    assert "the node small ended while it started" in failed.stderr
    assert "Too small maximum heap" in failed.stderr
    assert "[small] no-jdk" not in failed.stderr


def test_a_deadline_ends_the_start_and_the_node(state_dir: Path) -> None:
    with pytest.raises(NodeError, match=r"slow was not ready after 0\.2 s"):
        local_node.start("slow", free_port(), state_dir, timeout_s=0.2, by="maven")
    [info] = [info for info in local_node.status(state_dir) if info.name == "slow"]
    assert not info.running


def test_a_port_that_is_taken_is_named(state_dir: Path, node_url: str) -> None:
    port = node_url.rsplit(":", 1)[1]
    failed = run(state_dir, "start", "other", "--port", port)
    assert f"port {port} is taken by something else" in failed.stderr
    assert "--port" in failed.stderr


def test_a_process_that_only_has_the_pid_is_left_alone(state_dir: Path) -> None:
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
def test_root_hears_of_a_folder_that_the_node_cannot_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    state = closed / "state"
    (state / "opensearch-3.5.0").mkdir(parents=True)
    with pytest.raises(NodeError, match=r"the user nobody, who can't enter .*chmod o\+x"):
        local_node.start("closed", free_port(), state, by="maven")


def test_without_maven_and_docker_it_says_how_to_get_them(
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
