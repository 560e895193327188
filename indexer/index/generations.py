"""The items indexes of one installation: live, earlier, and half made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch

from indexer.index.attribute_schema import AttributeSchema
from indexer.index.owner import Owner
from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign
from plugin_config.schema import META, IndexNames

BUILDING, READY, REFUSED = "building", "ready", "refused"  # states


class NoItemsIndex(LiveIntentError):
    """No items index exists that the operation could use."""

    exit_code = 4


class AliasTaken(LiveIntentError):
    """An index (not an alias) has the name of one of our aliases."""

    exit_code = 4


@dataclass(frozen=True)
class Generation:
    """One items index, made by one rebuild. `meta` is its `_meta.live_intent`."""

    index: str
    meta: dict[str, Any] = field(default_factory=dict)
    live: bool = False  # the alias `items` points at it
    building: bool = False  # the alias `items-building` points at it
    attributes: AttributeSchema = field(default_factory=AttributeSchema)
    owner_alias: str = ""  # of the process that fills it

    @property
    def state(self) -> str:
        """`building`, `ready`, or `refused`: kept for a look, not swapped in."""
        return str(self.meta.get("state", ""))

    @property
    def vector_space(self) -> str:
        """The name of its vector space; "" while it is unknown."""
        return str(self.meta.get("vector_space", ""))

    @property
    def created_at(self) -> datetime:
        """When its rebuild began, UTC; 1970 when `meta` has no valid time."""
        try:
            time = datetime.fromisoformat(str(self.meta.get("created_at", "")))
        except ValueError:
            return datetime.fromtimestamp(0, UTC)
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    @property
    def order(self) -> tuple[datetime, str]:
        """Sort key: the older generation first."""
        return self.created_at, self.index

    @property
    def age_s(self) -> float:
        """Seconds since its rebuild began."""
        return (datetime.now(UTC) - self.created_at).total_seconds()

    @property
    def owner(self) -> Owner:
        """The process that fills it, or filled it."""
        return Owner.of_meta(self.meta)

    @property
    def bundle(self) -> str:
        """The name of its model bundle's folder."""
        return str(self.meta.get("bundle", self.index))


@dataclass(frozen=True)
class NewIndex:
    """An index that is being filled."""

    name: str
    alias: str


def generations(client: OpenSearch, names: IndexNames) -> list[Generation]:
    """Every items index that a rebuild made with this prefix, the newest first.

    Other indexes that match the name pattern are left out: they lack our `_meta`.
    """
    ours = re.compile(re.escape(names.items) + r"-\d{8}t\d{6}z(-\d+)?")
    indexes = client.indices.get(
        index=names.items_pattern, params={"allow_no_indices": "true"}, ignore=[404]
    )
    result = []
    for index, body in indexes.items():
        if not isinstance(body, dict) or not ours.fullmatch(index):
            continue
        mapping = body.get("mappings", {})
        meta = mapping.get("_meta", {}).get(META)
        if meta is None:
            continue
        aliases = body.get("aliases", {})
        live, building = names.items in aliases, names.items_building in aliases
        schema = AttributeSchema.of_mapping(mapping)
        owner = next((a for a in aliases if a.startswith(names.owner_alias_prefix)), "")
        result.append(Generation(index, meta, live, building, schema, owner))
    return sorted(result, key=lambda g: g.order, reverse=True)


def of_name(client: OpenSearch, names: IndexNames, index: str) -> Generation:
    """The items index of that name. Raises NoItemsIndex."""
    all_indexes = generations(client, names)
    chosen = next((g for g in all_indexes if g.index == index), None)
    if chosen is None:
        listed = ", ".join(g.index for g in all_indexes) or "none"
        raise NoItemsIndex(f"{index} is no items index of ours. There are: {listed}")
    return chosen


def live_generation(client: OpenSearch, names: IndexNames) -> Generation | None:
    """The index that searches read; None before the first rebuild.

    Raises AliasTaken, ForeignIndex.
    """
    refuse_taken_alias(client, names)
    return next((g for g in generations(client, names) if g.live), None)


def refuse_taken_alias(client: OpenSearch, names: IndexNames) -> None:
    """As `refuse_taken`, of the items' two aliases."""
    refuse_taken(client, (names.items, names.items_building))


def refuse_taken(client: OpenSearch, aliases: Sequence[str]) -> None:
    """Checks that these names are aliases or free, and that every index behind them is ours.

    Raises:
        AliasTaken: an index has the name of one of them.
        ForeignIndex: one of them points at an index that we did not make.
    """
    for alias in aliases:
        if alias in client.indices.get(index=alias, ignore=[404]):
            raise AliasTaken(
                f"{alias} is an index, where Live Intent wants an alias; nothing was changed. Set "
                "LIVE_INTENT_INDEX_PREFIX so that the names differ."
            )
    refuse_foreign(client, aliases)
