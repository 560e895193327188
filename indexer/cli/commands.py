"""The commands `live-intent index`: from a catalogue to an index, and its changes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from indexer.cli.check_command import check
from indexer.cli.cluster_session import ClusterSession
from indexer.cli.compare_command import compare
from indexer.cli.follow_command import follow
from indexer.cli.options.catalogue_options import CatalogueOptions, catalogue_options
from indexer.cli.options.encoder_options import EncoderOptions, encoder_options
from indexer.cli.options.gate_options import GateOptions, gate_options
from indexer.cli.options.shared_options import (
    dead_letters_option,
    facet_option,
    option_time,
    output_options,
)
from indexer.cli.rebuild_beginning import kept_beginning, refuse_time_to_come
from indexer.cli.suggestions_command import make_after_rebuild, suggestions
from indexer.cli.swap_commands import activate, discard, rollback
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.catalogue.changes.item_changes import ChangesSurvey
    from indexer.catalogue.survey.survey import Survey
    from indexer.gate.replay import SearchTools
    from indexer.index.live.updates import UpdateReport

Read = TypeVar("Read", "Survey", "ChangesSurvey")


@click.group()
def index() -> None:
    """Put items into OpenSearch as searchable vectors."""


for command in (check, follow, suggestions, compare, rollback, activate, discard):
    index.add_command(command)


@index.command()
@catalogue_options
@click.option("--analyzer", help="Analyzer of the items' texts [LIVE_INTENT_ANALYZER].")
@encoder_options
@click.option("--keep", type=int, help="Earlier indexes to keep [LIVE_INTENT_KEEP_INDEXES].")
@click.option(
    "--stale-after",
    type=float,
    metavar="HOURS",
    help="Discard another machine's half-made index older than that "
    "[LIVE_INTENT_STALE_AFTER_HOURS].",
)
@facet_option
@click.option(
    "--merge/--no-merge",
    default=None,
    help="Merge into one segment: slower now, searches quicker [up to 200,000 items].",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Encode on the machines of a Ray cluster: HOST:PORT, ray://HOST:PORT, auto, local "
    "[LIVE_INTENT_RAY].",
)
@click.option("--fresh", is_flag=True, help="Encode every item; take no vectors over.")
@gate_options
@click.option(
    "--as-of",
    metavar="TIME",
    help="When CATALOGUE was exported; live writes since then win over it [default: now].",
)
@click.option("--dry-run", is_flag=True, help="Only read and check the catalogue.")
@cluster_options
@output_options
@click.pass_obj
def rebuild(
    make_tools: "Callable[[], SearchTools] | None",
    /,
    *,
    catalogue: CatalogueOptions,
    analyzer: str | None,
    encoder: EncoderOptions,
    keep: int | None,
    stale_after: float | None,
    facets: tuple[str, ...],
    merge: bool | None,
    ray: str | None,
    fresh: bool,
    gate: GateOptions,
    as_of: str | None,
    dry_run: bool,
    address: ClusterAddress,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make a new index from CATALOGUE and move the alias to it.

    CATALOGUE is a file of JSON lines, CSV or Parquet, a product export of Shopify or WooCommerce,
    or a feed of Google Merchant, gzip or not; `-` is standard input. The live index stays as it is
    until the new one is filled and checked, and is kept after that. Items whose text did not change
    keep their vectors. An index that fails a check of the gate is kept too, beside the alias.
    """
    from indexer.cli.interruption import stopped_by_signals
    from indexer.cli.reports import output, rebuild_lines, survey_lines
    from indexer.progress import for_terminal
    from indexer.settings import IndexSettings, RaySettings
    from plugin_config.quantization import quantization_of
    from plugin_config.settings import load

    ray_settings = load(RaySettings, ray=ray)
    settings = load(
        IndexSettings,
        analyzer=analyzer,
        keep_indexes=keep,
        stale_after_hours=stale_after,
        max_rejects=catalogue.max_rejects,
        facets=",".join(facets) or None,
    )
    exported_at = option_time(as_of, "--as-of")
    refuse_time_to_come(exported_at)
    quantization_of(settings.quantization, settings.engine)  # refused before anything is read
    before_swap = gate.gate(make_tools, as_json)
    source = catalogue.source(settings.public_attributes)
    progress = for_terminal(quiet)
    if dry_run:
        from indexer.catalogue.survey.survey import survey_source

        click.echo("\n".join(survey_lines(survey_source(source, settings, progress), settings)))
        return
    with ClusterSession(address) as cluster, stopped_by_signals(cluster.where_the_alias_is):
        from indexer.index.rebuilding.rebuild import rebuild as run

        cluster.begin_writing(quiet=quiet)
        context = cluster.index_context(settings, progress)
        # It begins before the seconds that the encoder takes to load.
        with kept_beginning(cluster, context, catalogue.catalogue, exported_at) as beginning:
            with encoder.for_rebuild(ray_settings, progress) as model:
                report = run(
                    context, model, source,
                    merge=merge, fresh=fresh, keep_unchanged=not before_swap.shadow,
                    beginning=beginning, before_swap=before_swap,
                )  # fmt: skip
            click.echo(output(report, rebuild_lines(report, cluster.names.items), as_json))
            make_after_rebuild(context, as_json)


