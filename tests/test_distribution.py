"""How a run by several processes distributes the files of tests."""

from pathlib import Path

import pytest

from tests.distribution import FIRST, TOGETHER, long_files, start_rank, together

ROOT = Path(__file__).parents[1]


def test_the_folders_are_there_and_start_first() -> None:
    assert [folder for folder in FIRST if not list(ROOT.glob(f"{folder}**/test_*.py"))] == []
    ranks = [start_rank(f"{folder}test_x.py::test_y") for folder in FIRST]
    assert ranks == list(range(len(FIRST)))
    assert start_rank("tests/indexer/test_x.py::test_y") == len(FIRST)


def test_tests_that_share_a_node_stay_together() -> None:
    scopes = {together(f"{folder}test_{name}.py::x") for folder in TOGETHER for name in "ab"}
    assert scopes == set(TOGETHER)
    assert together("tests/indexer/test_x.py::test_y") == "tests/indexer/test_x.py"


def test_long_files_are_named_with_all_that_their_tests_took() -> None:
    took = {"tests/a.py::x": 40.0, "tests/a.py::y": 30.0, "tests/b.py::x": 59.0}
    took |= {f"{TOGETHER[0]}test_{name}.py::x": 50.0 for name in "cd"}
    reports = [
        pytest.TestReport(nodeid, ("", None, ""), {}, "passed", None, "call", duration=seconds)
        for nodeid, seconds in took.items()
    ]
    assert long_files(reports) == [f" 100 s {TOGETHER[0]}", "  70 s tests/a.py"]
