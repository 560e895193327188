"""The plugin's tests in Java: the classes below engine_plugin/src/test/java named ...Test."""

import re

from tests.engine_plugin.java_classes import JavaClasses
from tests.engine_plugin.java_format import unformatted


def test_all_pass(java_classes: JavaClasses) -> None:
    output = java_classes.run_tests()
    succeeded = re.search(r"(\d+) tests successful", output)
    assert succeeded is not None, output
    assert int(succeeded[1]) > 0


def test_sources_are_formatted() -> None:
    assert unformatted() == [], "run scripts/java-format"
