"""A log handler that waits for no reader: one that hangs would hang every thread that logs.

The log is a pipe or a socket wherever something collects it. With a reader that is stopped, writing
to it blocks once it is full, and with the first line all requests, the probes and the end.
"""

import logging
import os
import select
import stat
from contextlib import suppress
from typing import TextIO

PATIENCE_MS = 100  # for a reader that is slow, once; then none, until it reads again
PIECE = select.PIPE_BUF // 4  # characters, four bytes each at most


class PatientHandler(logging.StreamHandler[TextIO]):
    """Writes lines while the stream takes them; says how many are missing when it does again."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._missing = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            if not self._is_writable():
                self._missing += 1
                return
            if missing := self._missing:
                self._missing = 0
                said = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
                text = f"{missing} lines are missing here: what reads the log did not take them"
                self._write(self.format(logging.makeLogRecord(said | {"msg": text})))
            self._write(line)
        except RecursionError:
            raise
        except Exception:  # as of `StreamHandler`
            self.handleError(record)

    def _write(self, line: str) -> None:
        line += self.terminator
        step = len(line)  # whole: processes write to one log
        if len(line.encode(errors="replace")) > select.PIPE_BUF and self._is_pipe():
            step = PIECE  # of more a pipe that can be written may take a part, and block
        for start in range(0, len(line), step):
            if start and not self._is_writable():
                self._missing += 1  # the rest of this line
                return
            self.stream.write(line[start : start + step])
            self.flush()

    def _is_pipe(self) -> bool:
        with suppress(OSError, ValueError, AttributeError):
            return stat.S_ISFIFO(os.fstat(self.stream.fileno()).st_mode)
        return False

    def _is_writable(self) -> bool:
        """Whether the stream takes a piece at once; true of one that is no file, or closed."""
        with suppress(OSError, ValueError, AttributeError):
            looked_at = select.poll()
            looked_at.register(self.stream.fileno(), select.POLLOUT)
            return bool(looked_at.poll(0 if self._missing else PATIENCE_MS))
        return True
