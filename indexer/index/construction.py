"""The index that a rebuild fills: how it is created for one process, and cleaned up after."""

import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opensearchpy.exceptions import RequestError

from indexer.encoder_spec import EncoderSpec
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.carry_over.beginning import Beginning
from indexer.index.context import IndexContext
from indexer.index.generations import BUILDING, READY, Generation, generations, refuse_taken_alias
from indexer.index.owner import Owner
from indexer.settings import IndexSettings
from plugin_config.errors import LiveIntentError, SettingsError
from plugin_config.schema import VectorField, items_mapping
from plugin_config.text_analysis import TextAnalysis
from plugin_config.text_fields import language_analyses

NO_PARTS: Mapping[str, Sequence[str]] = {}

# While a fill runs: no refresh, no replicas, and deletions remembered, so that the older row of the
# catalogue does not undo a live deletion made during the fill. (A node that restarts forgets them
# all the same; `carry_over.deletions` does not.)
WHILE_FILLING = {
    "index.refresh_interval": "-1",
    "index.auto_expand_replicas": "false",
    "index.number_of_replicas": 0,
    "index.gc_deletes": "48h",
}


class RebuildUnderWay(LiveIntentError):
    """Another rebuild fills an index; the message names it."""

    exit_code = 4


def check_writable(bundles: Path) -> None:
    """Raises SettingsError when no model bundle could be written; checked before the long work."""
    try:
        bundles.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=bundles).close()
    except OSError as error:
        raise SettingsError(
            f"LIVE_INTENT_BUNDLES_DIR={bundles}: can't be written ({error.strerror}). Allowed: a "
            "folder that this user may write to"
        ) from error


def discard_dead_rebuilds(context: IndexContext) -> None:
    """Deletes the half-made indexes of dead rebuilds, and their bundles.

    Raises:
        RebuildUnderWay: another rebuild is alive, or may be: it runs on another host and is
            younger than the setting `stale_after_hours`.
        AliasTaken, ForeignIndex: an alias is an index, or points at one that we did not make.
    """
    stale_after_hours = context.settings.stale_after_hours
    refuse_taken_alias(context.client, context.names)
    for half_made in generations(context.client, context.names):
        if half_made.live or (half_made.state == READY and not half_made.building):
            continue
        owner, age_s = half_made.owner, half_made.age_s
        stale = owner.host != socket.gethostname() and age_s > stale_after_hours * 3600
        if owner.is_dead() or stale:
            discard(context, half_made.index)
            reason = "died" if owner.is_dead() else f"began {age_s / 3600:.1f} hours ago"
            context.progress.note(
                f"discarded {half_made.index}, half made: its rebuild (process {owner.pid} on "
                f"{owner.host}) {reason}"
            )
        elif half_made.building:
            raise under_way(half_made, stale_after_hours)


def index_body(
    spec: EncoderSpec,
    settings: IndexSettings,
    index: str,
    attributes: AttributeSchema,
    *,
    beginning: Beginning,
    compound_parts: Mapping[str, Sequence[str]] = NO_PARTS,
) -> dict[str, Any]:
    """The body of the request that creates a new items index; `_meta` says how and by whom.

    `compound_parts`: by analyzer, the words that compounds are split into.
    """
    hnsw = (settings.hnsw_m, settings.ef_construction, settings.ef_search)
    field = VectorField(spec.vector_dims, settings.engine, *hnsw)
    meta = {
        "state": BUILDING,
        "encoder": spec.to_meta(),
        "fingerprint": spec.fingerprint,
        "layout": spec.layout,
        "vector_space": "",  # unknown until the projections are fitted
        "analyzer": settings.analyzer,
        "bundle": index,
        "created_at": beginning.time.isoformat(timespec="milliseconds"),
        "version": beginning.version,
        "beginning": beginning.to_meta(),
        **attributes.to_meta(),
        **Owner.this_process().to_meta(),
    }
    own_parts = compound_parts.get(settings.analyzer, ())
    own = TextAnalysis(settings.analyzer, own_parts)
    return items_mapping(
        field,
        settings.analyzer,
        meta,
        own_parts,
        attributes=attributes.fields,
        languages=language_analyses(attributes.languages, own, compound_parts),
    )


def claim(context: IndexContext, index: str, body: dict[str, Any]) -> None:
    """Creates the index with the alias `items-building`, for this process alone.

    Raises RebuildUnderWay when the cluster refuses it, or when another rebuild created one at the
    same time (after deleting this one's).
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
        info = error.info if isinstance(error.info, dict) else {}
        cause = info.get("error", {}) if isinstance(info.get("error"), dict) else {}
        raise RebuildUnderWay(
            f"the cluster refuses to make the index {index}: {cause.get('reason', error.error)}. "
            "Check LIVE_INTENT_ANALYZER, LIVE_INTENT_LANGUAGES, LIVE_INTENT_ENGINE and the HNSW "
            "settings."
        ) from error
    others = [g for g in generations(client, names) if g.building and g.index != index]
    if others:
        client.indices.delete(index=index, ignore=[404])
        raise under_way(others[0], None)


def discard(context: IndexContext, index: str) -> None:
    """Deletes an index and its bundle; only for one that no search reads."""
    context.client.indices.delete(index=index, ignore=[404], params={"request_timeout": 60})
    shutil.rmtree(context.bundles_dir / index, ignore_errors=True)


def abandon(context: IndexContext, index: str) -> None:
    """Deletes a half-made index and its bundle, unless the alias points at it already.

    If the cluster does not answer, the index stays; the next rebuild discards it.
    """
    try:
        all_indexes = generations(context.client, context.names)
        own = next((g for g in all_indexes if g.index == index), None)
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
    """The error that names the other rebuild; with `stale_after_hours` also how to discard it."""
    owner = other.owner
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
