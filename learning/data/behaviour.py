"""Users' behaviour as files hold it: sequences of items, and queries with a history.

What can't be used is counted by reason, with examples; nothing is dropped silently.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from learning.data.datasets import MAX_QUERY
from learning.data.tables import DatasetError, Remarks, rows
from query_service.schemas.fields.timestamps import seconds
from query_service.user.actions import ACTIONS

HISTORY_ITEM, HISTORY_EVENT = "history item", "history event"  # nouns of remarks
DEFAULT_ACTION = "click"
STEP_S = 60.0  # between events without timestamps


@dataclass(frozen=True)
class Sequences:
    """Each user's items, oldest first, at least two and none twice; in the file's order.

    The last item is the target, those before it are the history.
    """

    item_ids: Mapping[str, tuple[str, ...]]  # by user id
    remarks: Remarks


@dataclass(frozen=True)
class PastEvent:
    """What a user did with an item. `timestamp`: seconds since 1970, or None."""

    item_id: str
    action: str = DEFAULT_ACTION
    timestamp: float | None = None
    text: str = ""


@dataclass(frozen=True)
class VisitRow:
    """A user's query (may be empty), the history before it, oldest first, and the target item."""

    user_id: str
    query: str
    history: tuple[PastEvent, ...]
    target: str


@dataclass(frozen=True)
class VisitRows:
    """Rows of a file, in its order. `remarks`: what was left out."""

    rows: tuple[VisitRow, ...]
    remarks: Remarks


def read_sequences(path: Path, item_ids: Collection[str]) -> Sequences:
    """Reads sequences {user_id, item_ids: [oldest first]}, JSON lines.

    A repeated item counts where it comes last. Unknown items are left out of a history; a row whose
    last item is unknown, or that keeps fewer than two items, is left out. Raises DatasetError when
    the file is empty or no row of it can be used.
    """
    remarks = Remarks()
    sequences: dict[str, tuple[str, ...]] = {}
    for number, row in rows(path, remarks):
        user_id, listed = _text(row.get("user_id")), row.get("item_ids")
        if not user_id:
            remarks.add("user_id is missing", f"line {number}: {_short(row)}")
        elif not isinstance(listed, list):
            reason = "item_ids is missing" if listed is None else "item_ids is no list"
            remarks.add(reason, f"line {number}: {_short(row)}")
        elif user_id in sequences:
            remarks.add("the user has an earlier row", f"line {number}: user {user_id}")
        elif usable := _sequence([*map(_text, listed)], item_ids, f"line {number}", remarks):
            sequences[user_id] = usable
    if not sequences:
        raise remarks.nothing_usable(path, "sequence")
    return Sequences(sequences, remarks)


def read_rows(path: Path, item_ids: Collection[str]) -> VisitRows:
    """Reads rows {user_id, query, history, target}, JSON lines; `query` may be absent or empty.

    An entry of `history` is an item's id, or {item_id, action, timestamp, text}: action `click`
    when absent, timestamp as an event's (ISO 8601, or a number of s or ms since 1970). Events are
    ordered by timestamp when each has one; else they keep the file's order without timestamps.
    The target's own events are left out of the history, and so are unknown items and events that
    can't be read; a row without any event left, or whose target is unknown, is left out. Raises
    DatasetError when the file is empty or no row of it can be used.
    """
    remarks = Remarks()
    visits: dict[tuple[str, str, str], VisitRow] = {}
    for number, row in rows(path, remarks):
        where = f"line {number}"
        problem = _row_problem(row, item_ids)
        if problem:
            remarks.add(problem[0], f"{where}: {problem[1]}")
            continue
        user_id, query, target = (_text(row.get(name)) for name in ("user_id", "query", "target"))
        if (user_id, query, target) in visits:
            remarks.add("the same row came before", where)
            continue
        history = _history(row["history"], target, item_ids, where, remarks)
        if history:
            visits[user_id, query, target] = VisitRow(user_id, query, history, target)
        else:
            remarks.add("no event of its history can be used", where)
    if not visits:
        raise remarks.nothing_usable(path, "row")
    return VisitRows(tuple(visits.values()), remarks)


