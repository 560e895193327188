"""What a long task says of itself while it runs, on standard error."""

import sys
import time
from typing import Any, Protocol


class Progress(Protocol):
    """Told of stages, counts and remarks; any thread may call it."""

    def start(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` things are to be done, None: not known."""

    def advance(self, count: int = 1) -> None:
        """That many more are done."""

    def note(self, message: str) -> None:
        """A remark worth reading."""

    def close(self) -> None:
        """The current stage is over."""


class Silence:
    """Says nothing."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Bar:
    """A progress bar, for a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def start(self, stage: str, total: int | None = None) -> None:
        """Opens a bar."""
        from tqdm import tqdm

        self.close()
        self._bar = tqdm(
            total=total, desc=stage, unit=" items", file=sys.stderr, dynamic_ncols=True
        )

    def advance(self, count: int = 1) -> None:
        """Moves it."""
        if self._bar is not None:
            self._bar.update(count)

    def note(self, message: str) -> None:
        """A line above the bar."""
        from tqdm import tqdm

        tqdm.write(message, file=sys.stderr)

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines:
    """One line for every 10 %, for a log file or a pipe. `quiet`: remarks only."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._stage = ""
        self._total: int | None = None
        self._done = 0
        self._begun = 0.0

    def start(self, stage: str, total: int | None = None) -> None:
        """Says what begins."""
        self._stage, self._total, self._done = stage, total, 0
        self._begun = time.monotonic()
        if not self._quiet:
            self._say(f"{stage} ..." if total is None else f"{stage}: {total} items")

    def advance(self, count: int = 1) -> None:
        """Says when another tenth is done."""
        before, self._done = self._done, self._done + count
        if self._quiet or not self._total or self._total < 10:
            return
        if before * 10 // self._total < self._done * 10 // self._total:
            rate = self._done / max(time.monotonic() - self._begun, 1e-9)
            share = self._done * 100 // self._total
            self._say(f"{self._stage}: {share} % ({self._done} of {self._total}, {rate:.0f}/s)")

    def note(self, message: str) -> None:
        """Says it."""
        self._say(message)

    def close(self) -> None:
        """Nothing."""

    @staticmethod
    def _say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def for_terminal(quiet: bool = False) -> Progress:
    """A bar where there is a terminal, else lines; with `quiet` remarks only."""
    return Bar() if sys.stderr.isatty() and not quiet else Lines(quiet)
