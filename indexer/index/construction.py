"""The index that a rebuild is filling: who may make one, and what is left of one that died."""

import shutil
import socket
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from opensearchpy.exceptions import RequestError

from indexer.encoder_spec import EncoderSpec
from indexer.index.context import IndexContext
from indexer.index.generations import BUILDING, READY, Generation, generations, refuse_taken_alias
from indexer.index.owner import Owner
from indexer.settings import IndexSettings
from plugin_config.errors import LiveIntentError, SettingsError
from plugin_config.schema import VectorField, items_mapping

# While a fill runs: no refresh, no copies, and deletions remembered, so that a visitor-facing
# deletion made during the fill is not undone by the older row of the catalogue.
WHILE_FILLING = {
    "index.refresh_interval": "-1",
    "index.auto_expand_replicas": "false",
    "index.number_of_replicas": 0,
    "index.gc_deletes": "48h",
}


class RebuildUnderWay(LiveIntentError):
    """Another rebuild fills an index; the message names it."""

    exit_code = 4


@dataclass(frozen=True)
class NewIndex:
    """An index under construction. `version`: of every write of its fill, ms since 1970."""

    name: str
    alias: str
    version: int


def check_writable(bundles: Path) -> None:
    """Raises SettingsError when no model bundle could be written: now, not after an hour."""
    try:
        bundles.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=bundles).close()
    except OSError as error:
        raise SettingsError(
            f"LIVE_INTENT_BUNDLES_DIR={bundles}: can't be written ({error.strerror}). Allowed: a "
            "folder that this user may write to"
        ) from error


def discard_dead_rebuilds(context: IndexContext) -> None:
    """Discards what dead rebuilds left behind.

    Raises:
        RebuildUnderWay: another rebuild is alive, or may be: it runs on another host and is
            younger than the setting `stale_after_hours`.
        AliasTaken: an index is named as one of the aliases.
    """
    stale_after_hours = context.settings.stale_after_hours
    refuse_taken_alias(context.client, context.names)
    for left in generations(context.client, context.names):
        if left.live or (left.state == READY and not left.building):
            continue
        owner = Owner.of_meta(left.meta)
        stale = owner.host != socket.gethostname() and left.age_s > stale_after_hours * 3600
        if owner.is_dead() or stale:
            discard(context, left.index)
            why = "died" if owner.is_dead() else f"began {left.age_s / 3600:.1f} hours ago"
            context.progress.note(
                f"discarded {left.index}, half made: its rebuild (process {owner.pid} on "
                f"{owner.host}) {why}"
            )
        elif left.building:
            raise under_way(left, stale_after_hours)


def blueprint(
    spec: EncoderSpec, settings: IndexSettings, index: str, now: datetime
) -> dict[str, Any]:
    """The body that creates a new items index, its `_meta` saying how and by whom it is made."""
    field = VectorField(
        spec.vector_dims,
        settings.engine,
        settings.hnsw_m,
        settings.ef_construction,
        settings.ef_search,
    )
    meta = {
        "state": BUILDING,
        "encoder": spec.to_meta(),
        "fingerprint": spec.fingerprint,
        "layout": spec.layout,
        "vector_space": "",  # not known before the projections are
        "analyzer": settings.analyzer,
        "bundle": index,
        "created_at": now.isoformat(timespec="milliseconds"),
        "version": int(now.timestamp() * 1000),  # of every write of the fill
        **Owner.this_process().to_meta(),
    }
    return items_mapping(field, settings.analyzer, meta)


def claim(context: IndexContext, index: str, body: dict[str, Any]) -> None:
    """Creates the index with the alias `items-building`, for this process alone.

    Raises RebuildUnderWay when another rebuild did so at the same moment; this one's index is
    gone then.
    """
    client, names = context.client, context.names
    body = {
        **body,
        "settings": {**body.get("settings", {}), **WHILE_FILLING},
        "aliases": {names.items_building: {}},
    }
    try:
        client.indices.create(index=index, body=body, params={"request_timeout": 60})
    except RequestError as error:
        raise RebuildUnderWay(_refused(index, error)) from error
    others = [g for g in generations(client, names) if g.building and g.index != index]
    if others:
        client.indices.delete(index=index, ignore=[404])
        raise under_way(others[0], None)


def discard(context: IndexContext, index: str) -> None:
    """Deletes an index that no search reads, and its bundle."""
    context.client.indices.delete(index=index, ignore=[404], params={"request_timeout": 60})
    shutil.rmtree(context.bundles_dir / index, ignore_errors=True)


def abandon(context: IndexContext, index: str) -> None:
    """Removes a half-made index, unless the alias has been moved to it already.

    Where the cluster does not answer, the index stays; the next rebuild discards it.
    """
    try:
        made = generations(context.client, context.names)
        own = next((g for g in made if g.index == index), None)
        if own is not None and own.live:
            return
        if own is not None:
            discard(context, index)
            context.progress.note(f"removed the half-made index {index}")
        shutil.rmtree(context.bundles_dir / index, ignore_errors=True)
    except Exception as error:
        context.progress.note(
            f"the half-made index {index} could not be removed ({type(error).__name__}): the next "
            "rebuild on this machine discards it"
        )


def under_way(other: Generation, stale_after_hours: float | None) -> RebuildUnderWay:
    """The refusal that names the other rebuild."""
    owner = Owner.of_meta(other.meta)
    message = (
        f"a rebuild is under way: {other.index}, begun {_age(other.age_s)} ago by process "
        f"{owner.pid} on {owner.host}. Wait for it, or stop it there."
    )
    if stale_after_hours is not None and owner.host != socket.gethostname():
        message += (
            f" If it is known to be dead, discard it: --stale-after HOURS with less than its age "
            f"(it is {stale_after_hours:g} now)."
        )
    return RebuildUnderWay(message)


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _refused(index: str, error: RequestError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    cause = info.get("error", {}) if isinstance(info.get("error"), dict) else {}
    reason = cause.get("reason", error.error)
    return (
        f"the cluster refuses to make the index {index}: {reason}. Check LIVE_INTENT_ANALYZER, "
        "LIVE_INTENT_ENGINE and the HNSW settings."
    )