def read_user_ids(path: Path) -> frozenset[str]:
    """The users of any file whose rows have a user_id. Raises DatasetError when there is none."""
    user_ids = frozenset(_text(row.get("user_id")) for _, row in rows(path, Remarks())) - {""}
    if not user_ids:
        raise DatasetError(f"no row of {path} has a user_id")
    return user_ids


def _sequence(
    listed: Sequence[str], item_ids: Collection[str], where: str, remarks: Remarks
) -> tuple[str, ...]:
    """The usable items of a sequence; empty when it can't be used."""
    if listed and listed[-1] not in item_ids:
        remarks.add("the last item is not among the items", f"{where}: {listed[-1][:60]}")
        return ()
    for item_id in listed:
        if item_id not in item_ids:
            remarks.add("it is not among the items", f"{where}: {item_id[:60]}", HISTORY_ITEM)
    known = [item_id for item_id in listed if item_id in item_ids]
    distinct = tuple(dict.fromkeys(reversed(known)))[::-1]
    if repeated := len(known) - len(distinct):
        twice = next(item_id for item_id in distinct if known.count(item_id) > 1)
        reason, example = "it comes again in its sequence", f"{where}: item {twice}"
        remarks.add(reason, example, HISTORY_ITEM, repeated)
    if len(distinct) < 2:
        remarks.add("fewer than two items: no history, or nothing to predict", where)
        return ()
    return distinct


def _row_problem(row: Mapping[str, Any], item_ids: Collection[str]) -> tuple[str, str] | None:
    """Why a row can't be used, and the part of it that shows it; None when it can."""
    for name in ("user_id", "target", "history"):
        if row.get(name) in (None, ""):
            return f"{name} is missing", _short(row)
    if not isinstance(row["history"], list):
        return "the history is no list", _short(row)
    if len(_text(row.get("query"))) > MAX_QUERY:
        return f"the query is longer than {MAX_QUERY} signs", _text(row["query"])[:40]
    if _text(row["target"]) not in item_ids:
        return "the target is not among the items", _text(row["target"])[:60]
    return None


def _history(
    entries: Sequence[object], target: str, item_ids: Collection[str], where: str, remarks: Remarks
) -> tuple[PastEvent, ...]:
    events: list[PastEvent] = []
    for entry in entries:
        try:
            event = _event(entry)
        except ValueError as error:
            reason, example = error.args
            remarks.add(reason, f"{where}: {example}", HISTORY_EVENT)
            continue
        if event.item_id == target:
            remarks.add("it is on the target itself", f"{where}: {target}", HISTORY_EVENT)
        elif event.item_id not in item_ids:
            reason = "its item is not among the items"
            remarks.add(reason, f"{where}: {event.item_id[:60]}", HISTORY_EVENT)
        else:
            events.append(event)
    if all(event.timestamp is not None for event in events):
        return tuple(sorted(events, key=lambda event: event.timestamp or 0.0))
    return tuple(replace(event, timestamp=None) for event in events)


def _event(entry: object) -> PastEvent:
    """Raises ValueError(reason, example) for what is no event."""
    if isinstance(entry, str | int) and not isinstance(entry, bool):
        return PastEvent(_text(entry))
    if not isinstance(entry, Mapping) or not _text(entry.get("item_id")):
        raise ValueError("it names no item", _short(entry))
    action = _text(entry.get("action")) or DEFAULT_ACTION
    if action not in ACTIONS:
        raise ValueError("its action is none of " + ", ".join(ACTIONS), action[:40])
    raw = entry.get("timestamp")
    try:
        timestamp = None if raw is None else seconds(raw)
    except ValueError:
        raise ValueError("its timestamp is no time", str(raw)[:40]) from None
    return PastEvent(_text(entry["item_id"]), action, timestamp, _text(entry.get("text")))


def _text(value: object) -> str:
    """A text, stripped, or a whole number as text; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _short(row: object) -> str:
    return str(row)[:80]
