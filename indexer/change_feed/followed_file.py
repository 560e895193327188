"""A file that is followed while it grows, is rotated or truncated."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from indexer.catalogue.files.rows import CatalogueError
from indexer.change_feed.feed_file import FeedFile, FeedLine
from indexer.change_feed.position import Position

POLL_S = 0.1
LINGER_S = 1.0  # in which a writer may add lines to a file that was renamed
_ROTATED = re.compile(r"[.-][\d_T:.-]*\d")  # after the name: .1, -20261126, .2026-11-26-10


class FollowedFile:
    """The lines of a file, from a position on, and of the files that take its place.

    Before a new file of the name come the files that it was renamed or copied to, as far as they
    were not read. `note` gets a line about what happens to the file.
    """

    def __init__(
        self,
        path: Path,
        position: Position | None,
        note: Callable[[str], None],
        *,
        until_end: bool,
    ) -> None:
        """Raises CatalogueError: the file is not there, no regular file, or gzip."""
        self._path, self._note, self._until_end = path, note, until_end
        self._rotated_at: float | None = None
        self.ended = False
        self._rotated_before = set[tuple[int, int] | None]()  # before the file was opened
        self._file = self._opened(position)

    @property
    def behind(self) -> int:
        """Bytes of the file that is being read that are not read yet."""
        return self._file.behind

    @property
    def position(self) -> Position:
        """The position after what was read, in the file that is being read."""
        return self._file.position

    def read(self) -> list[FeedLine]:
        """The next lines; none: there are none now, or `ended` says that there will be none."""
        if self._file.is_cut():
            self._note(f"{self._path} was truncated or overwritten after line {self._file.line}")
            self._file = self._opened(self._file.position)
        if (copy := self._copy_of_unread()) is not None:
            self._note(f"{self._path} was copied and truncated before a line of it was read")
            self._file = self._open(copy)
        if lines := self._file.read():
            return lines
        if (following := self._following()) is None:
            return self._end() if self._until_end else []
        now = time.monotonic()
        self._rotated_at = self._rotated_at or now
        if not self._until_end and now < self._rotated_at + LINGER_S:
            return []
        self._rotated_at = None
        rest = self._file.last_line(whole=False)
        self._note(f"{self._path} was rotated after line {self._file.line}: going on in the next")
        self._file = self._open(following)
        return rest or self._file.read()

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Waits until there may be more lines."""
        stop.wait(min(seconds, POLL_S))

    def _end(self) -> list[FeedLine]:
        rest = self._file.last_line(whole=True)
        if self._file.behind:
            self._note(
                f"{self._path}: the last line has no end yet ({self._file.behind} bytes); the next "
                "run reads it"
            )
        self.ended = True
        return rest

    def _opened(self, position: Position | None) -> FeedFile:
        files = self._files()
        if position is not None and position.offset:
            for path in reversed(files):  # the file itself first
                if position.is_in(path):
                    if path != self._path:
                        self._note(f"line {position.line} is in {path} now: going on there")
                    return self._open(path, position)
            self._note(
                f"{self._path} is another file than the one that was read to line {position.line}"
                ": it is read from its start. Lines that only the other one had are not read; if "
                "it was compressed, feed it through standard input"
            )
        if self._path not in files:
            raise CatalogueError(f"the feed {self._path} is not there, or no regular file")
        with self._path.open("rb") as file:
            if file.read(2) == b"\x1f\x8b":
                raise CatalogueError(
                    f"the feed {self._path} is gzip: zcat {self._path} | live-intent index follow -"
                )
        return self._open(self._path)

    def _open(self, path: Path, position: Position | None = None) -> FeedFile:
        self._rotated_before = {_key(each) for each in self._files() if each != self._path}
        return FeedFile(path, position)

    def _copy_of_unread(self) -> Path | None:
        """What the file was copied to since it was opened, if nothing of it is read; else None.

        A copy of what was read is recognised by its bytes.
        """
        if self._file.offset or _key(self._path) != self._file.key:
            return None
        rotated = (path for path in self._files() if path != self._path)
        return next((path for path in rotated if _key(path) not in self._rotated_before), None)

    def _following(self) -> Path | None:
        """The file after the one that is read; None: there is none."""
        if _key(self._path) == self._file.key:
            return None
        files = self._files()
        keys = [_key(path) for path in files]
        if self._file.key in keys:
            rest = files[keys.index(self._file.key) + 1 :]
            return rest[0] if rest else None
        return self._path if self._path in files else None  # it was deleted, or compressed

    def _files(self) -> list[Path]:
        """The files that the feed's file was rotated to, oldest first, and the file itself."""
        rotated = []
        for path in self._path.parent.glob(f"{_escaped(self._path.name)}[.-]*"):
            if _ROTATED.fullmatch(path.name.removeprefix(self._path.name)) and path.is_file():
                rotated.append(path)
        rotated.sort(key=_modified)
        return [*rotated, *([self._path] if self._path.is_file() else [])]


def _escaped(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _key(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
