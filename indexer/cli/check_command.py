"""The command `live-intent index check`: a report on a catalogue file, without a cluster."""

from dataclasses import replace

import click

from indexer.cli.options.catalogue_options import CatalogueOptions, catalogue_options
from indexer.cli.options.shared_options import facet_option, output_options


@click.command()
@catalogue_options
@facet_option
@output_options
def check(catalogue: CatalogueOptions, facets: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Report on CATALOGUE without a cluster: what it is, its fields and attributes, bad rows.

    Every row is read, however many are bad. The exit code is 2 where there is nothing to index.
    """
    from indexer.catalogue.check.report import check_source
    from indexer.cli.reports import output
    from indexer.progress import for_terminal
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(
        IndexSettings, max_rejects=catalogue.max_rejects, facets=",".join(facets) or None
    )
    source = catalogue.source(settings.public_attributes)
    source = replace(source, rejects_file=catalogue.rejects_file)
    report = check_source(source, settings, for_terminal(quiet))
    click.echo(output(report, report.lines(), as_json))
    if report.problem:
        raise SystemExit(2)
