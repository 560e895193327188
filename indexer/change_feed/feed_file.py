"""The lines of one file that another program may still write to."""

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from indexer.catalogue.files.encodings import Encoding
from indexer.catalogue.files.rows import CatalogueError
from indexer.change_feed.position import KNOWN_BYTES, Position

CHUNK = 1 << 20  # bytes
LONGEST_LINE = 16 << 20  # bytes
SHOWN = 10_000  # bytes of a line that is too long
_ZEROS = 8  # bytes


@dataclass(frozen=True)
class FeedLine:
    """A line, as the file has it. `problem`: why it can't be read; "" for nothing."""

    number: int  # in its file, from 1
    raw: bytes
    end: int  # offset after it
    head: bytes = b""  # the file's first bytes
    tail: bytes = b""  # the last ones before `end`
    problem: str = ""

    @property
    def position(self) -> Position:
        """The position after the line."""
        return Position.after(self.end, self.number, self.head, self.tail)


class FeedFile:
    """A file, open; it stays readable while it is renamed or deleted."""

    def __init__(self, path: Path, position: Position | None = None) -> None:
        position = position or Position()
        self._file = path.open("rb")
        self._fd = self._file.fileno()
        self.path, self.offset, self.line = path, position.offset, position.line
        self._head = os.pread(self._fd, KNOWN_BYTES, 0)
        self._tail = os.pread(self._fd, position.tail_bytes, self.offset - position.tail_bytes)
        self._skipping = False  # the rest of a line that is too long

    @property
    def key(self) -> tuple[int, int]:
        """What tells the file from others, whatever its name."""
        status = os.fstat(self._fd)
        return status.st_dev, status.st_ino

    @property
    def behind(self) -> int:
        """Bytes that are not read yet."""
        return max(0, os.fstat(self._fd).st_size - self.offset)

    @property
    def position(self) -> Position:
        """The position after what was read."""
        return Position.after(self.offset, self.line, self._head, self._tail)

    def is_cut(self) -> bool:
        """Whether the file lost what was read, because it was truncated or overwritten."""
        tail = os.pread(self._fd, len(self._tail), self.offset - len(self._tail))
        return tail != self._tail

    def read(self) -> list[FeedLine]:
        """The next lines that are complete, without blank ones; none: no more are there now."""
        while True:
            data = self._data()
            end = data.rfind(b"\n") + 1
            if not end and len(data) < LONGEST_LINE:
                return []
            if lines := self._taken(data[:end] if end else data):
                return lines

    def last_line(self, *, whole: bool) -> list[FeedLine]:
        """What is left at the file's end, without a line break.

        `whole`: only if it is an object; else it may be half of what a program is writing.
        """
        data = self._data()
        if not data.strip() or (whole and not _is_object(data)):
            return []
        return self._taken(data)

    def _data(self) -> bytes:
        if len(self._head) < KNOWN_BYTES:
            self._head = os.pread(self._fd, KNOWN_BYTES, 0)
        size = CHUNK
        while True:
            data = os.pread(self._fd, size, self.offset)
            if b"\n" in data or len(data) < size or size >= LONGEST_LINE:
                break
            size *= 2
        if not self.offset:
            refuse_encoding(data, str(self.path))
        return data

    def _taken(self, data: bytes) -> list[FeedLine]:
        """The lines of the next bytes, which count as read."""
        lines = []
        unfinished = self._tail[-1:] not in (b"", b"\n")  # its last line was taken without its end
        for raw in pieces(data):
            rest, unfinished = unfinished, False
            self.offset += len(raw)
            ends = raw.endswith(b"\n")
            too_long = not ends and len(raw) >= LONGEST_LINE
            if self._skipping:
                self._skipping = not ends
                continue
            if raw.strip() or not rest:
                self.line += 1
            self._skipping = too_long
            if raw.strip():
                problem = f"longer than {LONGEST_LINE >> 20} MiB" if too_long else ""
                shown, tail = raw[:SHOWN] if too_long else raw, raw[-KNOWN_BYTES:]
                lines.append(FeedLine(self.line, shown, self.offset, self._head, tail, problem))
        self._tail = (self._tail + data[-KNOWN_BYTES:])[-KNOWN_BYTES:]
        return lines


def refuse_encoding(data: bytes, feed: str) -> None:
    """Raises CatalogueError: a feed's first bytes are UTF-16 or UTF-32, whose lines can't be split.

    Zero bytes alone are what a truncated file begins with whose writer kept its offset.
    """
    if data[:_ZEROS] == bytes(_ZEROS):
        return
    encoding = Encoding.of(data[:KNOWN_BYTES])
    if encoding.name.startswith(("utf-16", "utf-32")):
        raise CatalogueError(
            f"the feed {feed} is {encoding.shown}, where UTF-8 is wanted: have its writer write "
            f"UTF-8, or convert it: iconv -f {encoding.shown} -t UTF-8 FILE | live-intent index "
            "follow -"
        )


def pieces(data: bytes) -> list[bytes]:
    """The lines of the bytes with their breaks; the last one may have none."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(orjson.loads(data), dict)
    except orjson.JSONDecodeError:
        return False
