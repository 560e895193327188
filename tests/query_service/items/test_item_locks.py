"""Changes of one item wait for each other, in one process and in several."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugin_config.connection.engine_deadline import ENGINE_DEADLINE
from query_service.items.item_locks import ItemLocks, ItemsLocked

ADDS = 150
# Reads and writes as a change of an item does; without the lock additions are lost.
ADDING = """
import os, sys, time
from pathlib import Path
from query_service.items.item_locks import ItemLocks
folder, adds = Path(sys.argv[1]), int(sys.argv[2])
file, locks = folder / "sum", ItemLocks(folder)
(folder / f"{os.getpid()}.ready").touch()
while len(list(folder.glob("*.ready"))) < 2:
    time.sleep(0.001)
for _ in range(adds):
    with locks.alone(["lamp", "chair"]):
        count = int(file.read_text())
        time.sleep(0.0001)
        file.write_text(str(count + 1))
"""


def test_processes_that_share_a_folder_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / "sum").write_text("0")
    command = [sys.executable, "-c", ADDING, str(tmp_path), str(ADDS)]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [each.wait(60) for each in running] == [0, 0]
    assert (tmp_path / "sum").read_text() == str(2 * ADDS)


@pytest.mark.parametrize("shared", [False, True])
def test_threads_wait_for_each_other_and_other_items_do_not(tmp_path: Path, shared: bool) -> None:
    locks = ItemLocks(tmp_path if shared else None)
    entered = threading.Event()

    def change(item_id: str) -> None:
        with locks.alone([item_id]):
            entered.set()

    with locks.alone(["lamp"]):
        same = threading.Thread(target=change, args=("lamp",))
        same.start()
        assert not entered.wait(0.1)
        other = threading.Thread(target=change, args=("chair",))
        other.start()
        other.join(10)
        assert entered.is_set()
    same.join(10)
    assert not same.is_alive()


@pytest.mark.parametrize("shared", [False, True])
def test_nobody_waits_past_the_deadline_of_a_request(tmp_path: Path, shared: bool) -> None:
    folder = tmp_path if shared else None
    held, other = ItemLocks(folder), ItemLocks(folder)

    def change() -> float:
        began = time.perf_counter()
        ENGINE_DEADLINE.set(began + 0.2)  # of this thread's request
        locks = other if shared else held
        with pytest.raises(ItemsLocked), locks.alone(["chair", "lamp"]):
            pass
        return time.perf_counter() - began

    with held.alone(["lamp"]), ThreadPoolExecutor(1) as pool:
        assert 0.2 <= pool.submit(change).result(20) < 5
    with other.alone(["chair", "lamp"]):  # nothing stays locked
        pass


def test_a_folder_that_is_gone_is_no_bug_of_the_service(tmp_path: Path) -> None:
    locks = ItemLocks(tmp_path / "removed")
    with pytest.raises(ItemsLocked), locks.alone(["lamp"]):
        pass
