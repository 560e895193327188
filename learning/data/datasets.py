"""The catalogue's items and the judgments of queries, to learn from and to evaluate on.

Nothing is dropped silently: what can't be used is counted by reason, with examples.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.bundle.hashed_folder import sha256_of
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from learning.data.exchange.judgment_rows import judgment_rows
from learning.data.splits import in_split
from learning.data.tables import DatasetError, Remarks

MAX_GRADE = 10.0
MAX_QUERY = 512  # characters, as in the API


@dataclass(frozen=True)
class ItemsFile:
    """A catalogue's ids, how many of its rows were rejected, and a hash of its bytes."""

    path: Path
    ids: frozenset[str]
    rejects: int
    sha256: str

    @property
    def remarks(self) -> list[str]:
        """What a report says of rows that are no items."""
        rejected = f"{self.rejects} rows of {self.path.name} are no items"
        return [rejected] if self.rejects else []


@dataclass(frozen=True)
class Judgments:
    """Grades by query and item, in the file's order of queries. `remarks`: rows left out."""

    grades: Mapping[str, Mapping[str, float]]
    remarks: Remarks

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries, in the file's order."""
        return tuple(self.grades)

    def with_relevant(self, least: float) -> "Judgments":
        """Only the queries that have an item of at least that grade."""
        relevant = {q: g for q, g in self.grades.items() if any(v >= least for v in g.values())}
        return Judgments(relevant, self.remarks)

    def part(self, split: str) -> "Judgments":
        """Only the queries of `split`: all, train, validation or test."""
        return Judgments({q: g for q, g in self.grades.items() if in_split(q, split)}, self.remarks)


def read_items_file(path: Path, mapping: ColumnMap | None = None) -> ItemsFile:
    """Reads a catalogue as a rebuild would.

    Raises CatalogueError or MappingError when it can't be read, DatasetError when it has no item.
    """
    ids: set[str] = set()
    rejects = 0
    with CatalogueSource(path, mapping or ColumnMap()).open() as catalogue:
        for each in read_items(catalogue):
            if isinstance(each, Item):
                ids.add(each.item_id)
            else:
                rejects += 1
    if not ids:
        raise DatasetError(f"{path} holds no item ({rejects} rows were rejected)")
    return ItemsFile(path, frozenset(ids), rejects, sha256_of(path))


def read_judgments(
    path: Path,
    item_ids: Collection[str] | None,
    wanted: str | None = None,
    query_texts: Mapping[str, str] | None = None,
) -> Judgments:
    """Reads judgments {query, item_id, grade}: JSON lines or CSV, gzip or not.

    Also the other formats of `judgment_rows`, by content unless one is `wanted`; `query_texts`: of
    qrels, by query id. `item_ids`: rows of other items are left out; None: of none. A grade is a
    number from 0 to 10. A pair that is judged twice keeps its first grade. Raises
    DatasetError when the file is empty or no row of it can be used.
    """
    remarks = Remarks()
    grades: dict[str, dict[str, float]] = {}
    for where, row in judgment_rows(path, remarks, wanted, query_texts):
        problem = _problem(row, item_ids)
        if problem:
            remarks.add(problem[0], f"{where}: {problem[1]}")
            continue
        query, item_id = str(row["query"]).strip(), str(row["item_id"]).strip()
        of_query = grades.setdefault(query, {})
        if item_id in of_query:
            remarks.add("judged before", f"{where}: {query!r}, item {item_id}")
        else:
            of_query[item_id] = float(row["grade"])
    if not grades:
        raise remarks.nothing_usable(path, "judgment")
    return Judgments(grades, remarks)


def _problem(row: Mapping[str, Any], item_ids: Collection[str] | None) -> tuple[str, str] | None:
    """Why a row can't be used, and the part of it that shows it; None when it can."""
    for name in ("query", "item_id", "grade"):
        if row.get(name) is None or not str(row[name]).strip():
            return f"{name} is missing", str(dict(row))[:80]
    if len(str(row["query"]).strip()) > MAX_QUERY:
        return f"the query is longer than {MAX_QUERY} signs", str(row["query"])[:40]
    try:
        grade = float(row["grade"])
    except (TypeError, ValueError):
        grade = math.nan
    if not 0 <= grade <= MAX_GRADE:
        return f"the grade is no number from 0 to {MAX_GRADE:g}", str(row["grade"])[:40]
    if item_ids is not None and str(row["item_id"]).strip() not in item_ids:
        return "the item is not among the items", str(row["item_id"])[:60]
    return None
