"""Indexes that rebuilds left half made: which one a rebuild goes on with, and which it discards."""

import hashlib
import json
import socket
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from opensearchpy.exceptions import NotFoundError

from indexer.catalogue.survey.survey import Survey
from indexer.index.construction import discard, under_way
from indexer.index.context import IndexContext
from indexer.index.generations import (
    READY,
    REFUSED,
    Generation,
    generations,
    refuse_taken_alias,
)
from indexer.index.owner import Owner
from plugin_config.errors import LiveIntentError
from plugin_config.schema import META

INPUT = "input"  # in `_meta`: the fingerprint of what an index is made from
# The part of `_meta` that differs between two rebuilds from the same input.
_OF_ONE_REBUILD = (
    "bundle", "created_at", "version", "beginning", INPUT,
    *(field.name for field in fields(Owner)),
)  # fmt: skip


class HalfMadeClosed(LiveIntentError):
    """Somebody closed the half-made index of a rebuild."""

    exit_code = 4


def dead_rebuilds(context: IndexContext) -> list[Generation]:
    """The half-made indexes of rebuilds that are known to be dead.

    Raises:
        RebuildUnderWay: another rebuild is alive, or may be: it runs on another host and is
            younger than the setting `stale_after_hours`.
        HalfMadeClosed: somebody closed the index of one.
        AliasTaken, ForeignIndex: an alias is an index, or points at one that we did not make.
    """
    stale_after_hours = context.settings.stale_after_hours
    refuse_taken_alias(context.client, context.names)
    dead, known = [], generations(context.client, context.names)
    _refuse_closed(context, known)
    for half_made in known:
        finished = half_made.state in (READY, REFUSED) and not half_made.building
        if half_made.live or finished:
            continue
        owner = half_made.owner
        stale = owner.host != socket.gethostname() and half_made.age_s > stale_after_hours * 3600
        if owner.is_dead() or stale:
            dead.append(half_made)
        elif half_made.building:
            raise under_way(half_made, stale_after_hours)
    return dead


def _refuse_closed(context: IndexContext, known: list[Generation]) -> None:
    """Raises HalfMadeClosed. A closed index is none of `known`, but stays behind its alias.

    Whoever closed it may want it, so it is not deleted; nothing can be written to the alias while
    it is there.
    """
    names = context.names
    behind = context.client.indices.get_alias(
        name=names.items_building,
        index=names.items_pattern,
        params={"expand_wildcards": "all"},
        ignore=[404],
    )
    opened = {each.index for each in known}
    for index, body in behind.items():
        if isinstance(body, dict) and "aliases" in body and index not in opened:
            raise HalfMadeClosed(
                f"{index}, half made by a rebuild that ended, is closed: nothing was changed. To "
                f"have a rebuild of the same catalogue go on with it, open it (POST {index}/_open);"
                f" else delete it (DELETE {index}). Then run the rebuild again."
            )


def input_fingerprint(body: Mapping[str, Any], survey: Survey) -> str:
    """A hash of the items and of the index's mapping, analysis, encoder and settings."""
    meta = body["mappings"]["_meta"][META]
    kept = {name: value for name, value in meta.items() if name not in _OF_ONE_REBUILD}
    mappings = {**body["mappings"], "_meta": kept}
    text = json.dumps([mappings, body.get("settings", {})], sort_keys=True, default=str)
    return hashlib.sha256((text + survey.digest).encode()).hexdigest()[:32]


def resumable(context: IndexContext, dead: list[Generation], fingerprint: str) -> Generation | None:
    """The one of the dead rebuilds' indexes that was made from the same input; discards the others.

    One whose shards are gone is discarded too.
    """
    chosen = None
    for half_made in dead:
        same = half_made.building and half_made.meta.get(INPUT) == fingerprint
        if same and chosen is None and _is_whole(context, half_made.index):
            chosen = half_made
            continue
        discard(context, half_made.index)
        owner = half_made.owner
        died = "died" if owner.is_dead() else f"began {half_made.age_s / 3600:.1f} hours ago"
        context.progress.note(
            f"discarded {half_made.index}, half made: its rebuild (process {owner.pid} on "
            f"{owner.host}) {died}"
        )
    return chosen


def take_over(context: IndexContext, half_made: Generation) -> dict[str, Any]:
    """Makes this process the owner of a dead rebuild's index; returns the index's `_meta`.

    Raises RebuildUnderWay: another process was faster.
    """
    client, names, owner = context.client, context.names, Owner.this_process()
    remove = {"index": half_made.index, "alias": half_made.owner_alias, "must_exist": True}
    add = {"index": half_made.index, "alias": owner.alias(names)}
    try:
        client.indices.update_aliases(body={"actions": [{"remove": remove}, {"add": add}]})
    except NotFoundError as error:
        current = next(
            (g for g in generations(client, names) if g.index == half_made.index), half_made
        )
        raise under_way(current, None) from error
    context.progress.note(
        f"going on with {half_made.index}, which process {half_made.owner.pid} on "
        f"{half_made.owner.host} left half made"
    )
    return {**half_made.meta, **owner.to_meta()}


def _is_whole(context: IndexContext, index: str) -> bool:
    params = {"wait_for_status": "yellow", "timeout": "30s", "request_timeout": 60}
    health = context.client.cluster.health(index=index, params=params, ignore=[408])
    return bool(health.get("status") in ("yellow", "green"))
