import os
import subprocess
import sys

import pytest

from indexer.index.owner import Owner


def test_owner_tells_dead_processes_from_living_ones() -> None:
    own = Owner.this_process()
    assert Owner.of_meta(own.to_meta()) == own
    assert not own.is_dead()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert Owner(own.host, process.pid, "").is_dead()
    assert not Owner("elsewhere", process.pid, "").is_dead()  # processes of other hosts are unknown


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="no /proc on this system")
def test_a_later_process_with_the_same_pid_is_another_owner() -> None:
    own = Owner.this_process()
    assert Owner(own.host, own.pid, "another start").is_dead()


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="no namespaces of pids")
def test_a_process_of_another_container_with_the_same_host_name_is_not_surely_dead() -> None:
    own = Owner.this_process()
    died = Owner(own.host, 2**22 + 1, "", own.pid_namespace)
    assert died.is_surely_dead()
    assert not own.is_surely_dead()
    assert not Owner(own.host, died.pid, "", "pid:[1]").is_surely_dead()
    assert not Owner(own.host, died.pid, "").is_surely_dead()  # of an earlier version
