"""The lines of item ids: exact, in bounded memory, with an error where the disk is full."""

import subprocess
import sys

import pytest

from indexer.catalogue.item_lines import ItemLines

# 200,000 ids in a table of 1 MiB: prints by how many MiB the memory grew.
GROWTH = """
import resource
from indexer.catalogue.item_lines import ItemLines
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with ItemLines(cache_kib=1024) as lines:
    for n in range(200_000):
        lines.first(f"{n * 7919 % 200_003:012}", n)
    assert all(lines.of(f"{n * 7919 % 200_003:012}") == n for n in range(0, 200_000, 1000))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
NO_ROOM = """
import resource
from indexer.catalogue.item_lines import ItemLines
from indexer.catalogue.files.rows import CatalogueError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with ItemLines(cache_kib=64) as lines:
    try:
        for n in range(100_000):
            lines.put(str(n))
    except CatalogueError as error:
        print(error)
"""


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout


def test_the_first_line_of_an_id_stays_and_put_replaces_it() -> None:
    with ItemLines() as lines:
        assert [lines.first("a", 1), lines.first("b", 2), lines.first("a", 3)] == [1, 2, 1]
        lines.put("a", 3)
        assert lines.of("a") == 3
        assert "b" in lines
        assert "c" not in lines
        with pytest.raises(KeyError):
            lines.of("c")


def test_what_exceeds_the_cache_goes_to_disk() -> None:
    assert float(run(GROWTH)) < 8  # MiB; a dictionary takes 30


def test_a_full_disk_is_an_error_that_says_where_and_how_much() -> None:
    message = run(NO_ROOM)
    assert "TMPDIR" in message
    assert "50 bytes for each item" in message
