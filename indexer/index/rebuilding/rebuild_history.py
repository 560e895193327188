"""The entry that a rebuild leaves in the index of rebuilds, however it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opensearchpy.exceptions import OpenSearchException

from indexer.catalogue.survey.survey import Survey
from indexer.encoder_spec import EncoderSpec
from indexer.index.context import IndexContext
from indexer.index.generations import of_name
from indexer.index.history import HistoryEntry, Outcome, write_down
from indexer.index.rebuilding.before_swap import SwapRefused
from indexer.index.rebuilding.rebuild_report import RebuildReport
from plugin_config.errors import LiveIntentError


@dataclass(frozen=True)
class RebuildHistory:
    """Writes down how the rebuild of an index ended."""

    context: IndexContext
    index: str
    spec: EncoderSpec
    surveyed: Survey

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Write down the error, or the refusal by the gate, that ends the block."""
        begun = time.monotonic()
        try:
            yield
        except SwapRefused as refusal:
            failed = [reason.split(" FAILED: ")[0] for reason in refusal.reasons]
            self._ended("refused", begun, list(refusal.reasons), failed)
            raise
        except BaseException as error:
            self._ended("failed", begun, [str(error) or type(error).__name__], [])
            raise

    def swapped(self, report: RebuildReport) -> RebuildReport:
        """Write down what a rebuild did; return its report."""
        return self._done("swapped", report)

    def kept(self, report: RebuildReport) -> RebuildReport:
        """Write down that the live index stayed; return the report."""
        return self._done("unchanged", report)

    def _done(self, outcome: Outcome, report: RebuildReport) -> RebuildReport:
        entry = HistoryEntry(
            outcome=outcome,
            index=report.index,
            previous=report.previous,
            bundle=self._bundle(),
            encoder=Path(self.spec.model).name,
            seconds=report.seconds,
            items_per_s=report.items_per_s,
            rows=report.rows,
            items=report.items,
            rejects=report.rejects,
            count=report.count,
            reused=report.reused,
            encoded=report.encoded,
            carried=report.carried,
            checks_passed=sum(check.passed is True for check in report.checks),
            checks_failed=[check.name for check in report.checks if check.passed is False],
            reasons=[check.line for check in report.checks if check.passed is False],
        )
        self._write_down(entry)
        return report

    def _write_down(self, entry: HistoryEntry) -> None:
        if self.context.keeps_history:
            write_down(self.context.client, self.context.names, entry)

    def _bundle(self) -> str | None:
        try:
            return of_name(self.context.client, self.context.names, self.index).bundle
        except (LiveIntentError, OpenSearchException):  # the index is swapped in all the same
            return None

    def _ended(self, outcome: Outcome, begun: float, reasons: list[str], failed: list[str]) -> None:
        entry = HistoryEntry(
            outcome=outcome,
            index=self.index,
            encoder=Path(self.spec.model).name,
            seconds=time.monotonic() - begun,
            rows=self.surveyed.rows,
            items=self.surveyed.items,
            rejects=self.surveyed.rejects,
            checks_failed=failed,
            reasons=reasons,
        )
        self._write_down(entry)
