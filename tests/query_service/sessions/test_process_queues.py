"""What waits in one process is waited for in another, unless it has ended or hangs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from query_service.sessions.process_queues import WAIT_S, ProcessQueues

# Has one entry more than it is done with, until a line comes.
OTHER = """
import sys, time
from pathlib import Path
from query_service.sessions.process_queues import ProcessQueues
queues = ProcessQueues(Path(sys.argv[1]), "shop-")
queues.note(3, 2)
print("waiting", flush=True)
sys.stdin.readline()
queues.note(4, 3)
print("on", flush=True)
sys.stdin.readline()
queues.note(4, 4)
sys.stdin.readline()
"""


def test_a_process_waits_for_what_others_had_got(tmp_path: Path) -> None:
    own = ProcessQueues(tmp_path, "shop-")
    own.note(5, 0)  # nobody waits for itself
    command = [sys.executable, "-c", OTHER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline()
        ProcessQueues(tmp_path, "feed-").wait()  # another catalogue's
        assert seconds(own, 0.3) >= 0.3  # no longer: it may hang
        assert seconds(own, 0.3) < 0.3  # nor again
        other.stdin.write(b"\n")
        other.stdin.flush()
        assert other.stdout.readline()
        assert seconds(own, 0.3) >= 0.3  # it goes on
        own = ProcessQueues(tmp_path, "shop-")
        other.stdin.write(b"\n")
        other.stdin.flush()
        own.wait(WAIT_S)
        assert seconds(own) < WAIT_S
        other.send_signal(signal.SIGKILL)
        other.wait()
    (tmp_path / f"shop-queue-{other.pid}").write_bytes(b"\1" + bytes(15))
    assert seconds(own) < WAIT_S  # what it had not written is lost
    own.close()
    assert not (tmp_path / f"shop-queue-{os.getpid()}").exists()


def test_a_single_process_waits_for_nobody() -> None:
    alone = ProcessQueues()
    alone.note(1, 0)
    assert seconds(alone) < WAIT_S
    alone.close()


def seconds(queues: ProcessQueues, timeout_s: float = WAIT_S) -> float:
    began = time.monotonic()
    queues.wait(timeout_s)
    return time.monotonic() - began
