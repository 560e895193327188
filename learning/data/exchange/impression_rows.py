"""Impressions and clicks as the Search Relevance Workbench's click model (COEC) reads them.

It reads `ubi_events` alone: `action_name` impression or click, `user_query`, the item, and its
position counted from 0. Our log has the items shown in `ubi_queries`, so each gets a row here.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from learning.data.ubi_log import CLICK, IMPRESSION
from learning.data.ubi_log import Impression as Shown


def bulk_lines(shown: Iterable[Shown], index: str) -> Iterator[str]:
    """Lines for `_bulk`: the action, then the row; the same log gives the same row ids."""
    for each in shown:
        clicked = {click.item_id: click.timestamp for click in each.clicks}
        for item_id, position in zip(each.item_ids, each.positions, strict=True):
            yield from _row(each, index, (IMPRESSION, item_id, position, each.timestamp))
            if item_id in clicked:
                time = clicked[item_id] or each.timestamp
                yield from _row(each, index, (CLICK, item_id, position, time))


def _row(shown: Shown, index: str, event: tuple[str, str, int, float | None]) -> tuple[str, str]:
    action, item_id, position, timestamp = event
    row: dict[str, Any] = {
        "application": "live-intent",
        "action_name": action,
        "query_id": shown.query_id,
        "session_id": shown.session_id,
        "user_query": shown.query_text,
        "event_attributes": {
            "object": {"object_id": item_id, "object_id_field": "item_id"},
            "position": {"ordinal": position - 1},
        },
    }
    if timestamp is not None:
        time = datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds")
        row["timestamp"] = time.replace("+00:00", "Z")
    row_id = f"{shown.query_id}-{action}-{position}"
    head = json.dumps({"index": {"_index": index, "_id": row_id}})
    return head, json.dumps(row, ensure_ascii=False)
