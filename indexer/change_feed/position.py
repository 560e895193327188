"""How far a feed's file has been applied, kept over crashes."""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from plugin_config.errors import LiveIntentError, SettingsError
from plugin_config.state_dir import make_state_dir, state_file, write_whole

KNOWN_BYTES = 1024  # at the file's beginning, and before the position, by which it is recognised


class FeedTaken(LiveIntentError):
    """Another process follows the same feed."""

    exit_code = 4


@dataclass(frozen=True)
class Position:
    """The end of a line: bytes and lines before it, and hashes of what is there."""

    offset: int = 0
    line: int = 0
    head: str = ""
    head_bytes: int = 0
    tail: str = ""
    tail_bytes: int = 0

    @classmethod
    def after(cls, offset: int, line: int, head: bytes, tail: bytes) -> "Position":
        """`head`: the first bytes of the file, `tail`: the last ones before the position."""
        head, tail = head[: min(KNOWN_BYTES, offset)], tail[-KNOWN_BYTES:]
        return cls(offset, line, _hash(head), len(head), _hash(tail), len(tail))

    def is_in(self, path: Path) -> bool:
        """Whether the file has the bytes that were there before the position."""
        try:
            with path.open("rb") as file:
                head = os.pread(file.fileno(), self.head_bytes, 0)
                start = self.offset - self.tail_bytes
                tail = os.pread(file.fileno(), self.tail_bytes, start)
        except OSError:
            return False
        return (_hash(head), _hash(tail)) == (self.head, self.tail) or not self.offset


class PositionFile:
    """Keeps the position of one feed in one cluster; one process at a time can hold it."""

    def __init__(self, state_dir: Path, feed: Path, target: str) -> None:
        """`target`: the cluster and alias that the feed is applied to.

        Raises FeedTaken; SettingsError: the folder can't be written.
        """
        feed = Path(os.path.abspath(feed))  # the same for ../feeds/it and it; links stay
        self._feed = str(feed)
        self.path = state_file(make_state_dir(state_dir), "feeds", self._feed, target)
        try:
            self.path.parent.mkdir(exist_ok=True)
            self._lock: IO[str] = self.path.with_suffix(".lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise _not_writable(self.path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            raise FeedTaken(
                f"{feed} is followed by process {self._lock.read().strip()} already: one is enough"
            ) from None
        try:
            self._lock.truncate(0)
            self._lock.write(f"{os.getpid()}\n")
            self._lock.flush()
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def load(self) -> Position | None:
        """The position that was saved last; None: there is none."""
        try:
            return _position(json.loads(self.path.read_text("utf-8"))["position"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"the position in {self.path} can't be read ({error}): delete the file, and the "
                "feed is read from its start, which is safe"
            ) from error

    def save(self, position: Position) -> None:
        """Puts the position in place of the one before; on disk when it returns."""
        content = {"feed": self._feed, "position": asdict(position)}
        try:
            write_whole(self.path, json.dumps(content))
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def close(self) -> None:
        """Lets another process follow the feed."""
        self._lock.close()


def _position(entries: Mapping[str, object]) -> Position:
    """Raises ValueError, TypeError."""
    position = Position(**entries)  # type: ignore[arg-type]  # checked below
    for name, value in asdict(position).items():
        if type(value) is not type(getattr(Position(), name)):
            raise ValueError(f"{name} is {value!r}")
    return position


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _not_writable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"the feed's position can't be written to {path} ({error.strerror}): free the disk, or set "
        "LIVE_INTENT_STATE_DIR to a folder that can be written"
    )
