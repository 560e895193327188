"""The commands `live-intent index`: rebuild, upsert, delete, status, rollback."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from indexer.columns import ColumnMap
    from indexer.rebuild import RebuildReport
    from indexer.updates import UpdateReport

Command = TypeVar("Command", bound=Callable[..., Any])


def _options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


cluster_options = _options(
    click.option("--url", help="Address of the cluster [LIVE_INTENT_OPENSEARCH_URL]."),
    click.option("--prefix", help="Prefix of every name [LIVE_INTENT_INDEX_PREFIX]."),
)
catalogue_options = _options(
    click.argument("catalogue", metavar="CATALOGUE"),
    click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Which column gives a field: title=name, attributes.colour=color. Repeatable; "
        "several columns of one field are joined, of category they are the path.",
    ),
    click.option(
        "--mapping",
        "mapping_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A TOML file with tables [fields] and [constants], and ignore, category_separator, "
        "format, delimiter, escape.",
    ),
    click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave a column out."),
    click.option("--category-separator", help="Between the parts of a category path [' > ']."),
    click.option(
        "--format",
        "file_format",
        type=click.Choice(["auto", "jsonl", "csv"]),
        default="auto",
        show_default=True,
        help="What the catalogue is; gzip is recognised.",
    ),
    click.option(
        "--rejects",
        "rejects_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where bad rows go, as JSON lines [<catalogue>.rejects.jsonl in this folder].",
    ),
    click.option(
        "--max-rejects",
        metavar="N|N%",
        help="Stop, with nothing written, at more bad rows than that [LIVE_INTENT_MAX_REJECTS].",
    ),
)
encoder_options = _options(
    click.option("--encoder", help="Model: a short name, a folder, a name [LIVE_INTENT_ENCODER]."),
    click.option(
        "--layout",
        type=click.Choice(["sum", "concat"]),
        help="Layout of item vectors [LIVE_INTENT_LAYOUT].",
    ),
)
output_options = _options(
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
    click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
)


@click.group()
def index() -> None:
    """Put items into OpenSearch as searchable vectors."""


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
@click.option("--merge", is_flag=True, help="Merge into one segment: slower now, k-NN quicker.")
@click.option("--dry-run", is_flag=True, help="Only read and check the catalogue.")
@cluster_options
@output_options
def rebuild(
    catalogue: str,
    analyzer: str | None,
    encoder: str | None,
    layout: str | None,
    keep: int | None,
    stale_after: float | None,
    merge: bool,
    dry_run: bool,
    url: str | None,
    prefix: str | None,
    quiet: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Make a new index from CATALOGUE and move the alias to it.

    CATALOGUE is a file of JSON lines or CSV, gzip or not; `-` is standard input. The live index
    stays as it is until the new one is filled and checked, and is kept after that.
    """
    from indexer.interruption import stopped_by_signals
    from indexer.progress import for_terminal
    from indexer.reports import as_json_text, rebuild_lines, survey_lines
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(
        IndexSettings,
        analyzer=analyzer,
        keep_indexes=keep,
        stale_after_hours=stale_after,
        max_rejects=reading.pop("max_rejects"),
    )
    mapping, rejects_file = _reading(catalogue, reading)
    progress = for_terminal(quiet)
    if dry_run:
        from indexer.survey import survey_file

        surveyed = survey_file(
            catalogue, mapping, reading["file_format"], settings, rejects_file, progress
        )
        click.echo("\n".join(survey_lines(surveyed)))
        return
    with _Cluster(url, prefix) as cluster, stopped_by_signals(cluster.where_the_alias_is):
        from indexer.rebuild import rebuild as run

        report: RebuildReport = run(
            cluster.client,
            cluster.names,
            _load_encoder(encoder, layout),
            catalogue,
            settings,
            cluster.settings.bundles_dir,
            progress=progress,
            mapping=mapping,
            file_format=reading["file_format"],
            rejects_file=rejects_file,
            merge=merge,
        )
    if as_json:
        click.echo(as_json_text(report))
    else:
        click.echo("\n".join(rebuild_lines(report, cluster.names.items)))


