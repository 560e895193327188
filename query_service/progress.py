"""The progress of a request: milliseconds per step, stages that ran, stages left out and why."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, get_args

from plugin_config.connection.partial_answers import NOTES
from plugin_config.connection.request_trace import REQUEST_TRACE
from plugin_config.errors import ClusterUnavailable, LiveIntentError

log = logging.getLogger(__name__)
# Why a stage is missing. late: it would have missed the deadline. unavailable: OpenSearch can't be
# reached. engine: OpenSearch answered with an error, or not in full. refused: this index or these
# settings can't do it. earlier: the first page of the list went without. failed: anything else.
Cause = Literal["late", "unavailable", "engine", "refused", "earlier", "failed"]
CAUSES: tuple[Cause, ...] = get_args(Cause)


class Clock:
    """A request's times in ms: of each step, and until its deadline."""

    def __init__(self, deadline_ms: float, arrived: float | None = None) -> None:
        """`arrived`: time.perf_counter() when the request had arrived; None: now."""
        self._start = self._mark = time.perf_counter() if arrived is None else arrived
        self.deadline_ms = deadline_ms
        self.steps: dict[str, float] = {}
        if arrived is not None:
            self.step("queue")

    def step(self, name: str) -> None:
        """End the step that began at the last call (or at the start)."""
        now = time.perf_counter()
        self.steps[name] = self.steps.get(name, 0.0) + (now - self._mark) * 1000
        if (trace := REQUEST_TRACE.get()) is not None:
            trace.step(name, self._mark, now)
        self._mark = now

    def elapsed_s(self) -> float:
        """Seconds since the request arrived."""
        return time.perf_counter() - self._start

    def left_ms(self) -> float:
        """Milliseconds until the deadline."""
        return self.deadline_ms - (time.perf_counter() - self._start) * 1000

    def timing(self) -> dict[str, float]:
        """Milliseconds of each step, and in total."""
        total = (time.perf_counter() - self._start) * 1000
        return {name: round(ms, 3) for name, ms in (self.steps | {"total": total}).items()}


@dataclass
class RequestProgress:
    """The stages that ran, and each stage that was left out with the reason."""

    clock: Clock
    stages_run: list[str] = field(default_factory=list)
    degraded: dict[str, str] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)  # of those in `degraded`
    partial: list[str] = field(default_factory=list)  # why searches of it lack a part
    unreadable: set[str] = field(default_factory=set)  # items whose shard does not answer
    exposure: dict[str, float] = field(default_factory=dict)  # of the page, by group

    def note_partial_answers(self) -> None:
        """From now on note the engine's answers to this thread that lack a part."""
        NOTES.set(self.partial)

    @property
    def left_out(self) -> dict[str, str]:
        """`degraded`; `shards` too, where a search lacks a part and no stage says so."""
        unsaid = [reason for reason in self.partial if reason not in self.degraded.values()]
        return {**self.degraded, "shards": unsaid[0]} if unsaid else self.degraded

    def cause_of(self, stage: str) -> Cause:
        """The cause why a stage in `left_out` is missing."""
        if stage in self.degraded:  # without a cause: taken over from a cursor
            return self.causes.get(stage, "earlier")
        return "engine"

    def ran(self, stage: str) -> None:
        """Note a stage that did its work."""
        self.stages_run.append(stage)

    def degrade(
        self, stage: str, reason: str, error: object = "", *, cause: Cause = "failed"
    ) -> None:
        """Note a stage whose work is missing in the answer; only the log has the `error`."""
        self.degraded[stage], self.causes[stage] = reason, cause
        log.warning(
            "degraded: %s: %s", stage, error or reason, extra={"stage": stage, "cause": cause}
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run a stage that the answer can do without: note its failure instead of raising it."""
        try:
            yield
        except ClusterUnavailable as error:
            self.degrade(name, error.plain, error, cause="unavailable")
        except LiveIntentError as error:
            self.degrade(name, str(error), cause="refused")
        except TimeoutError:
            self.degrade(name, "it would have missed the deadline", cause="late")
        except Exception as error:
            log.exception("stage %s failed", name)
            self.degrade(name, f"it failed: {type(error).__name__}")
        else:
            self.ran(name)
        finally:
            self.clock.step(name)
