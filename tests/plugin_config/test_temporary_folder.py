"""Temporary folders of processes that are killed, and of others that live."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MAKE = """
import os, sys
from plugin_config.temporary_folder import temporary_folder
with temporary_folder("tried") as folder:
    (folder / "content").mkdir()
    if "fork" in sys.argv and os.fork() == 0:
        sys.stdin.read()  # lives on when its parent is killed
        os._exit(0)
    print(folder, flush=True)
    sys.stdin.read()
"""
Maker = subprocess.Popen[str]


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[Callable[..., tuple[Maker, Path]]]:
    """Start a process that makes a folder below `tmp_path`, and holds it until its input ends."""
    started: list[Maker] = []

    def start(*arguments: str) -> tuple[Maker, Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", MAKE, *arguments],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        with process:  # closes the pipes
            process.kill()


def test_the_next_one_removes_what_a_killed_process_left(
    maker: Callable[..., tuple[Maker, Path]], tmp_path: Path
) -> None:
    unlike = tmp_path / "live-intent-tried-by-hand"
    (unlike / "content").mkdir(parents=True)
    killed, left = maker()
    killed.kill()
    killed.wait()
    assert (left / "content").is_dir()
    living, kept = maker()
    assert not left.exists()
    _, another = maker()
    assert kept.exists()
    assert another.exists()
    living.communicate()
    assert not kept.exists()
    assert (unlike / "content").is_dir()  # nobody's lock, but without the mark


def test_a_folder_stays_while_a_forked_process_lives(
    maker: Callable[..., tuple[Maker, Path]], tmp_path: Path
) -> None:
    parent, folder = maker("fork")
    parent.kill()
    parent.wait()
    maker()
    assert (folder / "content").is_dir()
    assert parent.stdin is not None
    parent.stdin.close()  # the forked process ends
    assert parent.stdout is not None
    assert parent.stdout.read() == ""  # and has ended
    maker()
    assert not folder.exists()


def test_a_link_is_not_followed(maker: Callable[..., tuple[Maker, Path]], tmp_path: Path) -> None:
    killed, left = maker()
    killed.kill()
    killed.wait()
    elsewhere = tmp_path / "elsewhere"
    left.rename(elsewhere)
    left.symlink_to(elsewhere)
    maker()
    assert (elsewhere / "content").is_dir()
