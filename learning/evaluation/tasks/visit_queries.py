"""Live queries, each with the history of its user: what `personalised-search` and others ask."""

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.catalogue.reading.column_map import ColumnMap
from learning.data.behaviour import VisitRow, VisitRows, read_rows
from learning.data.datasets import ItemsFile
from learning.data.tables import DatasetError
from learning.data.users import Users
from learning.evaluation.concurrent_requests import DEPTH, LONG_DEADLINE, HitList
from learning.evaluation.popularity import Popularity
from learning.evaluation.workbench import Setup, Workbench
from query_service.pipeline import Pipeline
from query_service.schemas.search.requests import SearchRequest


@dataclass(frozen=True)
class VisitQuery:
    """A row to evaluate. `own` and `other`: session ids of its own history and of another user's.

    `own_items` are no hits, however the service is asked; `other_items`, without the target, are
    none where the other history counts.
    """

    row: VisitRow
    key: str
    own: str
    other: str
    own_items: frozenset[str]
    other_items: frozenset[str]


@dataclass(frozen=True)
class VisitQueries:
    """The questions of a file of rows, and the catalogue that they are asked of."""

    items: ItemsFile
    mapping: ColumnMap
    visits: VisitRows
    popularity: Popularity
    questions: Sequence[VisitQuery]

    @classmethod
    def read(
        cls, setup: Setup, rows_file: Path, users: Users, popularity_from: Path | None
    ) -> "VisitQueries":
        """Those of the users to ask; `popularity_from`: sequences, as of `Popularity.read`.

        Raises DatasetError, CatalogueError, MappingError.
        """
        items, mapping = setup.read_items()
        visits = read_rows(rows_file, items.ids)
        asked = users.asked(row.user_id for row in visits.rows)
        popularity = Popularity.read(popularity_from, items.ids, users, asked)
        questions = visit_queries(rows_with_query(visits, asked), setup.seed)
        return cls(items, mapping, visits, popularity, questions)

    def workbench(self, setup: Setup) -> AbstractContextManager[Workbench]:
        """A workbench on the catalogue with this popularity."""
        return self.popularity.workbench(setup, items=self.items, mapping=self.mapping)

    @property
    def remarks(self) -> list[str]:
        """What is to be said of the files."""
        return [*self.visits.remarks.lines(), *self.popularity.remarks, *self.items.remarks]


def rows_with_query(visits: VisitRows, users: frozenset[str]) -> list[VisitRow]:
    """The rows of `users` that have a query; the others are counted in the remarks.

    Raises DatasetError where none is left.
    """
    rows = [row for row in visits.rows if row.user_id in users]
    for row in rows:
        if not row.query:
            visits.remarks.add("its query is empty: see evaluate next-item", row.user_id)
    rows = [row for row in rows if row.query]
    if not rows:
        raise DatasetError("no row that is to be asked has a query")
    return rows


def visit_queries(rows: Sequence[VisitRow], seed: int) -> list[VisitQuery]:
    """A question for each row, with another user's history beside its own."""

    def items(row: VisitRow) -> frozenset[str]:
        return frozenset(event.item_id for event in row.history)

    return [
        VisitQuery(
            row,
            key=f"{row.user_id} {row.query} {row.target}",
            own=f"visit-{number}",
            other=f"visit-{other}",
            own_items=items(row),
            other_items=items(rows[other]) - {row.target},
        )
        for number, (row, other) in enumerate(zip(rows, other_users_rows(rows, seed), strict=True))
    ]


def other_users_rows(rows: Sequence[VisitRow], seed: int) -> list[int]:
    """For each row the number of another user's row: a permutation.

    The shuffled rows form a ring, those of a user side by side. Each row gets the one `largest`
    further on: the number of rows of the user who has most. Raises DatasetError when one user has
    more than half of the rows.
    """
    counts = Counter(row.user_id for row in rows)
    largest = max(counts.values())
    if 2 * largest > len(rows):
        raise DatasetError(
            f"one user has {largest} of the {len(rows)} rows: no other user's history can be "
            "shown in place of each own one. Ask more users, or fewer rows of one."
        )
    draw = random.Random(seed)
    users = sorted(counts)
    draw.shuffle(users)
    order = {user_id: number for number, user_id in enumerate(users)}
    ring = list(range(len(rows)))
    draw.shuffle(ring)
    ring.sort(key=lambda number: order[rows[number].user_id])
    others = [0] * len(rows)
    for step, number in enumerate(ring):
        others[number] = ring[(step + largest) % len(ring)]
    return others


def search_visit(
    pipeline: Pipeline, question: VisitQuery, left_out: frozenset[str], **fields: Any
) -> HitList:
    """The first 100 hits that are not left out: an item of the history is no answer.

    A second page makes up for those left out, unless the first holds the target.
    """
    fields = {"query": question.row.query, "size": DEPTH, **fields} | LONG_DEADLINE
    first = HitList.of(pipeline.search(SearchRequest.model_validate(fields)))
    hits = without(first, left_out)
    missing = len(first.ids) - len(hits.ids)
    if not missing or len(first.ids) < DEPTH or question.row.target in hits.ids:
        return hits
    fields |= {"from": DEPTH, "size": missing}
    second = HitList.of(pipeline.search(SearchRequest.model_validate(fields)))
    more = without(second, left_out)
    return HitList(tuple(dict.fromkeys([*hits.ids, *more.ids])), hits.degraded + more.degraded)


def without(hits: HitList, left_out: frozenset[str]) -> HitList:
    """The hits but those left out."""
    return HitList(tuple(i for i in hits.ids if i not in left_out), hits.degraded)
