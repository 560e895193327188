"""Title, brand, category and popularity of a catalogue's items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from indexer.catalogue.items import items_of_file
from indexer.catalogue.reading.column_map import ColumnMap
from learning.data.tables import DatasetError
from learning.evaluation.measures.metrics import Values

NONE = "(none)"  # the label of items without a brand, or without a category


@dataclass(frozen=True)
class ItemAttributes:
    """What the metrics of exposure need of a catalogue, one row an item.

    `rows`: the row of each item id; `popularity` float64 [items].
    """

    rows: Mapping[str, int]
    titles: tuple[str, ...]
    brands: tuple[str, ...]
    categories: tuple[str, ...]
    popularity: Values

    @classmethod
    def of_file(cls, path: Path, mapping: ColumnMap | None = None) -> "ItemAttributes":
        """Those of a catalogue file, rejected rows left out.

        Raises what `read_items` does, and DatasetError when there is no item.
        """
        items = items_of_file(path, mapping)
        return cls._of(
            [(i.item_id, i.title, i.brand, i.category, i.popularity) for i in items], str(path)
        )

    @classmethod
    def of_index(cls, client: OpenSearch, alias: str) -> "ItemAttributes":
        """Those of the items behind an alias. Raises DatasetError when there are none."""
        if not client.indices.exists(index=alias):
            raise DatasetError(f"there is no index {alias}: name the catalogue with --items")
        body = {"query": {"match_all": {}}, "_source": ["title", "brand", "category", "popularity"]}
        items = []
        for hit in scan(client, index=alias, query=body, size=5000):
            source = hit["_source"]
            path = source.get("category") or ()
            path = (path,) if isinstance(path, str) else tuple(path)
            brand, popularity = str(source.get("brand") or ""), source.get("popularity")
            title = str(source.get("title") or "")
            items.append((hit["_id"], title, brand, path, float(popularity or 0.0)))
        return cls._of(items, alias)

    @classmethod
    def _of(
        cls, items: Sequence[tuple[str, str, str, tuple[str, ...], float]], name: str
    ) -> "ItemAttributes":
        if not items:
            raise DatasetError(f"{name} holds no item")
        return cls(
            {item_id: row for row, (item_id, *_) in enumerate(items)},
            tuple(title for _, title, *_ in items),
            tuple(brand or NONE for _, _, brand, *_ in items),
            _category_labels([path for *_, path, _ in items]),
            np.array([popularity for *_, popularity in items], dtype=np.float64),
        )


def _category_labels(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Category paths cut at the first depth where they differ: a root that all share says none."""
    deepest = max(map(len, paths), default=0)
    for depth in range(1, deepest + 1):
        labels = tuple(" > ".join(path[:depth]) or NONE for path in paths)
        if len(set(labels)) > 1:
            return labels
    return tuple(" > ".join(path) or NONE for path in paths)
