"""Reads a log of UBI rows: from an export file, or from the cluster's own indexes."""

import re
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException
from opensearchpy.helpers import scan

from learning.data.tables import DatasetError, rows
from learning.data.ubi_join import UbiJoin
from learning.data.ubi_log import CLICK, UbiLog
from plugin_config.errors import SettingsError
from plugin_config.schema import IndexNames
from query_service.schemas.fields.timestamps import seconds

_BULK = ("index", "create", "update", "delete")
_FIELDS = {
    "queries": (
        "application", "query_id", "session_id", "client_id", "user_id", "user_query",
        "query_attributes",
        "query_response_hit_ids", "timestamp", "learn",
    ),
    "events": (
        "application", "action_name", "query_id", "session_id", "client_id", "user_id", "timestamp",
        "event_attributes.object.object_id",
        "event_attributes.position.ordinal", "learn",
    ),
}  # fmt: skip
_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0}
_SCROLL_SIZE = 2_000  # rows a request


def since_when(text: str | None) -> float | None:
    """Seconds since 1970 of `2026-11-01`, `2026-11-01T10:00Z`, or `7d`, `24h`, `30m` before now.

    Raises SettingsError.
    """
    if text is None:
        return None
    span = re.fullmatch(r"(\d{1,6})([dhm])", text.strip())
    if span:
        return time.time() - int(span[1]) * _UNITS[span[2]]
    try:
        return seconds(text)
    except ValueError:
        raise SettingsError(
            f"--since {text}: allowed are a time (2026-11-01T10:00Z) and a span till now (7d, 24h)"
        ) from None


def read_file(path: Path, clicks: Collection[str] = (CLICK,), since: float | None = None) -> UbiLog:
    """Reads a bulk file with action lines, or JSON lines of queries and events, gzip or not.

    Raises DatasetError when it can't be read, or no query tells what it showed.
    """
    join = UbiJoin(clicks, since)
    for number, row in rows(path, join.remarks):
        unwrapped = _unwrapped(row)
        if unwrapped is not None:
            join.add(unwrapped, f"line {number}")
    return _checked(join.log(), str(path))


def read_cluster(
    client: OpenSearch,
    names: IndexNames,
    clicks: Collection[str] = (CLICK,),
    since: float | None = None,
) -> UbiLog:
    """Reads the cluster's own ubi_queries and ubi_events, from `since` on.

    Raises DatasetError when they don't exist, or no query tells what it showed.
    """
    join = UbiJoin(clicks, since)
    query: dict[str, Any] = {"match_all": {}}
    if since is not None:
        query = {"range": {"timestamp": {"gte": int(since * 1000), "format": "epoch_millis"}}}
    for index, kind in ((names.ubi_queries, "queries"), (names.ubi_events, "events")):
        if not client.indices.exists(index=index):
            raise DatasetError(
                f"there is no index {index}: a service makes it (live-intent serve), or name an "
                "export with --events"
            )
        # A user who may only read misses the last seconds.
        with suppress(AuthorizationException):
            client.indices.refresh(index=index)
        body = {"query": query, "_source": list(_FIELDS[kind])}
        for hit in scan(client, index=index, query=body, size=_SCROLL_SIZE):
            join.add(hit["_source"], f"{index}/{hit['_id']}")
    return _checked(join.log(), f"{names.ubi_queries} and {names.ubi_events}")


def _unwrapped(row: dict[str, Any]) -> dict[str, Any] | None:
    """The row itself, out of the forms that exports wrap it in; None for a bulk action's line."""
    if len(row) == 1 and next(iter(row)) in _BULK and isinstance(next(iter(row.values())), dict):
        return None
    for wrapper in ("_source", "doc"):
        inner = row.get(wrapper)
        if isinstance(inner, dict):
            return inner
    return row


def _checked(log: UbiLog, name: str) -> UbiLog:
    if not log.impressions:
        reasons = "; ".join(log.remarks.lines()) or "it holds no query"
        raise DatasetError(f"{name}: no query tells what it showed: {reasons}")
    return log
