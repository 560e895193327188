"""The status of the items indexes: the live one, earlier ones, and one that is being filled."""

from dataclasses import dataclass
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.index.generations import (
    BUILDING,
    REFUSED,
    Generation,
    generations,
    refuse_taken_alias,
)
from indexer.index.rebuilding.refused_index import REASONS
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class IndexStatus:
    """One items index.

    `role`: live, building, earlier, later (after a roll-back), left behind, or refused (by the
    gate, which gave the `reasons`).
    """

    index: str
    role: str
    items: int | None
    size_bytes: int | None
    created_at: str
    age_s: float
    encoder: str
    fingerprint: str
    layout: str
    analyzer: str
    bundle_here: bool
    health: str
    process: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """The alias and every items index of ours, the newest first."""

    alias: str
    live: str | None
    indexes: tuple[IndexStatus, ...]


def read_status(client: OpenSearch, names: IndexNames, bundles: Path) -> Status:
    """Reads the status from the cluster and the folder of model bundles. Raises AliasTaken."""
    refuse_taken_alias(client, names)
    all_indexes = generations(client, names)
    live = next((g for g in all_indexes if g.live), None)
    columns = "index,docs.count,pri.store.size,health"
    rows = client.cat.indices(
        index=names.items_pattern, params={"format": "json", "bytes": "b", "h": columns}
    )
    sizes = {row["index"]: row for row in rows}
    return Status(
        alias=names.items,
        live=live.index if live else None,
        indexes=tuple(_status(g, live, sizes.get(g.index, {}), bundles) for g in all_indexes),
    )


def _status(
    generation: Generation, live: Generation | None, row: dict[str, str], bundles: Path
) -> IndexStatus:
    meta, owner = generation.meta, generation.owner
    return IndexStatus(
        index=generation.index,
        role=_role(generation, live),
        items=int(row["docs.count"]) if row.get("docs.count") else None,
        size_bytes=int(row["pri.store.size"]) if row.get("pri.store.size") else None,
        created_at=generation.created_at.isoformat(timespec="seconds"),
        age_s=round(generation.age_s, 1),
        encoder=str(meta.get("encoder", {}).get("model", "")),
        fingerprint=str(meta.get("fingerprint", "")),
        layout=str(meta.get("layout", "")),
        analyzer=str(meta.get("analyzer", "")),
        bundle_here=(bundles / generation.bundle).is_dir(),
        health=row.get("health", ""),
        process=f"{owner.pid} on {owner.host}",
        reasons=tuple(meta.get(REASONS, ())),
    )


def _role(generation: Generation, live: Generation | None) -> str:
    if generation.live:
        return "live"
    if generation.state == REFUSED and not generation.building:
        return REFUSED
    if generation.building or generation.state == BUILDING:
        return "left behind" if generation.owner.is_dead() else "building"
    return "later" if live and generation.order > live.order else "earlier"