@index.command()
@catalogue_options
@encoder_options
@cluster_options
@output_options
def upsert(
    catalogue: str,
    encoder: str | None,
    layout: str | None,
    url: str | None,
    prefix: str | None,
    quiet: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Put the items of CATALOGUE into the live index, new or in place of what is there."""
    from indexer.progress import for_terminal
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings, max_rejects=reading.pop("max_rejects"))
    mapping, rejects_file = _reading(catalogue, reading)
    with _Cluster(url, prefix) as cluster:
        from indexer.updates import upsert_file

        report, surveyed = upsert_file(
            cluster.client,
            cluster.names,
            lambda: _load_encoder(encoder, layout),
            catalogue,
            settings,
            cluster.settings.bundles_dir,
            mapping=mapping,
            file_format=reading["file_format"],
            rejects_file=rejects_file,
            progress=for_terminal(quiet),
        )
    _tell_update(report, "upserted", as_json)
    if surveyed.rejects and not as_json:
        click.echo(f"{surveyed.rejects} bad rows are in {surveyed.rejects_file}", err=True)


@index.command()
@click.argument("ids", nargs=-1, metavar="ITEM_ID...")
@click.option("--file", "file", type=click.File("r", encoding="utf-8"), help="One id a line; -.")
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def delete(
    ids: tuple[str, ...], file: Any, url: str | None, prefix: str | None, as_json: bool
) -> None:
    """Delete items from the live index (and from one that is being filled)."""
    chosen = list(dict.fromkeys(ids))
    if file is not None:
        chosen = list(dict.fromkeys([*chosen, *filter(None, (line.strip() for line in file))]))
    if not chosen:
        raise click.UsageError("name item ids, or a file of them with --file")
    from indexer.settings import IndexSettings
    from plugin_config.settings import load

    settings = load(IndexSettings)
    with _Cluster(url, prefix) as cluster:
        from indexer.updates import delete as run

        report = run(cluster.client, cluster.names, chosen, settings)
    _tell_update(report, "deleted", as_json)


@index.command()
@cluster_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(url: str | None, prefix: str | None, as_json: bool) -> None:
    """Show the live index, earlier ones, and one that is being filled."""
    from indexer.reports import as_json_text, status_lines
    from indexer.status import read_status

    with _Cluster(url, prefix) as cluster:
        found = read_status(cluster.client, cluster.names, cluster.settings.bundles_dir)
    click.echo(as_json_text(found) if as_json else "\n".join(status_lines(found)))


@index.command()
@click.option("--to", metavar="INDEX", help="That index, instead of the newest earlier one.")
@cluster_options
def rollback(to: str | None, url: str | None, prefix: str | None) -> None:
    """Move the alias back to an earlier index."""
    with _Cluster(url, prefix) as cluster:
        from indexer.swap import roll_back

        left, chosen = roll_back(cluster.client, cluster.names, to)
        bundle = cluster.settings.bundles_dir / str(chosen.meta.get("bundle", chosen.index))
    click.echo(f"{cluster.names.items} -> {chosen.index} (was {left.index})")
    click.echo(
        f"Items changed since {left.created_at:%Y-%m-%d %H:%M} UTC are as {chosen.index} has them."
        f" Back again: live-intent index rollback --to {left.index}"
    )
    if not bundle.is_dir():
        click.echo(f"Its model bundle is not here ({bundle}): the service needs it.", err=True)


class _Cluster:
    """Settings, names and a client that has been heard of; errors of the cluster put plainly."""

    def __init__(self, url: str | None, prefix: str | None) -> None:
        from plugin_config.client import connect, ping_or_raise
        from plugin_config.schema import IndexNames
        from plugin_config.settings import ClusterSettings, load

        self.settings = load(ClusterSettings, opensearch_url=url, index_prefix=prefix)
        self.names = IndexNames(self.settings.index_prefix)
        self.client = connect(self.settings)
        ping_or_raise(self.client)

    def where_the_alias_is(self) -> str:
        """What a user wants to know after an interruption."""
        from indexer.generations import live_generation

        try:
            live = live_generation(self.client, self.names)
        except Exception:
            return "the cluster does not answer; see live-intent index status"
        return (
            f"{self.names.items} points at {live.index}"
            if live
            else f"there is no {self.names.items} index yet"
        )

    def __enter__(self) -> "_Cluster":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from opensearchpy.exceptions import ConnectionError as NoConnection
        from opensearchpy.exceptions import TransportError

        from plugin_config.errors import ClusterUnavailable, LiveIntentError

        if isinstance(error, NoConnection):
            raise ClusterUnavailable(
                f"OpenSearch stopped answering ({error.error}). When it is back, see "
                "live-intent index status and run the command again."
            ) from error
        if isinstance(error, TransportError):
            raise LiveIntentError(
                f"OpenSearch refuses a request: HTTP {error.status_code}, {error.error}"
            ) from error


def _load_encoder(encoder: str | None, layout: str | None) -> Any:
    from indexer.encoder import Encoder
    from indexer.settings import EncoderSettings
    from plugin_config.settings import load

    return Encoder.load(load(EncoderSettings, encoder=encoder, layout=layout))


def _reading(catalogue: str, reading: dict[str, Any]) -> tuple["ColumnMap", Path]:
    """The column mapping and the rejects file that the catalogue options name."""
    from indexer.columns import ColumnMap
    from plugin_config.errors import SettingsError

    mapping = ColumnMap.parse(
        reading["columns"],
        reading["mapping_file"],
        reading["ignore"],
        category_separator=reading["category_separator"],
    )
    source = Path("stdin" if catalogue == "-" else catalogue)
    rejects: Path = reading["rejects_file"] or Path(f"{source.name}.rejects.jsonl")
    if rejects.exists() and source.exists() and rejects.samefile(source):
        raise SettingsError(f"--rejects {rejects} is the catalogue itself: name another file")
    return mapping, rejects


def _tell_update(report: "UpdateReport", word: str, as_json: bool) -> None:
    from indexer.reports import as_json_text, update_lines

    click.echo(as_json_text(report) if as_json else "\n".join(update_lines(report, word)))
