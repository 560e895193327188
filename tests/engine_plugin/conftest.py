"""The plugin's Java is compiled once for all tests of this folder."""

import pytest

from tests.engine_plugin.java_classes import JavaClasses, compiled


@pytest.fixture(scope="session")
def java_classes(tmp_path_factory: pytest.TempPathFactory) -> JavaClasses:
    return compiled(tmp_path_factory.mktemp("java"))
