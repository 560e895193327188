"""Where a report goes: the terminal, as a table or JSON, and a folder with a page."""

from dataclasses import dataclass, replace
from pathlib import Path

import click

from learning.evaluation.report import page
from learning.evaluation.report.baseline import Baseline
from learning.evaluation.report.report import Report, as_json, as_table


@dataclass(frozen=True)
class Output:
    """What the options --json, --report and --baseline ask for."""

    as_json: bool = False
    directory: Path | None = None
    baseline: Baseline | None = None

    @classmethod
    def ready(cls, as_json: bool, directory: Path | None, baseline: Path | None) -> "Output":
        """Checks both before the work begins. Raises SettingsError, DatasetError."""
        if directory is not None:
            page.ready(directory)
        return cls(as_json, directory, Baseline.read(baseline) if baseline else None)

    def tell(self, report: Report) -> None:
        """Writes and prints the report; ends with status 1 when an answer lacked a part.

        Raises DatasetError when the baseline asked other queries.
        """
        if self.baseline:
            self.baseline.check(report.task, report.rows)
            report = replace(report, baseline=self.baseline)
        if self.directory is not None:
            page.write_report(report, self.directory)
        click.echo(as_json(report) if self.as_json else as_table(report))
        if not report.whole:
            # Figures of answers that lack a part are no figures of this system.
            raise click.exceptions.Exit(1)
