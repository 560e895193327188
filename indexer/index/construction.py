"""The index that a rebuild fills: how it is created for one process, and cleaned up after."""

import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opensearchpy.exceptions import OpenSearchException, RequestError

from indexer.catalogue.survey.survey import Survey
from indexer.catalogue.words.compounds import CompoundWords
from indexer.catalogue.words.languages import texts_in
from indexer.encoder_spec import EncoderSpec
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.carry_over.beginning import Beginning
from indexer.index.context import IndexContext
from indexer.index.generations import BUILDING, Generation, generations
from indexer.index.owner import Owner
from indexer.settings import IndexSettings
from plugin_config.analysis.text_analysis import TextAnalysis, splits_compounds
from plugin_config.analysis.text_fields import language_analyses
from plugin_config.errors import LiveIntentError, SettingsError
from plugin_config.schema import VectorField, items_mapping

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


def vector_field(spec: EncoderSpec, settings: IndexSettings, version: str) -> VectorField:
    """The field of the item vectors, in an index that this version of OpenSearch makes.

    Raises SettingsError for settings that don't go together.
    """
    return VectorField(
        dimension=spec.vector_dims,
        engine=settings.engine,
        m=settings.hnsw_m,
        ef_construction=settings.ef_construction,
        ef_search=settings.ef_search,
        quantization=settings.quantization,
        version=version,
    )


def index_body(
    field: VectorField,
    spec: EncoderSpec,
    settings: IndexSettings,
    index: str,
    attributes: AttributeSchema,
    *,
    beginning: Beginning,
    popularity_pivot: float = 0.0,
    compound_parts: Mapping[str, Sequence[str]] = NO_PARTS,
) -> dict[str, Any]:
    """The body of the request that creates a new items index; `_meta` says how and by whom.

    `compound_parts`: by analyzer, the words that compounds are split into.
    """
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
        "popularity_pivot": popularity_pivot,
        **attributes.to_meta(),
        **Owner.this_process().to_meta(),
    }
    own_parts = compound_parts.get(settings.analyzer, ())
    own = TextAnalysis(settings.analyzer, own_parts)
    body = items_mapping(
        field,
        settings.analyzer,
        meta,
        own_parts,
        attributes=attributes.fields,
        languages=language_analyses(attributes.languages, own, compound_parts),
    )
    body["settings"]["index.number_of_shards"] = settings.shards
    if settings.replicas != "auto":
        body["settings"]["index.auto_expand_replicas"] = "false"
        body["settings"]["index.number_of_replicas"] = settings.replicas
    return body


def compound_parts(
    context: IndexContext, survey: Survey, attributes: AttributeSchema
) -> dict[str, tuple[str, ...]]:
    """By analyzer, the words that compounds are split into, unless settings keep them whole."""
    settings = context.settings
    items = [item for _, item in survey.sample]
    own = [text for item in items for text in (item.title, *item.category)]
    texts = {settings.analyzer: own}
    for code, analyzer in attributes.languages.localized.items():
        texts.setdefault(analyzer, []).extend(texts_in(items, code))
    parts = {
        analyzer: CompoundWords(each).parts
        for analyzer, each in texts.items()
        if splits_compounds(analyzer, settings.decompound)
    }
    for each in parts.values():
        context.progress.note(f"compounds are split into {len(each)} words of the catalogue")
    return parts


def claim(context: IndexContext, index: str, body: dict[str, Any]) -> None:
    """Creates the index with the alias `items-building`, for this process alone.

    Raises RebuildUnderWay when the cluster refuses it, or when another rebuild created one at the
    same time (after deleting this one's).
    """
    client, names = context.client, context.names
    body = {
        **body,
        "settings": {**body.get("settings", {}), **WHILE_FILLING},
        "aliases": {names.items_building: {}, Owner.this_process().alias(names): {}},
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


def open_for_search(context: IndexContext, index: str, settings: dict[str, Any]) -> None:
    """Undoes the settings of the fill; adds replicas where there are nodes for them.

    `settings` are those that the index was created with, without those of the fill.
    """
    wanted = {
        "index.refresh_interval": None,
        "index.gc_deletes": None,
        "index.auto_expand_replicas": "0-1",
    }
    of_creation = (*wanted, "index.number_of_replicas")
    wanted |= {name: value for name, value in settings.items() if name in of_creation}
    context.client.indices.put_settings(index=index, body=wanted)
    params = {"wait_for_status": "yellow", "timeout": "30s", "request_timeout": 40}
    context.client.cluster.health(index=index, params=params)


def discard(context: IndexContext, index: str) -> None:
    """Deletes an index, its bundle and its model; only for one that no search reads."""
    context.client.indices.delete(index=index, ignore=[404], params={"request_timeout": 60})
    forget_model(context, index)
    shutil.rmtree(context.bundles_dir / index, ignore_errors=True)


def forget_model(context: IndexContext, index: str) -> None:
    """Deletes what the plugin inside OpenSearch knows of an index; without it no search is lost."""
    try:
        context.client.delete(index=context.names.engine_models, id=index, ignore=[404])
    except OpenSearchException as error:
        context.progress.note(f"the model document of {index} is still there: {error}")


def abandon(context: IndexContext, index: str, *, keep_until: str = "") -> None:
    """Deletes a half-made index and its bundle, unless the alias points at it already.

    If it is to be kept, until what `keep_until` says, or the cluster does not answer, the index
    stays; the next rebuild goes on with it, or discards it.
    """
    if keep_until:
        context.progress.note(
            f"the index {index} is half made: the same command goes on with it, when {keep_until}"
        )
        return
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
