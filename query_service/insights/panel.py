"""A panel: one question to OpenSearch, and how its answer is read and shown.

Both outputs come from it, the page of this service and the saved objects of OpenSearch Dashboards,
so that they ask the same and show the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plugin_config.schema import IndexNames

# share: of 1, shown in per cent. change: a share more (or less) than another.
Unit = Literal["count", "share", "change", "mean", "ms", "seconds", "time", "text"]
# figures: a few numbers. lines: over time. table: rows, of which one number is a bar.
Kind = Literal["figures", "lines", "table"]
Store = Literal["ubi_queries", "rebuilds"]
Path = tuple[str, ...]

ROWS, FILTER = "rows", "of"  # names of aggregations
SESSIONS = "sessions"  # how many of them a row has; those of few are left out
BUCKETS = 40  # of a time range, at most
MATCH_ALL: Mapping[str, Any] = {"match_all": {}}


@dataclass(frozen=True)
class Quotient:
    """`value` divided by `of`, each a path below a row; None where the latter is 0 or missing."""

    value: Path
    of: Path


@dataclass(frozen=True)
class Column:
    """One value of each row.

    `read`: the path of it below a row, or a quotient. `over`: one to compare with; the value is
    then how much more `read` is, as a share. `names`: what is shown for values that are codes.
    """

    name: str
    label: str
    read: Path | Quotient
    unit: Unit = "count"
    over: Quotient | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A question to the index `store`.

    Each bucket of the aggregation `split` is a row with the aggregations `measures`; without one
    all rows of the index are one bucket. `documents`: the newest so many documents are the rows.
    `only`: a query for what counts. `private`: a row is shown only if so many sessions have it as
    the setting of k-anonymity says. The first column of lines is their time, and of a table its
    label; its second is the bar, where the label is a text.
    """

    key: str
    title: str
    says: str
    kind: Kind
    columns: tuple[Column, ...]
    store: Store = "ubi_queries"
    split: Mapping[str, Any] | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    documents: int = 0
    only: Mapping[str, Any] | None = None
    private: bool = False

    def index(self, names: IndexNames) -> str:
        """The name of the index `store`."""
        return str(getattr(names, self.store))

    @property
    def rows_path(self) -> Path:
        """Where the rows are in an answer of the engine."""
        return ("hits", "hits") if self.documents else ("aggregations", FILTER, ROWS, "buckets")

    def body(self, least_sessions: int) -> dict[str, Any]:
        """The search, without the query for a time range, which both outputs add."""
        if self.documents:
            reads = [column.read for column in self.columns]
            fields = sorted({read[1] for read in reads if not isinstance(read, Quotient)})
            return {
                "size": self.documents, "sort": [{"timestamp": "desc"}], "_source": fields,
            }  # fmt: skip
        split = dict(self.split or {"filters": {"filters": [dict(MATCH_ALL)]}})
        measures = dict(self.measures)
        if self.private:
            measures |= _known_to(least_sessions)
        rows = split | ({"aggs": measures} if measures else {})
        return {
            "size": 0,
            "aggs": {FILTER: {"filter": dict(self.only or MATCH_ALL), "aggs": {ROWS: rows}}},
        }


@dataclass(frozen=True)
class Board:
    """Panels that are shown together."""

    key: str
    title: str
    says: str
    panels: tuple[Panel, ...]


def by_time(field_name: str = "timestamp") -> dict[str, Any]:
    """A bucket for each interval, whose length the engine chooses."""
    return {"auto_date_histogram": {"field": field_name, "buckets": BUCKETS}}


def by_value(field_name: str, size: int, *, of_sessions: bool = False) -> dict[str, Any]:
    """A bucket for each of the commonest values; `of_sessions`: of those most sessions have."""
    order = {"order": {SESSIONS: "desc"}} if of_sessions else {}
    return {"terms": {"field": field_name, "size": size, **order}}


def _known_to(least_sessions: int) -> dict[str, Any]:
    """Aggregations that leave out what fewer sessions have."""
    return {
        SESSIONS: {"cardinality": {"field": "session_id"}},
        "known": {
            "bucket_selector": {
                "buckets_path": {SESSIONS: SESSIONS},
                "script": f"params.{SESSIONS} >= {least_sessions}",
            }
        },
    }
