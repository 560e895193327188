"""Moves the alias `items`: to a new index, or back to an earlier one."""

from typing import Any

from opensearchpy import OpenSearch

from indexer.index.construction import discard
from indexer.index.context import IndexContext
from indexer.index.generations import (
    READY,
    REFUSED,
    Generation,
    NoItemsIndex,
    generations,
    live_generation,
    refuse_taken_alias,
)
from plugin_config.engine_plugin.search_pipeline import keep_default_pipeline
from plugin_config.schema import MARK, META, IndexNames


def set_meta(client: OpenSearch, index: str, meta: dict[str, Any]) -> None:
    """Replaces the index's `_meta.live_intent`."""
    client.indices.put_mapping(index=index, body={"_meta": {**MARK, META: meta}})


def move_alias(client: OpenSearch, names: IndexNames, index: str) -> None:
    """Points `items` at `index` alone and takes `items-building` off it, in one atomic call.

    Before that it gets the default search pipeline of the live index.
    Raises AliasTaken, ForeignIndex: the alias changed hands during the fill.
    """
    refuse_taken_alias(client, names)
    keep_default_pipeline(client, names, index)
    # Off whichever index has it by then: a roll-back may come between any look and this call.
    everywhere = {"index": names.items_pattern, "alias": names.items, "must_exist": False}
    actions: list[dict[str, Any]] = [{"remove": everywhere}]
    for generation in generations(client, names):
        if generation.building and generation.index == index:
            for alias in filter(None, (names.items_building, generation.owner_alias)):
                actions.append({"remove": {"index": index, "alias": alias}})
    actions.append({"add": {"index": index, "alias": names.items}})
    client.indices.update_aliases(body={"actions": actions})


def prune(context: IndexContext) -> list[str]:
    """Deletes earlier indexes, but the newest `keep_indexes`, with their bundles.

    Returns their names. The live index, later ones (after a roll-back) and one that is being filled
    stay; of those that were refused before the swap the newest, until it is `keep_refused_hours`
    old.
    """
    all_indexes = generations(context.client, context.names)
    refused = [g for g in all_indexes if g.state == REFUSED and not g.building and not g.live]
    kept_s = context.settings.keep_refused_hours * 3600
    superfluous = [g.index for n, g in enumerate(refused) if n > 0 or g.age_s > kept_s]
    live = next((g for g in all_indexes if g.live), None)
    if live is None:
        for index in superfluous:
            discard(context, index)
        return superfluous
    finished = [g for g in all_indexes if not g.building and g.state != REFUSED]
    earlier = [g for g in finished if g.order < live.order]
    ready = [g for g in earlier if g.state == READY]
    dead = [g for g in earlier if g.state != READY and g.owner.is_dead()]
    superfluous += [g.index for g in ready[context.settings.keep_indexes :] + dead]
    for index in superfluous:
        discard(context, index)
    return superfluous


def roll_back(
    client: OpenSearch, names: IndexNames, to: str | None = None
) -> tuple[Generation, Generation]:
    """Moves the alias to the newest earlier index that is ready, or to `to`.

    Returns the index it pointed at, and the one it points at now. Raises NoItemsIndex when there is
    none, or `to` is not a ready one of ours.
    """
    live = live_generation(client, names)
    if live is None:
        raise NoItemsIndex(names.no_items)
    ready = [
        g for g in generations(client, names) if g.state == READY and not g.live and not g.building
    ]
    if to is not None:
        chosen = next((g for g in ready if g.index == to), None)
        if chosen is None:
            listed = ", ".join(g.index for g in ready) or "none"
            raise NoItemsIndex(f"{to} is no earlier or later items index. There are: {listed}")
    else:
        chosen = next((g for g in ready if g.order < live.order), None)
        if chosen is None:
            raise NoItemsIndex(
                f"no index earlier than {live.index} is kept: LIVE_INTENT_KEEP_INDEXES says how "
                "many a rebuild leaves. Rebuild from an earlier catalogue instead."
            )
    move_alias(client, names, chosen.index)
    return live, chosen
