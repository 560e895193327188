"""A feed's file that grows, is rotated, copied, truncated, or is another one after a restart."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.change_feed.feed_file import FeedLine
from indexer.change_feed.followed_file import FollowedFile
from indexer.change_feed.line_stream import LineStream
from indexer.change_feed.position import FeedTaken, Position, PositionFile
from plugin_config.errors import SettingsError
from tests.integration.waiting import wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "changes.jsonl"


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def opened(path: Path, notes: list[str]) -> Callable[..., FollowedFile]:
    def open_(position: Position | None = None, *, until_end: bool = False) -> FollowedFile:
        return FollowedFile(path, position, notes.append, until_end=until_end)

    return open_


def rows(*numbers: int) -> str:
    return "".join(json.dumps({"n": n}) + "\n" for n in numbers)


def read(file: FollowedFile, count: int) -> list[FeedLine]:
    """Return the next lines; it takes a moment after a rotation."""
    lines: list[FeedLine] = []

    def enough() -> bool:
        lines.extend(file.read())
        return len(lines) >= count

    wait_until(enough, 5)
    assert len(lines) == count
    return lines


def numbers(lines: list[FeedLine]) -> list[int]:
    return [json.loads(line.raw)["n"] for line in lines]


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_lines_come_when_they_are_complete(path, opened):
    path.write_text(rows(1) + '\n\r\n{"n"', encoding="utf-8")
    file = opened()
    assert numbers(file.read()) == [1]
    assert file.read() == []
    append(path, ": 2}\n")
    [line] = file.read()
    assert (numbers([line]), line.number, line.end) == ([2], 4, path.stat().st_size)


def test_a_renamed_file_is_read_to_its_end_and_then_its_successors(path, opened, notes):
    path.write_text(rows(1), encoding="utf-8")
    file = opened()
    assert numbers(read(file, 1)) == [1]
    path.rename(path.with_suffix(".jsonl.2"))
    path.write_text(rows(3), encoding="utf-8")
    path.rename(path.with_suffix(".jsonl.1"))
    append(path.with_suffix(".jsonl.2"), rows(2).rstrip())  # by who has it open still
    path.write_text(rows(4), encoding="utf-8")
    path.with_suffix(".jsonl.1").touch()
    lines = read(file, 3)
    assert numbers(lines) == [2, 3, 4]
    assert [line.number for line in lines] == [2, 1, 1]
    assert "was rotated after line 2" in notes[0]


def test_a_truncated_file_goes_on_in_its_copy(path, opened, notes):
    path.write_text(rows(1), encoding="utf-8")
    file = opened()
    assert numbers(read(file, 1)) == [1]
    (path.parent / "changes.jsonl-20261126").write_text(rows(1, 2), encoding="utf-8")
    path.write_text(rows(3, 4, 5), encoding="utf-8")  # longer than what was read
    assert numbers(read(file, 4)) == [2, 3, 4, 5]
    assert "was truncated or overwritten after line 1" in notes[0]


def test_a_file_that_is_truncated_before_it_is_read_goes_on_in_its_copies(path, opened, notes):
    path.write_text(rows(1), encoding="utf-8")
    file = opened()
    assert numbers(read(file, 1)) == [1]
    path.rename(path.with_suffix(".jsonl.1"))
    path.touch()
    wait_until(lambda: not file.read() and "was rotated" in "".join(notes), 5)
    for number in (2, 3):  # between two looks at the file
        copy = path.with_suffix(f".jsonl.2026112{number}")
        copy.write_text(rows(number), encoding="utf-8")
        os.utime(copy, ns=(1, copy.stat().st_mtime_ns + number * 1_000_000))
    path.write_text(rows(4), encoding="utf-8")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 9_000_000))
    assert numbers(read(file, 3)) == [2, 3, 4]


def test_a_truncated_file_without_a_copy_is_read_from_its_start(path, opened, notes):
    path.write_text(rows(1, 2), encoding="utf-8")
    file = opened()
    read(file, 2)
    path.write_text(rows(7), encoding="utf-8")
    assert numbers(read(file, 1)) == [7]
    assert "another file than the one that was read to line 2" in notes[1]


def test_a_position_is_resumed_in_a_file_that_was_renamed_meanwhile(path, opened, notes):
    path.write_text(rows(1, 2, 3), encoding="utf-8")
    position = read(opened(), 3)[1].position
    assert numbers(read(opened(position), 1)) == [3]
    assert notes == []
    path.rename(path.with_suffix(".jsonl.1"))
    path.write_text(rows(4), encoding="utf-8")
    (path.parent / "changes.jsonl.dead.jsonl").write_text(rows(9), encoding="utf-8")
    lines = read(opened(position), 2)
    assert [(n, line.number) for n, line in zip(numbers(lines), lines, strict=True)] == [
        (3, 3),
        (4, 1),
    ]


def test_another_file_of_the_same_name_is_noticed(path, opened, notes):
    path.write_text(rows(1, 2, 3), encoding="utf-8")
    position = read(opened(), 3)[-1].position
    assert opened(position).position == position
    path.write_text(rows(5, 6, 7, 8, 9), encoding="utf-8")
    file = opened(position)
    assert (file.position.line, file.position.offset) == (0, 0)
    assert numbers(read(file, 5)) == [5, 6, 7, 8, 9]
    assert "another file than the one that was read to line 3" in notes[0]


def test_until_the_end_takes_a_last_line_only_if_it_is_whole(path, opened, notes):
    path.write_text(rows(1) + '{"n": 2}', encoding="utf-8")
    file = opened(until_end=True)
    assert numbers(file.read()) == [1]
    last = file.read()
    assert (numbers(last), file.ended) == ([2], True)
    assert opened(last[0].position).read() == []
    append(path, "\n" + rows(3) + '{"n": 4')
    file = opened(last[0].position, until_end=True)
    third = file.read()
    assert (numbers(third), third[0].number) == ([3], 3)
    assert (file.read(), file.ended) == ([], True)
    assert "the last line has no end yet (7 bytes)" in notes[0]


def test_a_line_that_is_too_long_costs_nothing_but_itself(path, opened):
    path.write_bytes(b"x" * (40 << 20) + b"\n" + rows(1).encode())
    lines = read(opened(), 2)
    assert lines[0].problem == "longer than 16 MiB"
    assert len(lines[0].raw) < 20_000
    assert (numbers(lines[1:]), lines[1].number) == ([1], 2)


def test_what_is_no_feed_is_refused(path, opened):
    with pytest.raises(CatalogueError, match="is not there"):
        opened()
    path.write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(CatalogueError, match=r"zcat .* \| live-intent index follow -"):
        opened()


def test_a_position_is_kept_for_each_feed_and_cluster_and_held_by_one_process(path, tmp_path):
    position = Position.after(10, 2, b"0123456789", b"56789")
    file = PositionFile(tmp_path, path, "cluster-a")
    assert file.load() is None
    file.save(position)
    with pytest.raises(FeedTaken, match="followed by process"):
        PositionFile(tmp_path, path, "cluster-a")
    other = PositionFile(tmp_path, path, "cluster-b")
    assert other.load() is None
    file.close()
    again = PositionFile(tmp_path, path, "cluster-a")
    assert again.load() == position
    again.path.write_text("{")
    with pytest.raises(SettingsError, match="delete the file"):
        again.load()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named_once(path, opened, encoding):
    path.write_bytes(rows(1, 2).encode(encoding))
    with pytest.raises(CatalogueError, match=f"is {encoding.upper()}.*iconv -f"):
        opened().read()
    with path.open("rb") as pipe, pytest.raises(CatalogueError, match=encoding.upper()):
        LineStream(pipe).read()


def test_a_file_of_another_encoding_that_takes_the_place_of_one_is_named(path, opened, tmp_path):
    path.write_text(rows(1))
    file = opened(until_end=True)
    assert len(file.read()) == 1
    path.rename(tmp_path / "changes.jsonl.1")
    path.write_bytes(rows(2).encode("utf-16"))
    with pytest.raises(CatalogueError, match="UTF-16"):
        file.read()


def test_the_zeros_of_a_truncated_file_are_no_encoding(path, opened):
    path.write_bytes(bytes(300) + rows(1).encode())
    assert len(opened().read()) == 1
