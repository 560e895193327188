"""Rates that the processes of one service count together, in a file of their folder."""

import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest
from limits import parse
from limits.errors import StorageError

from plugin_config.errors import SettingsError
from query_service.web.access.rate_counts import RateCounts
from query_service.web.access.shared_counts import SharedCounts

RATE, NAME = parse("100/hour"), ("session", "s")
# Each process asks for more than the rate allows to all.
ASKING = """
import os, sys, time
from pathlib import Path
from limits import parse
from query_service.web.access.rate_counts import RateCounts
folder = Path(sys.argv[1])
counts = RateCounts("memory://", print, folder)
(folder / f"{os.getpid()}.ready").touch()
while len(list(folder.glob("*.ready"))) < 3:
    time.sleep(0.001)
allowed = sum(counts.hit(parse("100/hour"), ("session", "s")) for _ in range(110))
sys.exit(allowed)
"""

MAKING = """
import os, sys, time
from pathlib import Path
from query_service.web.access.shared_counts import SharedCounts
folder, ends_at = Path(sys.argv[1]), time.monotonic() + 30
for number in range(50):
    (folder / f"{number}-{os.getpid()}.ready").touch()
    while len(list(folder.glob(f"{number}-*.ready"))) < 4:
        assert time.monotonic() < ends_at
    SharedCounts(folder / f"{number}.sqlite").incr("name", 10)
"""


def counts_in(folder: Path | None) -> RateCounts:
    return RateCounts("memory://", lambda is_alone: None, folder)


def test_processes_at_once_allow_a_rate_once(tmp_path: Path) -> None:
    # A sliding window that ends meanwhile would allow a few more.
    left_s = 3600 - time.time() % 3600
    if left_s < 30:
        time.sleep(left_s)
    command = [sys.executable, "-c", ASKING, str(tmp_path)]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert sum(each.wait(60) for each in running) == 100
    assert counts_in(tmp_path).window(RATE, NAME).remaining == 0
    assert counts_in(None).hit(RATE, NAME)  # another service


def test_a_file_that_all_processes_make_at_once_is_made_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKING, str(tmp_path)]
    running = [subprocess.Popen(command) for _ in range(4)]
    assert [each.wait(60) for each in running] == [0] * 4


def test_counts_expire_and_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = SharedCounts(tmp_path / "rates.sqlite")
    now = time.time()
    assert counts.incr("old", 10) == 1
    assert counts.incr("old", 10, 4) == 5
    assert counts.decr("old", 2) == counts.get("old") == 3
    assert counts.get_expiry("old") == pytest.approx(now + 10, abs=5)
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert counts.get("old") == 0
    assert counts.incr("new", 10) == 1
    assert counts.reset() == 1  # the old one was removed
    assert counts.get("new") == 0
    counts.incr("new", 10)
    counts.clear("new")
    assert counts.get("new") == 0


def test_a_file_that_fails_later_is_replaced_by_the_process_s_own_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = counts_in(tmp_path)
    assert counts.hit(RATE, NAME)

    def fails(*arguments: object, **named: object) -> bool:
        raise StorageError(OSError("disk I/O error"))

    monkeypatch.setattr(SharedCounts, "acquire_sliding_window_entry", fails)
    with caplog.at_level(logging.WARNING):
        assert [counts.hit(parse("2/hour"), NAME) for _ in range(3)] == [True, True, False]
    assert len([line for line in caplog.messages if "counts rates alone" in line]) == 1


def test_a_folder_that_can_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"rates\.sqlite can't be made .* TMPDIR"):
        counts_in(tmp_path / "missing")
