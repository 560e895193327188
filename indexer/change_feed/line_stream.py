"""The lines of standard input or of a named pipe."""

import os
import select
import threading
from typing import IO

from indexer.change_feed.feed_file import (
    CHUNK,
    LONGEST_LINE,
    SHOWN,
    FeedLine,
    pieces,
    refuse_encoding,
)

POLL_S = 0.1  # in which a signal is noticed


class LineStream:
    """The lines of a pipe until its other end is closed. It has no position to resume at."""

    behind = 0  # what waits in the pipe can't be known

    def __init__(self, file: IO[bytes]) -> None:
        self._fd = file.fileno()
        self._file = file
        self._rest = b""
        self._line = self._offset = 0
        self._skipping = False
        self.ended = False

    def read(self) -> list[FeedLine]:
        """The next lines; none: there are none now, or `ended` says that there will be none."""
        if not select.select([self._fd], [], [], 0)[0]:
            return []
        data = os.read(self._fd, CHUNK)
        self.ended = not data
        data = self._rest + data
        if not self._offset:
            refuse_encoding(data, "of standard input")
        end = len(data) if self.ended else data.rfind(b"\n") + 1
        if not end and len(data) >= LONGEST_LINE:
            end = len(data)
        self._rest = data[end:]
        return self._taken(data[:end])

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Waits until there may be more lines."""
        if not stop.is_set():
            select.select([self._fd], [], [], min(seconds, POLL_S))

    def _taken(self, data: bytes) -> list[FeedLine]:
        lines = []
        for raw in pieces(data):
            ends = raw.endswith(b"\n")
            self._offset += len(raw)
            if self._skipping:
                self._skipping = not ends
                continue
            self._line += 1
            self._skipping = not ends and len(raw) >= LONGEST_LINE
            if raw.strip():
                problem = f"longer than {LONGEST_LINE >> 20} MiB" if self._skipping else ""
                shown = raw[:SHOWN] if self._skipping else raw
                lines.append(FeedLine(self._line, shown, self._offset, problem=problem))
        return lines
