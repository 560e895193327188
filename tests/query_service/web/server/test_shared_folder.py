"""The folder of a service's processes: their metrics need no room on the disk that may be gone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plugin_config.errors import SettingsError
from query_service.web.server.shared_folder import free_slot, renew, shared_folder

# Counts once and sets a gauge, as a process of the slot 1, then prints what all have counted.
COUNT = """
from query_service.web.server.shared_folder import use_slot
use_slot(1)
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
gauge = Gauge("waiting", "w", multiprocess_mode="livesum")
MultiProcessCollector(registry := CollectorRegistry())
print(generate_latest(registry).decode(), "until here")
Counter("done", "d").inc()
gauge.set(7)
print(generate_latest(registry).decode())
"""


@pytest.fixture
def folder_of_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # so that it is as before after the test
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where TMPDIR was read before
    return tmp_path


def has_room(folder: Path) -> bool:
    files = [file.stat() for file in (folder / "metrics").glob("*_[0-3].db")]
    return len(files) == 12 and all(each.st_blocks * 512 >= each.st_size > 0 for each in files)


@pytest.mark.usefixtures("folder_of_tests")
def test_files_that_processes_map_have_their_room_from_the_start() -> None:
    with shared_folder(2) as folder:
        assert folder is not None
        assert has_room(folder)
        assert not renew(folder, 2)
        shutil.rmtree(folder)
        assert renew(folder, 2)
        assert has_room(folder)
        (folder / "whole").unlink()  # as its files may go one by one
        assert renew(folder, 2)


@pytest.mark.usefixtures("folder_of_tests")
def test_a_process_counts_on_for_the_one_before_it_and_forgets_its_gauges() -> None:
    with shared_folder(2) as folder:
        assert folder is not None
        command = [sys.executable, "-c", COUNT]
        for number in (1, 2):
            free_slot(folder, 1)  # as of a process that has ended
            ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
            at_first, later = ran.stdout.split("until here")
            assert f"done_total {number - 1}.0" in at_first or number == 1
            assert "waiting 0.0" in at_first
            assert f"done_total {number}.0" in later
            assert "waiting 7.0" in later


def test_a_folder_that_cannot_be_written_is_refused(folder_of_tests: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder_of_tests / "missing"))
        with pytest.raises(SettingsError, match="TMPDIR"), shared_folder(2):
            pass


def test_a_single_process_has_its_metrics_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "./of-another-program")
    with shared_folder(1) as folder:
        assert folder is None
        assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