@index.command()
@catalogue_options
@encoder_options
@dead_letters_option
@cluster_options
@output_options
def upsert(as_json: bool, **options: Any) -> None:
    """Put the items of CATALOGUE into the live index, new or in place of what is there.

    A field that a row lacks is gone afterwards, and the report says so; to change some fields only:
    live-intent index update.
    """
    from indexer.catalogue.survey.attribute_report import private_lines
    from indexer.cli.reports import output, update_lines, value_lines
    from indexer.index.live.source_updates import upsert_source

    report, surveyed = _write_source(upsert_source, **options)
    click.echo(output(report, update_lines(report, "upserted"), as_json))
    _report_bad_rows(surveyed, as_json)
    private = private_lines(surveyed.notes.private)
    unread = value_lines(surveyed.notes.unread, surveyed.notes.overruled)
    for line in (*surveyed.reading.lines(), *private, *unread):
        click.echo(line, err=True)
    exit_with_refused(report)


@index.command()
@catalogue_options
@encoder_options
@dead_letters_option
@cluster_options
@output_options
def update(as_json: bool, **options: Any) -> None:
    """Change the fields that CATALOGUE gives, of items in the live index, and no others.

    CATALOGUE has the item_id and some columns: price and available, say. A blank value removes the
    field. An item that is not in the index is reported and not made.
    """
    from indexer.cli.reports import changes_lines, output
    from indexer.index.live.source_updates import update_source

    report, surveyed = _write_source(update_source, **options)
    click.echo(output(report, changes_lines(report, surveyed), as_json))
    _report_bad_rows(surveyed, as_json)
    exit_with_refused(report)


@index.command()
@click.argument("ids", nargs=-1, metavar="ITEM_ID...")
@click.option("--file", "file", type=click.File("r", encoding="utf-8"), help="One id a line; -.")
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def delete(ids: tuple[str, ...], file: Any, address: ClusterAddress, as_json: bool) -> None:
    """Delete items from the live index (and from one that is being filled)."""
    item_ids = list(dict.fromkeys([*ids, *filter(None, (line.strip() for line in file or ()))]))
    if not item_ids:
        raise click.UsageError("name item ids, or a file of them with --file")
    from indexer.cli.reports import output, update_lines
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings)
    with ClusterSession(address) as cluster:
        from indexer.index.live.updates import delete as run

        cluster.begin_writing()
        report = run(cluster.index_context(settings), item_ids)
    click.echo(output(report, update_lines(report, "deleted"), as_json))


@index.command()
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(address: ClusterAddress, as_json: bool) -> None:
    """Show the live index, earlier ones, and one that is being filled."""
    from indexer.cli.reports import output, status_lines
    from indexer.cli.status import read_status

    with ClusterSession(address) as cluster:
        report = read_status(cluster.client, cluster.names, cluster.settings.bundles_dir)
    click.echo(output(report, status_lines(report), as_json))


def _write_source(
    run: "Callable[..., tuple[UpdateReport, Read]]",
    *,
    catalogue: CatalogueOptions,
    encoder: EncoderOptions,
    address: ClusterAddress,
    quiet: bool,
    dead_letters: Path | None,
) -> "tuple[UpdateReport, Read]":
    """What `run` returns for a catalogue and the live index; the model is loaded if it needs it."""
    from indexer.catalogue.changes.dead_letters import DeadLetterFile
    from indexer.progress import for_terminal
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings, max_rejects=catalogue.max_rejects)
    source = catalogue.source(settings.public_attributes)
    with ClusterSession(address) as cluster:
        cluster.begin_writing(quiet=quiet)
        context = cluster.index_context(settings, for_terminal(quiet))
        letters = DeadLetterFile(
            dead_letters or Path(f"{catalogue.name}.dead.jsonl"), catalogue.name
        )
        return run(context, encoder.load, source, letters)


def exit_with_refused(report: "UpdateReport") -> None:
    """Exits with 7 where the cluster refused items; the report has said which."""
    if report.refused:
        from indexer.index.bulk.bulk_request import BulkError

        sys.exit(BulkError.exit_code)


def _report_bad_rows(surveyed: "Survey | ChangesSurvey", as_json: bool) -> None:
    if surveyed.rejects and not as_json:
        click.echo(f"{surveyed.rejects} bad rows are in {surveyed.rejects_file}", err=True)
