"""When a command began: with its process, however long the interpreter took to start."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

PRINTED = (
    "import time; time.sleep(.3); loaded = time.time_ns();"
    "from plugin_config.command_start import process_began_ns;"
    "print(process_began_ns(loaded), loaded)"
)
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")


def began_and_loaded(*command: str) -> list[int]:
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(each) for each in printed.split()]


def test_a_command_began_with_its_process_and_not_before() -> None:
    before = time.time_ns()
    began, loaded = began_and_loaded(sys.executable, "-c", PRINTED)
    assert before <= began < loaded - 250_000_000


def test_what_a_shell_did_before_it_became_the_command_is_before_its_beginning() -> None:
    line = f"'{sys.executable}' -c pass; exec '{sys.executable}' -c '{PRINTED}'"
    began, loaded = began_and_loaded("/bin/sh", "-c", line)
    assert began == loaded
