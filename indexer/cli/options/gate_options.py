"""The options of a rebuild that say how the gate looks, and the gate that they make."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plugin_config.option_groups import option_group

if TYPE_CHECKING:
    from indexer.gate.comparison import Comparison
    from indexer.gate.gate import Gate
    from indexer.gate.replay import SearchTools

shadow_report = click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="The comparison as a page, too.",
)


@dataclass(frozen=True)
class GateOptions:
    """How the gate looks at a new index.

    `judgments`: a file of judged queries; None: the setting. `shadow`: recent queries to ask of
    both indexes; None: none. `report_file`: where their comparison goes as a page. `force_swap`:
    the alias moves even to an index that is refused.
    """

    judgments: Path | None
    shadow: int | None
    report_file: Path | None
    force_swap: bool

    def gate(self, make_tools: "Callable[[], SearchTools] | None", as_json: bool) -> "Gate":
        """The gate of these options.

        Judgments are read, and the report's file is tried, before any long work. Raises
        SettingsError, DatasetError.
        """
        from indexer.gate.gate import Gate
        from indexer.gate.settings import GateSettings
        from plugin_config.settings import load

        settings = load(GateSettings, gate_judgments=self.judgments)
        tools = make_tools() if make_tools else None
        judgments, shadow = settings.gate_judgments, self.shadow or 0
        if self.report_file is not None and not shadow:
            raise click.UsageError("--report is the page of --shadow N: name that too")
        check_report(self.report_file)
        judged = tools.judged(judgments) if tools and judgments else None
        show = shown_comparison(self.report_file, as_json)
        return Gate(settings, tools, judged, shadow, show, self.force_swap)


gate_options = option_group(
    "gate",
    GateOptions,
    click.option(
        "--judgments",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Judged queries (query, item_id, grade) that the new index must answer as well as "
        "the live one [LIVE_INTENT_GATE_JUDGMENTS].",
    ),
    click.option(
        "--shadow",
        type=click.IntRange(1, 10_000),
        metavar="N",
        help="Ask N recent queries of the live and of the new index, and show what differs.",
    ),
    shadow_report,
    click.option(
        "--force-swap",
        is_flag=True,
        help="Move the alias even if the gate refuses the new index; what failed is said.",
    ),
)


def check_report(report_file: Path | None) -> None:
    """Raises SettingsError where the report could not be written."""
    from plugin_config.errors import SettingsError

    if report_file is not None and not report_file.absolute().parent.is_dir():
        raise SettingsError(f"--report {report_file}: there is no folder {report_file.parent}")


def shown_comparison(report_file: Path | None, as_json: bool) -> "Callable[[Comparison], None]":
    """Prints a comparison (on standard error beside JSON), and writes it as a page."""

    def show(comparison: "Comparison") -> None:
        from indexer.gate.page import write_page
        from indexer.gate.table import table_lines

        click.echo("\n".join(table_lines(comparison)), err=as_json)
        if report_file is not None:
            write_page(comparison, report_file)
            click.echo(f"the page: {report_file}", err=as_json)

    return show
