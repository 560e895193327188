"""Follows a feed: reads lines, applies them in batches, and keeps the position."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from indexer.catalogue.changes.dead_letters import DeadLetter, DeadLetterFile
from indexer.catalogue.values.text import ValueProblem
from indexer.change_feed.application import Application, apply_changes
from indexer.change_feed.change import ChangeReader, FeedChange, original
from indexer.change_feed.feed_file import FeedLine
from indexer.change_feed.feed_report import FeedReport
from indexer.change_feed.position import PositionFile
from indexer.index.context import IndexContext
from indexer.index.generations import live_generation
from indexer.index.live.updates import LoadEncoder
from indexer.settings import FeedSettings
from plugin_config.errors import ClusterUnavailable

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0  # between tries of a batch, beyond those of a request


class LineSource(Protocol):
    """Where lines come from: `FollowedFile` or `LineStream`."""

    @property
    def behind(self) -> int:
        """Bytes that are not read yet."""

    @property
    def ended(self) -> bool:
        """Whether no more lines will come."""

    def read(self) -> list[FeedLine]:
        """The next lines, if there are any now."""

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Waits until there may be more."""


@dataclass(frozen=True)
class Feed:
    """A feed and what belongs to it. `positions` None: it has no position.

    `ignore_missing`: updates of items that are not there are counted, and are no dead letters.
    """

    source: LineSource
    reader: ChangeReader
    dead_letters: DeadLetterFile
    positions: PositionFile | None
    patient: bool = True  # waits as long as the cluster takes no writes
    ignore_missing: bool = False


class Follower:
    """Applies a feed until it ends, or `stop` is set: then the batch under way is finished."""

    def __init__(
        self, context: IndexContext, load_encoder: LoadEncoder, feed: Feed, settings: FeedSettings
    ) -> None:
        self._context, self._load_encoder, self._feed = context, load_encoder, feed
        self._settings = settings
        self._waiting: deque[FeedLine] = deque()
        self._live = ""
        self._tries = 0  # of batches, beyond those of their requests

    def run(
        self, report: FeedReport, stop: threading.Event, show: Callable[[FeedReport], None]
    ) -> None:
        """Counts in `report`, and hands it to `show` at times.

        Raises:
            ClusterUnavailable: the cluster takes no writes, and the feed is not `patient`.
            NoItemsIndex, EncoderMismatch, BundleError, SettingsError: what was applied is counted,
                the position is before what was not.
        """
        shown, news = time.monotonic(), False
        while not stop.is_set():
            batch = self._next_batch(stop)
            if batch and not self._write(batch, report, stop):
                return
            news = news or bool(batch)
            if news and time.monotonic() - shown >= self._settings.feed_progress_s:
                show(report)
                shown, news = time.monotonic(), False
            if not batch and self._feed.source.ended:
                return

    def _next_batch(self, stop: threading.Event) -> list[FeedLine]:
        """The next lines: so many, or those of so many milliseconds; [] where none came."""
        settings, source = self._settings, self._feed.source
        wait_s, largest = settings.feed_wait_ms / 1000, self._context.settings.bulk_mb * 1e6
        batch, size, ends_at = list[FeedLine](), 0, time.monotonic() + max(wait_s, 0.2)
        while len(batch) < settings.feed_batch_lines and size < largest:
            if not self._waiting:
                self._waiting.extend(source.read())
            if self._waiting:
                if not batch:
                    ends_at = time.monotonic() + wait_s
                batch.append(self._waiting.popleft())
                size += len(batch[-1].raw)
                continue
            left_s = ends_at - time.monotonic()
            if source.ended or stop.is_set() or left_s <= 0:
                break
            source.wait(left_s, stop)
        return batch

    def _write(self, batch: list[FeedLine], report: FeedReport, stop: threading.Event) -> bool:
        """Applies a batch and moves the position; False: it was stopped before it could."""
        lines, changes, letters = list[FeedLine](), list[FeedChange](), list[DeadLetter]()
        for line in batch:
            if line.problem:
                letters.append(_letter(line, line.problem))
                continue
            try:
                change = self._feed.reader.read(original(line.raw))
            except ValueProblem as problem:
                letters.append(_letter(line, str(problem)))
            else:
                changes.append(change)
                lines.append(line)
        bad = len(letters)
        applied = self._applied(changes, report, stop) if changes else Application([])
        if applied is None:
            return False
        for line, outcome in zip(lines, applied.outcomes, strict=True):
            reason = outcome.reason
            if outcome.status == "missing" and not self._feed.ignore_missing:
                reason = "the item is not in the index: an update changes items, it makes none"
            if reason:
                letters.append(_letter(line, reason))
        self._feed.dead_letters.add(sorted(letters, key=lambda each: each.position))
        report.count(changes, applied.outcomes)
        report.rejected += bad
        report.dead_letters += len(letters)
        report.unread = {n: v.count for n, v in self._feed.reader.notes.unread.items()}
        report.retries = self._context.pace.retries + self._tries
        report.indexes = applied.indexes or report.indexes
        waiting = sum(len(line.raw) for line in self._waiting)
        report.reached(batch[-1], self._feed.source.behind + waiting)
        if self._feed.positions is not None:
            self._feed.positions.save(batch[-1].position)
        for note in dict.fromkeys(applied.notes):
            self._context.progress.note(note)
        self._follow_the_alias(applied.live)
        return True

    def _applied(
        self, changes: list[FeedChange], report: FeedReport, stop: threading.Event
    ) -> Application | None:
        """What became of changes, tried until the cluster takes them; None: stopped before."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return apply_changes(self._context, self._load_encoder, changes)
            except ClusterUnavailable as error:
                if not self._feed.patient:
                    raise
                if stop.is_set():
                    return None
                pause_s = pause_s * random.uniform(0.75, 1.25)
                self._context.progress.note(
                    f"{report.feed}, after line {report.line}: {error} The batch is tried again in "
                    f"{pause_s:.1f} s"
                )
                self._tries += 1
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            if stop.is_set():
                return None

    def _follow_the_alias(self, live: str) -> None:
        """Reads the next lines with the public attributes of the index that is live now."""
        if not live or live == self._live:
            return
        generation = live_generation(self._context.client, self._context.names)
        if generation is not None:
            reader = self._feed.reader
            reader.mapping = replace(reader.mapping, public=generation.attributes.public)
        self._live = live


def _letter(line: FeedLine, reason: str) -> DeadLetter:
    return DeadLetter(original(line.raw), reason, line.number, line.end)
