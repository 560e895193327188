"""Upserts and changes of the live index from a file of items."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from indexer.catalogue.changes.dead_letters import DeadLetter, DeadLetterFile
from indexer.catalogue.changes.feed_lines import update_lines, upsert_line
from indexer.catalogue.changes.item_changes import (
    ChangesSurvey,
    change_windows,
    joined,
    survey_changes,
)
from indexer.catalogue.items import item_windows
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.rejects import RejectLimit
from indexer.catalogue.survey.survey import Survey, check_unchanged, survey
from indexer.index.bulk.refused_items import Entry, send_accepted
from indexer.index.context import IndexContext
from indexer.index.generations import live_generation, refuse_taken_alias
from indexer.index.live.updates import LoadEncoder, UpdateReport, now_ms, update, upsert

_AGAIN = "What was read is written: run it again when nobody writes to the file; that is safe."


def upsert_source(
    context: IndexContext,
    load_encoder: LoadEncoder,
    source: CatalogueSource,
    dead_letters: DeadLetterFile | None = None,
) -> tuple[UpdateReport, Survey]:
    """Upserts every item of a catalogue, after all of it was read and checked.

    Items that the cluster refuses go to `dead_letters`; without, they are an error. The live index
    says which attributes are public. Raises as `upsert` and `survey` do, and
    CatalogueError at the end when the file changed meanwhile.
    """
    load_encoder, source = cache(load_encoder), _with_public_attributes(context, source)
    with source.open() as catalogue:
        surveyed = survey(
            catalogue,
            rejects_file=source.rejects_file,
            limit=RejectLimit.parse(context.settings.max_rejects),
            sample_items=1,
            progress=context.progress,
            whole=False,
        )
        total = UpdateReport()
        context.progress.start("index", surveyed.items)
        read = 0
        for items in item_windows(catalogue, context.settings.fill_window):
            sent = _sent(partial(upsert, context, load_encoder), items, upsert_line, dead_letters)
            total = total.plus(sent)
            read += len(items)
            context.progress.advance(len(items))
        context.progress.close()
        check_unchanged(catalogue, surveyed.items, read, _AGAIN)
    return total, surveyed


def update_source(
    context: IndexContext,
    load_encoder: LoadEncoder,
    source: CatalogueSource,
    dead_letters: DeadLetterFile | None = None,
) -> tuple[UpdateReport, ChangesSurvey]:
    """Changes items as a file's rows say, after all of it was read and checked.

    Changes that the cluster refuses go to `dead_letters`; without, they are an error. Raises as
    `update` and `survey_changes` do.
    """
    refuse_taken_alias(context.client, context.names)
    load_encoder, source = cache(load_encoder), _with_public_attributes(context, source)
    source = replace(source, mapping=replace(source.mapping, partial=True))
    with source.open() as catalogue:
        surveyed = survey_changes(
            catalogue,
            rejects_file=source.rejects_file,
            limit=RejectLimit.parse(context.settings.max_rejects),
            progress=context.progress,
        )
        total = UpdateReport()
        context.progress.start("change", surveyed.items)
        read = 0
        for changes in change_windows(catalogue, context.settings.fill_window):
            send = partial(update, context, load_encoder)
            total = total.plus(_sent(send, joined(changes), update_lines, dead_letters))
            read += len(changes)
            context.progress.advance(len(changes))
        context.progress.close()
        check_unchanged(catalogue, surveyed.items, read, _AGAIN)
    return total, surveyed


def _sent(
    send: Callable[[Sequence[Entry]], UpdateReport],
    entries: Sequence[Entry],
    lines: Callable[[Entry, int], list[bytes]],
    dead_letters: DeadLetterFile | None,
) -> UpdateReport:
    """The report on entries of which refused ones become `lines` in the file of dead letters."""
    if dead_letters is None:
        return send(entries)
    now = now_ms()
    report, refused = send_accepted(send, entries, UpdateReport())
    dead_letters.add(
        [
            DeadLetter(line, refused[each.item_id])
            for each in entries
            if each.item_id in refused
            for line in lines(each, now)
        ]
    )
    return replace(report, refused=refused)


def _with_public_attributes(context: IndexContext, source: CatalogueSource) -> CatalogueSource:
    """The source, read with the public attributes of the live index."""
    live = live_generation(context.client, context.names)
    if live is None:
        return source
    return replace(source, mapping=replace(source.mapping, public=live.attributes.public))
