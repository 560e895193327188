"""The rows of panels, read in one `_msearch`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.schema import IndexNames
from query_service.insights.panel import Column, Panel, Path, Quotient

Value = float | str | None
NOT_THERE = "index_not_found_exception"
ROUNDED_S = 60  # a time range ends with a whole minute, so that the engine's cache answers again


@dataclass(frozen=True)
class TimeRange:
    """The time until now; `key` as in the page's address."""

    key: str
    label: str
    seconds: int

    def query(self, now: float) -> dict[str, Any]:
        """What has a `timestamp` in it."""
        end = math.ceil(now / ROUNDED_S) * ROUNDED_S
        bounds = {"gte": (end - self.seconds) * 1000, "lte": end * 1000, "format": "epoch_millis"}
        return {"bool": {"filter": [{"range": {"timestamp": bounds}}]}}


DAY = 86_400
RANGES = (
    TimeRange("24h", "24 hours", DAY),
    TimeRange("7d", "7 days", 7 * DAY),
    TimeRange("30d", "30 days", 30 * DAY),
    TimeRange("90d", "90 days", 90 * DAY),
)


@dataclass(frozen=True)
class PanelAnswer:
    """The rows of a panel, each with a value for each column; or why it has none.

    Times are ms since 1970.
    """

    panel: Panel
    rows: tuple[tuple[Value, ...], ...] = ()
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no row has a number other than 0."""
        values = (value for row in self.rows for value in row[self._first :])
        return not any(isinstance(value, float) and value for value in values)

    @property
    def _first(self) -> int:
        return 0 if self.panel.kind == "figures" else 1


def read_panels(
    client: OpenSearch,
    names: IndexNames,
    panels: Sequence[Panel],
    query: Mapping[str, Any],
    *,
    least_sessions: int,
    timeout_s: float,
) -> list[PanelAnswer]:
    """The answer to each panel, in order, of what the `query` finds.

    A panel that the engine refuses has a `problem`. Raises ClusterUnavailable.
    """
    lines: list[dict[str, Any]] = []
    for panel in panels:
        body = {"query": dict(query), "track_total_hits": False, **panel.body(least_sessions)}
        lines += [{"index": panel.index(names)}, body]
    try:
        answers = client.msearch(body=lines, params={"request_timeout": timeout_s})["responses"]
    except OpenSearchException as error:
        raise cluster_unavailable(error, "show insights") from error
    return [_answer(panel, answer) for panel, answer in zip(panels, answers, strict=True)]


def rows_of(panel: Panel, answer: Mapping[str, Any]) -> tuple[tuple[Value, ...], ...]:
    """The rows in an answer of the engine; lines come with the earliest first."""
    found = _at(answer, panel.rows_path) or ()
    rows = [tuple(_value(column, row) for column in panel.columns) for row in found]
    if panel.kind == "lines" and panel.documents:  # those that have a value at all
        rows = [row for row in reversed(rows) if any(value is not None for value in row[1:])]
    return tuple(rows)


def _answer(panel: Panel, answer: Mapping[str, Any]) -> PanelAnswer:
    error = answer.get("error")
    if error is None:
        return PanelAnswer(panel, rows_of(panel, answer))
    if error.get("type") == NOT_THERE:
        return PanelAnswer(panel)
    return PanelAnswer(panel, problem="OpenSearch could not answer this panel.")


def _value(column: Column, row: Mapping[str, Any]) -> Value:
    read = column.read
    value = _quotient(read, row) if isinstance(read, Quotient) else _at(row, read)
    if column.over is not None:
        other = _quotient(column.over, row)
        value = value / other - 1 if value is not None and other else None
    if column.unit == "time":
        return _milliseconds(value)
    if column.unit == "text":
        texts = value if isinstance(value, list) else [] if value is None else [value]
        return ", ".join(column.names.get(str(text), str(text)) for text in texts)
    return None if value is None or not math.isfinite(value) else float(value)


def _quotient(quotient: Quotient, row: Mapping[str, Any]) -> float | None:
    value, of = _at(row, quotient.value), _at(row, quotient.of)
    return value / of if value is not None and of else None


def _milliseconds(value: Any) -> float | None:
    if isinstance(value, str):
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000
    return None if value is None else float(value)


def _at(row: Any, path: Path) -> Any:
    """What is at the path below a row; None where it ends before."""
    for name in path:
        if not isinstance(row, Mapping) or name not in row:
            return None
        row = row[name]
    return row
