"""Brand, category and popularity of a catalogue's items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import items_of_file
from learning.data.tables import DatasetError

Values = NDArray[np.float64]
NOBODY = "(none)"


@dataclass(frozen=True)
class ItemAttributes:
    """What an evaluation of exposure needs of a catalogue, everything in the items' order."""

    places: Mapping[str, int]  # of each item id
    brands: tuple[str, ...]
    categories: tuple[str, ...]
    popularity: Values

    @classmethod
    def of_file(cls, path: Path, mapping: ColumnMap | None = None) -> "ItemAttributes":
        """A catalogue's, rejected rows left out. Raises what `read_items` does, DatasetError."""
        items = items_of_file(path, mapping)
        rows = [(i.item_id, i.brand, i.category, i.popularity) for i in items]
        return cls._of(rows, str(path))

    @classmethod
    def of_index(cls, client: OpenSearch, alias: str) -> "ItemAttributes":
        """Those of the items behind an alias. Raises DatasetError when there are none."""
        if not client.indices.exists(index=alias):
            raise DatasetError(f"there is no index {alias}: name the catalogue with --items")
        body = {"query": {"match_all": {}}, "_source": ["brand", "category", "popularity"]}
        rows = []
        for hit in scan(client, index=alias, query=body, size=5000):
            source = hit["_source"]
            path = source.get("category") or ()
            rows.append(
                (
                    hit["_id"],
                    str(source.get("brand") or ""),
                    (path,) if isinstance(path, str) else tuple(path),
                    float(source.get("popularity") or 0.0),
                )
            )
        return cls._of(rows, alias)

    @classmethod
    def _of(
        cls, rows: Sequence[tuple[str, str, tuple[str, ...], float]], name: str
    ) -> "ItemAttributes":
        if not rows:
            raise DatasetError(f"{name} holds no item")
        return cls(
            {item_id: place for place, (item_id, *_) in enumerate(rows)},
            tuple(brand or NOBODY for _, brand, _, _ in rows),
            _at_telling_depth([path for _, _, path, _ in rows]),
            np.array([popularity for *_, popularity in rows], dtype=np.float64),
        )


def _at_telling_depth(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Category paths cut at the first depth where they differ (a root that all share says none)."""
    deepest = max(map(len, paths), default=0)
    for depth in range(1, deepest + 1):
        labels = tuple(" > ".join(path[:depth]) or NOBODY for path in paths)
        if len(set(labels)) > 1:
            return labels
    return tuple(" > ".join(path) or NOBODY for path in paths)
