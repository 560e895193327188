"""The file of changes that could not be applied; `live-intent index follow` takes it as a feed."""

import base64
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from plugin_config.errors import SettingsError


@dataclass(frozen=True)
class DeadLetter:
    """A line of a feed, as it stood there, and why it was not applied.

    `line` and `position` (bytes) say where its end is; 0: it was made here.
    """

    raw: bytes
    reason: str
    line: int = 0
    position: int = 0


def letters_of(feed: str) -> str:
    """The name of the file of dead letters of a feed that has this name."""
    stem = feed.removesuffix(".jsonl")
    if found := re.fullmatch(r"(.*)\.dead(?:-(\d+))?", stem):  # letters that are fed again
        return f"{found[1]}.dead-{int(found[2] or 1) + 1}.jsonl"
    return f"{stem}.dead.jsonl"


class DeadLetterFile:
    """Adds lines {feed, line, position, at, reason, raw} to a file, which is never emptied."""

    def __init__(self, path: Path, feed: str) -> None:
        """`feed`: the name of the feed. The first letter creates the file."""
        self.path, self._feed = path, feed

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Adds letters; they are on disk when it returns. Raises SettingsError: it can't write."""
        if not letters:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entries = [
            {
                "feed": self._feed,
                "line": letter.line,
                "position": letter.position,
                "at": at,
                "reason": letter.reason,
                **_raw(letter.raw.rstrip(b"\r\n")),
            }
            for letter in letters
        ]
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in entries)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SettingsError(
                f"the dead-letter file {self.path} can't be written ({error.strerror}): run the "
                "command again when the disk has room, or name another with --dead-letters FILE"
            ) from error


def _raw(line: bytes) -> dict[str, str]:
    """The line as JSON can have it; one that is no UTF-8 as base64 too, so that no byte is lost."""
    try:
        return {"raw": line.decode()}
    except UnicodeDecodeError:
        readable = line.decode("utf-8", "replace")
        return {"raw": readable, "raw_base64": base64.b64encode(line).decode()}
