"""Progress of long tasks, on standard error."""

import sys
import time
from typing import Any, Protocol


class Progress(Protocol):
    """Receives stages, counts and remarks; any thread may call it."""

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins, with `total` items; None: their number is not known."""

    def advance(self, count: int = 1) -> None:
        """`count` more items are done."""

    def note(self, message: str) -> None:
        """A remark for the user."""

    def close(self) -> None:
        """The current stage is over."""


class Silence:
    """Prints nothing."""

    def start(self, stage: str, total: int | None = None) -> None: ...
    def advance(self, count: int = 1) -> None: ...
    def note(self, message: str) -> None: ...
    def close(self) -> None: ...


class Bar:
    """A progress bar, for a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def start(self, stage: str, total: int | None = None) -> None:
        from tqdm import tqdm

        self.close()
        self._bar = tqdm(
            total=total, desc=stage, unit=" items", file=sys.stderr, dynamic_ncols=True
        )

    def advance(self, count: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def note(self, message: str) -> None:
        from tqdm import tqdm

        tqdm.write(message, file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines(Silence):
    """One line for every 10 %, for a log file or a pipe. `quiet`: remarks only."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stage = ""
        self._total: int | None = None
        self._done = 0
        self._begun = 0.0

    def start(self, stage: str, total: int | None = None) -> None:
        self._stage, self._total, self._done = stage, total, 0
        self._begun = time.monotonic()
        if not self._quiet:
            _print(f"{stage} ..." if total is None else f"{stage}: {total} items")

    def advance(self, count: int = 1) -> None:
        before, self._done = self._done, self._done + count
        if self._quiet or not self._total or self._total < 10:
            return
        if before * 10 // self._total < self._done * 10 // self._total:
            rate = self._done / max(time.monotonic() - self._begun, 1e-9)
            share = self._done * 100 // self._total
            _print(f"{self._stage}: {share} % ({self._done} of {self._total}, {rate:.0f}/s)")

    def note(self, message: str) -> None:
        _print(message)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def for_terminal(quiet: bool = False) -> Progress:
    """A bar on a terminal, else lines; with `quiet` remarks only."""
    return Bar() if sys.stderr.isatty() and not quiet else Lines(quiet)
