"""A rebuild whose items are encoded on a Ray cluster of two machines (two nodes on this one).

Needs the extra `ray`. Vectors must be those of one machine, within a cosine of 0.9999.
"""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from plugin_config.node.node_process import free_port
from tests.integration.command_line import PYTHONPATH, invoke, process_environment, run, start
from tests.integration.rebuilding import (
    BUSY,
    alias_target,
    indexes,
    stored_vectors,
    write_catalogue,
)
from tests.integration.waiting import wait_until

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="needs the extra `ray`: pip install '.[ray]'",
    ),
    # Beside other tests on few cores Ray's own processes end for want of time.
    pytest.mark.skipif("TRIALS" not in os.environ, reason="a trial, run with TRIALS=1"),
]
ITEMS = 1500
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
SAME = 0.9999  # least cosine to the vector that one machine makes


@dataclass(frozen=True)
class TwoMachines:
    """`address` of the head; the second machine is the process `worker`."""

    address: str
    client_address: str
    worker: "subprocess.Popen[bytes]"


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoMachines]:
    """Two Ray nodes of one CPU each, with a token; their LIVE_INTENT_POOLING is `cls`."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short, for the paths of sockets
    port, client_port = free_port(), free_port()
    ray = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1"]
    ray += ["--object-store-memory=100000000", "--disable-usage-stats"]
    ray += ["--min-worker-port=0", "--max-worker-port=0"]
    head = ["--head", "--include-dashboard=false", "--node-ip-address=127.0.0.1"]
    head += [f"--port={port}", f"--ray-client-server-port={client_port}", f"--temp-dir={folder}"]
    environment = process_environment(pooling="cls") | PYTHONPATH | TOKEN
    processes: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> "subprocess.Popen[bytes]":
        with (folder / f"{len(processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*ray, *arguments], env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        processes.append(process)
        return process

    def started(process: "subprocess.Popen[bytes]", number: int) -> None:
        log = folder / f"{number}.log"
        wait_until(lambda: "Ray runtime started" in log.read_text(), 120, process)

    try:
        started(begin(*head), 0)
        worker = begin(f"--address=127.0.0.1:{port}", "--node-ip-address=127.0.0.2")
        started(worker, 1)
        yield TwoMachines(f"127.0.0.1:{port}", f"ray://127.0.0.1:{client_port}", worker)
    finally:
        for process in reversed(processes):
            process.terminate()  # ends the processes that it started
            process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ray_environment(fresh_environment):
    # Small, so that most items still wait to be encoded while the node takes no more of them.
    small = {"LIVE_INTENT_FILL_WINDOW": "25", "LIVE_INTENT_BULK_ITEMS": "25"}
    return fresh_environment | small | TOKEN | {"LIVE_INTENT_POOLING": "mean"}


@pytest.fixture
def items(tmp_path):
    return write_catalogue(tmp_path / "items.jsonl", range(ITEMS))


def test_a_rebuild_outlives_its_driver_an_encoder_and_a_machine_with_the_vectors_of_one_machine(
    cluster, ray_environment, run_rebuild, client, fresh_names, items, tmp_path
):
    building = fresh_names.items_building
    command = ["index", "rebuild", items, "--no-merge", "--ray"]

    def written(count: int) -> bool:
        if not client.indices.exists_alias(name=building):
            return False
        client.indices.refresh(index=building)
        return client.count(index=building)["count"] >= count

    def rebuilding(address: str, count: int) -> "tuple[subprocess.Popen[str], Path]":
        """A process that has written so many items, and can write no more."""
        log = tmp_path / f"{count}.log"
        process = start(ray_environment, *command, address, folder=tmp_path, log=log)
        wait_until(lambda: written(count), 240, process)
        client.indices.put_settings(index=building, body={BUSY: True})
        return process, log

    first, _ = rebuilding(cluster.address, 200)
    first.kill()
    first.wait()
    client.indices.put_settings(index=building, body={BUSY: None})
    [half_made] = indexes(client, fresh_names)
    wait_until(lambda: not _processes("ray::RemoteEncoder"), 60)  # of the dead driver

    second, log = rebuilding(cluster.client_address, 400)
    wait_until(lambda: len(_processes("ray::RemoteEncoder")) == 2, 60, second)
    [raylet] = _processes("raylet/raylet", parent=cluster.worker.pid)
    [encoder] = set(_processes("ray::RemoteEncoder")) - set(
        _processes("ray::RemoteEncoder", parent=raylet)
    )
    os.kill(encoder, signal.SIGKILL)
    os.kill(raylet, signal.SIGKILL)
    client.indices.put_settings(index=building, body={BUSY: None})
    assert second.wait(timeout=240) == 0, log.read_text()
    assert f"going on with {half_made}" in log.read_text()
    assert "was lost" in log.read_text()
    assert alias_target(client, fresh_names) == half_made

    ids = [str(n) for n in range(ITEMS)]
    over_machines = stored_vectors(client, fresh_names, ids)
    assert run_rebuild(items, fresh=True).encoded == ITEMS
    alone = stored_vectors(client, fresh_names, ids)
    assert over_machines.keys() == alone.keys() == set(ids)
    cosines = [_cosine(over_machines[each], alone[each]) for each in ids]
    assert min(cosines) >= SAME
    wait_until(lambda: not _processes("ray::RemoteEncoder"), 60)


def test_a_machine_with_another_encoder_ends_the_rebuild_before_it_writes(
    cluster, ray_environment, client, fresh_names, items, tmp_path
):
    del ray_environment["LIVE_INTENT_POOLING"]
    result = run(
        ray_environment, "index", "rebuild", items, "--ray", cluster.address, folder=tmp_path
    )
    assert result.returncode == 4
    assert "can't encode: its encoder is" in result.stderr
    assert indexes(client, fresh_names) == []


@pytest.mark.parametrize(
    ("address", "exit_code", "message"),
    [
        ("127.0.0.1:1", 3, "no Ray cluster answers at 127.0.0.1:1"),
        ("nowhere", 2, "`ray://HOST:PORT` from any machine"),
    ],
)
def test_an_address_where_no_cluster_is_ends_the_rebuild_at_once(
    address, exit_code, message, ray_environment, items
):
    result = invoke(ray_environment, "index", "rebuild", items, "--ray", address)
    assert result.exit_code == exit_code
    assert message in result.stderr


@pytest.mark.parametrize("scheme", ["", "ray://"], ids=["head", "client"])
def test_the_address_of_another_server_ends_the_rebuild_within_seconds(
    scheme, ray_environment, cluster_settings, items
):
    # OpenSearch speaks HTTP/2, so that gRPC connects; Ray would wait for it without end.
    address = scheme + urlsplit(cluster_settings.opensearch_url).netloc
    began = time.monotonic()
    result = invoke(ray_environment, "index", "rebuild", items, "--ray", address)
    assert result.exit_code == 3
    assert "what listens there is no Ray" in result.stderr
    assert "ray://HOST:PORT names the client port" in result.stderr
    assert time.monotonic() - began < 60


def test_without_the_extra_the_message_names_it(ray_environment, items, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    result = invoke(ray_environment, "index", "rebuild", items, "--ray", "local")
    assert result.exit_code == 2
    assert "pip install 'ray[client]'" in result.stderr


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _processes(title: str, parent: int | None = None) -> list[int]:
    """Ids of the processes whose command line has `title`, below `parent` if it is given."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text("utf-8", "replace")
            status = (folder / "status").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if title in command and (parent is None or f"PPid:\t{parent}\n" in status):
            found.append(int(folder.name))
    return found
