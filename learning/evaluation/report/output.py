"""The destinations of a report: the terminal, as a table or JSON, and a folder with a page."""

from dataclasses import dataclass, replace
from pathlib import Path

import click

from learning.evaluation.report import page
from learning.evaluation.report.baseline import Baseline
from learning.evaluation.report.report import Report, as_json, as_table


@dataclass(frozen=True)
class Output:
    """The options --json, --report and --baseline."""

    as_json: bool = False
    directory: Path | None = None
    baseline: Baseline | None = None

    @classmethod
    def checked(cls, as_json: bool, directory: Path | None, baseline: Path | None) -> "Output":
        """Checks folder and baseline before the work begins. Raises SettingsError, DatasetError."""
        if directory is not None:
            page.check_directory(directory)
        return cls(as_json, directory, Baseline.read(baseline) if baseline else None)

    def write(self, report: Report) -> None:
        """Writes and prints the report; exits with status 1 when an answer lacked a part.

        Raises DatasetError when the baseline asked other queries.
        """
        if self.baseline:
            self.baseline.check(report.task, report.rankings)
            report = replace(report, baseline=self.baseline)
        if self.directory is not None:
            page.write_report(report, self.directory)
        click.echo(as_json(report) if self.as_json else as_table(report))
        if report.degraded:
            # Figures of answers that lack a part are no figures of this system.
            raise click.exceptions.Exit(1)
