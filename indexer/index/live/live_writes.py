"""Writes to each items index behind our aliases, while rebuilds come and go."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from indexer.index.bulk.bulk_request import BulkError, ItemWrite, WriteOutcome, send_items
from indexer.index.context import IndexContext
from indexer.index.generations import NoItemsIndex, generations, refuse_taken_alias
from indexer.index.live.write_target import Target
from plugin_config.errors import ClusterUnavailable

ROUNDS = 6  # the alias may move during a write; each round follows it once
CONFLICT_ROUNDS = 12  # of reading an item again that others keep changing


class ItemsContended(ClusterUnavailable):
    """Others change the same items all the time."""

    plain = "Others are changing the same items all the time; nothing is lost by sending it again."


@dataclass(frozen=True)
class WritePlan:
    """The writes for some items; no write for those that are not there, or newer already."""

    writes: Sequence[ItemWrite]
    not_found: Sequence[str] = ()
    superseded: Sequence[str] = ()


Plan = Callable[[Target, Sequence[str]], WritePlan]


@dataclass
class LiveOutcome:
    """What became of writes to some items, by the index that they reached."""

    by_index: dict[str, WriteOutcome] = field(default_factory=dict)
    live: str = ""  # the live one of them

    @property
    def superseded(self) -> list[str]:
        """Ids with a newer version in any of the indexes."""
        return sorted({i for outcome in self.by_index.values() for i in outcome.superseded})

    @property
    def not_found(self) -> list[str]:
        """Ids that were in none of the indexes."""
        absent = [set(outcome.not_found) for outcome in self.by_index.values()]
        return sorted(set.intersection(*absent)) if absent else []

    @property
    def created(self) -> list[str]:
        """Ids that are new in the live index."""
        return self.by_index[self.live].created if self.live else []


def write_everywhere(context: IndexContext, ids: Sequence[str], plan: Plan) -> LiveOutcome:
    """Writes items to the live index, then to one that is being filled.

    `plan` makes the writes for an index and some of the ids; it is asked again for those that
    somebody else changed since it read them. A rebuild may start, or move the alias, between the
    look and the write: writes that reached another index than meant are sent again, and their
    versions make that harmless. The half-made index of a rebuild that died on this machine is left
    out, so that nobody waits for it where it takes no writes: whoever goes on with it copies them.

    Raises:
        NoItemsIndex: there is no items index at all.
        BulkError, ClusterUnavailable: see `bulk.send_items`.
    """
    names, result, strayed = context.names, LiveOutcome(), set[str]()
    refuse_taken_alias(context.client, names)
    for _ in range(ROUNDS):
        all_indexes = generations(context.client, names)
        searched = any(each.live for each in all_indexes)
        targets = [
            Target(g, names.items if g.live else names.items_building, g.index in strayed)
            for g in all_indexes
            if (g.live or (g.building and not (searched and g.owner.is_surely_dead())))
            and g.index not in result.by_index
        ]
        if not targets:
            break
        for target in sorted(targets, key=lambda target: not target.generation.live):
            index = target.generation.index
            try:
                outcome = _write(context, target, ids, plan)
            except BulkError:
                if _is_behind(context, target):
                    raise
                continue  # the alias moved meanwhile, to an index that wants other vectors
            strayed |= outcome.indexes - {index}
            if outcome.indexes <= {index} and not outcome.no_index:
                result.by_index[index] = outcome
                if target.generation.live:
                    result.live = index
    if ids and not result.by_index:
        raise NoItemsIndex(names.no_items)
    return result


def _is_behind(context: IndexContext, target: Target) -> bool:
    """Whether the target's alias still points at its index."""
    pattern = context.names.items_pattern
    aliases = context.client.indices.get_alias(name=target.alias, index=pattern, ignore=[404])
    return target.generation.index in aliases


def _write(context: IndexContext, target: Target, ids: Sequence[str], plan: Plan) -> WriteOutcome:
    total, pending = WriteOutcome(), list(ids)
    for attempt in range(CONFLICT_ROUNDS):
        if attempt:
            time.sleep(random.uniform(0, 0.02 * attempt))
        planned = plan(target, pending)
        total.not_found += planned.not_found
        total.superseded += planned.superseded
        total.add(send_items(context, target.alias, planned.writes))
        pending, total.conflicts = total.conflicts, []
        if not pending or total.indexes - {target.generation.index}:
            return total
    raise ItemsContended(
        f"{len(pending)} items (item {pending[0]}) were changed by others each of "
        f"{CONFLICT_ROUNDS} times that this change was tried: try it again"
    )
