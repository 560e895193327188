"""Moves the alias `items`: to a new index, or back to an earlier one."""

from typing import Any

from opensearchpy import OpenSearch

from indexer.index.construction import discard
from indexer.index.context import IndexContext
from indexer.index.generations import READY, Generation, NoItemsIndex, generations, live_generation
from indexer.index.owner import Owner
from plugin_config.schema import META, IndexNames


def set_meta(client: OpenSearch, index: str, meta: dict[str, Any]) -> None:
    """Replaces the index's `_meta.live_intent`."""
    client.indices.put_mapping(index=index, body={"_meta": {META: meta}})


def move_alias(client: OpenSearch, names: IndexNames, index: str) -> None:
    """In one call: `items` points at `index` and at nothing else; it is not `building` any more."""
    actions: list[dict[str, Any]] = []
    for generation in generations(client, names):
        if generation.live and generation.index != index:
            actions.append({"remove": {"index": generation.index, "alias": names.items}})
        if generation.building and generation.index == index:
            actions.append({"remove": {"index": index, "alias": names.items_building}})
    actions.append({"add": {"index": index, "alias": names.items}})
    client.indices.update_aliases(body={"actions": actions})


def prune(context: IndexContext) -> list[str]:
    """Deletes earlier indexes of ours but the newest `keep_indexes`, with their bundles; their
    names.

    The live index, later ones (after a roll-back) and one that is being filled stay.
    """
    made = generations(context.client, context.names)
    live = next((g for g in made if g.live), None)
    if live is None:
        return []
    earlier = [
        g
        for g in made
        if not g.live and not g.building and (g.created_at, g.index) < (live.created_at, live.index)
    ]
    ready = [g for g in earlier if g.state == READY]
    dead = [g for g in earlier if g.state != READY and Owner.of_meta(g.meta).is_dead()]
    gone = ready[context.settings.keep_indexes :] + dead
    for generation in gone:
        discard(context, generation.index)
    return [generation.index for generation in gone]


def roll_back(
    client: OpenSearch, names: IndexNames, to: str | None = None
) -> tuple[Generation, Generation]:
    """Moves the alias to the newest earlier index that is ready, or to `to`; (from, to).

    Raises NoItemsIndex when there is none, or `to` is not one of ours and ready.
    """
    live = live_generation(client, names)
    if live is None:
        raise NoItemsIndex(
            f"the alias {names.items} points nowhere: make an index with live-intent index rebuild"
        )
    ready = [
        g for g in generations(client, names) if g.state == READY and not g.live and not g.building
    ]
    if to is not None:
        chosen = next((g for g in ready if g.index == to), None)
        if chosen is None:
            listed = ", ".join(g.index for g in ready) or "none"
            raise NoItemsIndex(f"{to} is no earlier or later items index. There are: {listed}")
    else:
        before = (live.created_at, live.index)
        chosen = next((g for g in ready if (g.created_at, g.index) < before), None)
        if chosen is None:
            raise NoItemsIndex(
                f"no index earlier than {live.index} is kept: LIVE_INTENT_KEEP_INDEXES says how "
                "many a rebuild leaves. Rebuild from an earlier catalogue instead."
            )
    move_alias(client, names, chosen.index)
    return live, chosen
