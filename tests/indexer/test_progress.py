"""Progress lines, exit codes after signals, and the owner of an index."""

import os
import signal
import subprocess
import sys

import pytest

from indexer.cli.interruption import stopped_by_signals
from indexer.index.owner import Owner
from indexer.progress import Lines


def test_prints_a_line_for_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.start("encode", 200)
    for _ in range(200):
        lines.advance()
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "encode: 200 items"
    assert [line.split()[1] for line in printed[1:]] == [str(n) for n in range(10, 101, 10)]


def test_quiet_prints_remarks_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(quiet=True)
    lines.start("encode", 100)
    lines.advance(100)
    lines.note("discarded an index")
    assert capsys.readouterr().err == "discarded an index\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_becomes_an_exit_code(
    capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    before = signal.getsignal(number)

    def interrupted() -> None:
        with stopped_by_signals(lambda: "all is well"):
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)  # a second one does not interrupt the clean-up

    with pytest.raises(SystemExit) as caught:
        interrupted()
    assert caught.value.code == code
    assert f"stopped by {signal.Signals(number).name}; all is well" in capsys.readouterr().err
    assert signal.getsignal(number) is before


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
