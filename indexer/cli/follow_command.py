"""The command `live-intent index follow`: a change feed into the live index."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.cluster_session import ClusterSession
from indexer.cli.options.catalogue_options import MappingOptions, mapping_options
from indexer.cli.options.encoder_options import EncoderOptions, encoder_options
from indexer.cli.options.shared_options import dead_letters_option, output_options
from plugin_config.connection.cluster_address import ClusterAddress, cluster_options

if TYPE_CHECKING:
    from indexer.change_feed.feed_report import FeedReport
    from indexer.change_feed.follower import LineSource
    from indexer.change_feed.position import Position, PositionFile
    from indexer.progress import Progress

DEAD_LETTERS = 7  # exit code; the other lines are applied


@click.command()
@click.argument("feed", metavar="FEED")
@mapping_options
@encoder_options
@click.option("--until-end", is_flag=True, help="Stop at the file's end (for cron).")
@click.option("--from-start", is_flag=True, help="Read the file again from its start.")
@dead_letters_option
@click.option(
    "--ignore-missing",
    is_flag=True,
    help="Only count updates of items that are not in the index; no dead letters.",
)
@click.option(
    "--batch-lines", type=int, help="Most lines in a batch [LIVE_INTENT_FEED_BATCH_LINES]."
)
@click.option(
    "--wait-ms", type=int, help="Time in which a batch may fill up [LIVE_INTENT_FEED_WAIT_MS]."
)
@cluster_options
@output_options
def follow(
    *,
    feed: str,
    mapping: MappingOptions,
    encoder: EncoderOptions,
    until_end: bool,
    from_start: bool,
    dead_letters: Path | None,
    ignore_missing: bool,
    batch_lines: int | None,
    wait_ms: int | None,
    address: ClusterAddress,
    quiet: bool,
    as_json: bool,
) -> None:
    """Keep the live index current with the changes in FEED, which may grow; - is standard input.

    FEED has a JSON object a line: op (upsert, update or delete), item_id, version or time, and the
    item's fields. A change that is older than what the index has of its
    item is skipped. The same command goes on where it was, also after kill -9. During a rebuild
    both indexes get the changes. SIGTERM and Ctrl-C end it after the batch under way.
    """
    import json
    from dataclasses import replace
    from functools import cache, partial

    from indexer.catalogue.changes.dead_letters import DeadLetterFile, letters_of
    from indexer.change_feed.change import ChangeReader
    from indexer.change_feed.feed_report import FeedReport
    from indexer.change_feed.follower import Feed, Follower
    from indexer.index.bulk_pace import BulkPace
    from indexer.index.generations import NoItemsIndex, live_generation
    from indexer.progress import Lines
    from indexer.settings import FeedSettings, IndexSettings
    from plugin_config.errors import SettingsError
    from plugin_config.settings import load

    settings = load(FeedSettings, feed_batch_lines=batch_lines, feed_wait_ms=wait_ms)
    index_settings = load(IndexSettings)
    columns = mapping.column_map(index_settings.public_attributes)
    name = "stdin" if feed == "-" else Path(feed).name
    letters = dead_letters or Path(letters_of(name))
    if letters.absolute() == Path(feed).absolute():
        raise SettingsError(f"--dead-letters {letters} is the feed itself: name another file")
    progress = Lines(quiet)
    with ClusterSession(address) as cluster, stop_event() as (stop, signals):
        cluster.begin_writing(quiet=quiet)
        live = live_generation(cluster.client, cluster.names)
        if live is None:
            raise NoItemsIndex(cluster.names.no_items)
        columns = replace(columns, public=live.attributes.public)
        source, positions, start = _source(feed, cluster, progress, until_end, from_start)
        report = FeedReport(
            name if feed == "-" else feed,
            line=start.line,
            position=start.offset,
            behind_bytes=source.behind,
        )
        follower = Follower(
            replace(cluster.index_context(index_settings, progress), pace=BulkPace(stop)),
            cache(partial(encoder.load_when_needed, progress)),
            Feed(
                source,
                ChangeReader(columns),
                DeadLetterFile(letters, name),
                positions,
                patient=not until_end,
                ignore_missing=ignore_missing,
            ),
            settings,
        )

        def show(report: "FeedReport") -> None:
            if not quiet:
                line = json.dumps(report.numbers()) if as_json else report.text()
                click.echo(line, err=True)

        try:
            follower.run(report, stop, show)
        finally:
            show(report)
        click.echo(json.dumps(report.numbers(), indent=2) if as_json else report.text())
        if report.dead_letters and not as_json:
            again = f"live-intent index follow --until-end {letters}"
            click.echo(f"{report.dead_letters} lines are in {letters}; again: {again}", err=True)
    if signals:
        sys.exit(128 + signals[0])
    if until_end and report.dead_letters:
        sys.exit(DEAD_LETTERS)


@contextmanager
def stop_event() -> Iterator[tuple[threading.Event, list[int]]]:
    """An event that SIGTERM and Ctrl-C set, and the signals that came."""
    stop, signals = threading.Event(), list[int]()

    def on_signal(number: int, _: object) -> None:
        signals.append(number)
        stop.set()

    before = {each: signal.signal(each, on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _source(
    feed: str, cluster: ClusterSession, progress: "Progress", until_end: bool, from_start: bool
) -> "tuple[LineSource, PositionFile | None, Position]":
    """The lines of the feed from where it was, where its position is kept, and the position."""
    from indexer.catalogue.files.rows import CatalogueError
    from indexer.change_feed.followed_file import FollowedFile
    from indexer.change_feed.line_stream import LineStream
    from indexer.change_feed.position import Position, PositionFile

    path = Path(feed)
    if feed == "-":
        if sys.stdin is None:
            raise CatalogueError("- is standard input, which is closed: name a file")
        return LineStream(sys.stdin.buffer), None, Position()
    if path.is_fifo():  # opened without waiting for its writer, so that a signal can end it
        pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        return LineStream(os.fdopen(pipe, "rb")), None, Position()
    if path.is_dir():
        raise CatalogueError(f"{feed} is a folder: name a file of JSON lines")
    uuid = cluster.client.info()["cluster_uuid"]
    positions = PositionFile(cluster.settings.state_dir, path, f"{uuid} {cluster.names.items}")
    kept = None if from_start else positions.load()
    source = FollowedFile(path, kept, progress.note, until_end=until_end)
    start = source.position
    if start.line:
        progress.note(f"{feed}: going on after line {start.line} (byte {start.offset})")
    return source, positions, start
