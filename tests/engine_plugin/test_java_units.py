"""The plugin's tests in Java: the classes below engine_plugin/src/test/java named ...Test."""

import re
from pathlib import Path

from tests.engine_plugin.java_classes import run_java_tests


def test_all_pass(tmp_path: Path) -> None:
    output = run_java_tests(tmp_path)
    succeeded = re.search(r"(\d+) tests successful", output)
    assert succeeded is not None, output
    assert int(succeeded[1]) > 0
