"""What stands in the cluster: the live index, earlier ones, and one that is being filled."""

from dataclasses import dataclass
from pathlib import Path

from opensearchpy import OpenSearch

from indexer.index.generations import Generation, generations, refuse_taken_alias
from indexer.index.owner import Owner
from plugin_config.schema import IndexNames


@dataclass(frozen=True)
class IndexStatus:
    """One items index. `role`: live, building, earlier, later (after a roll-back), left behind."""

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


@dataclass(frozen=True)
class Status:
    """The alias and every items index of ours, the newest first."""

    alias: str
    live: str | None
    indexes: tuple[IndexStatus, ...]


def read_status(client: OpenSearch, names: IndexNames, bundles: Path) -> Status:
    """Asks the cluster. Raises AliasTaken."""
    refuse_taken_alias(client, names)
    found = generations(client, names)
    live = next((g for g in found if g.live), None)
    columns = "index,docs.count,pri.store.size,health"
    rows = client.cat.indices(
        index=names.items_pattern, params={"format": "json", "bytes": "b", "h": columns}
    )
    measured = {row["index"]: row for row in rows}
    return Status(
        alias=names.items,
        live=live.index if live else None,
        indexes=tuple(_status(g, live, measured.get(g.index, {}), bundles) for g in found),
    )


def _status(
    generation: Generation, live: Generation | None, row: dict[str, str], bundles: Path
) -> IndexStatus:
    meta = generation.meta
    owner = Owner.of_meta(meta)
    return IndexStatus(
        index=generation.index,
        role=_role(generation, live, owner),
        items=int(row["docs.count"]) if row.get("docs.count") else None,
        size_bytes=int(row["pri.store.size"]) if row.get("pri.store.size") else None,
        created_at=generation.created_at.isoformat(timespec="seconds"),
        age_s=round(generation.age_s, 1),
        encoder=str(meta.get("encoder", {}).get("model", "")),
        fingerprint=str(meta.get("fingerprint", "")),
        layout=str(meta.get("layout", "")),
        analyzer=str(meta.get("analyzer", "")),
        bundle_here=(bundles / str(meta.get("bundle", generation.index))).is_dir(),
        health=row.get("health", ""),
        process=f"{owner.pid} on {owner.host}",
    )


def _role(generation: Generation, live: Generation | None, owner: Owner) -> str:
    if generation.live:
        return "live"
    if generation.building or generation.state == "building":
        return "left behind" if owner.is_dead() else "building"
    if live and (generation.created_at, generation.index) > (live.created_at, live.index):
        return "later"
    return "earlier"
