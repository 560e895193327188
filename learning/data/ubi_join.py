"""Joins rows of UBI queries and events, and counts what can't be used."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from learning.data.tables import Remarks
from learning.data.ubi_log import CLICK, DEEPEST, IMPRESSION, Click, Impression, UbiLog
from query_service.schemas.fields.timestamps import seconds


@dataclass
class _QueryRow:
    text: str
    session_id: str
    timestamp: float | None
    shown: dict[int, str] = field(default_factory=dict)  # item by position
    impressions: dict[int, str] = field(default_factory=dict)  # the same, of impression events
    clicks: list[Click] = field(default_factory=list)
    actions: list[tuple[str, str]] = field(default_factory=list)  # action, item_id


class UbiJoin:
    """Takes rows of queries and events in any order; `log` joins them.

    `clicks` are the actions that count as a click on an item shown; rows before `since`, seconds
    since 1970, are skipped.
    """

    def __init__(self, clicks: Collection[str] = (CLICK,), since: float | None = None) -> None:
        self.remarks = Remarks()
        self._click_actions = frozenset(clicks)
        self._since = since
        self._queries: dict[str, _QueryRow] = {}
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._applications: Counter[str] = Counter()
        self._zero_based: set[str] = set()  # applications that count positions from 0
        self._people: set[str] = set()
        self._moved = 0  # clicks whose position is not that of the list

    def add(self, row: Mapping[str, Any], where: str) -> None:
        """Takes a row: an event when it has an action_name, else a query.

        Of who refuses that anything is learned of it, rows are counted alone.
        """
        if row.get("learn") is False:
            self.remarks.add("the visitor refuses that it is learned from", where, "row")
            return
        if row.get("action_name"):
            take = self._add_event
        elif row.get("query_id") and ("user_query" in row or "query_response_hit_ids" in row):
            take = self._add_query
        else:
            self.remarks.add(
                "neither a query nor an event", f"{where}: it has {', '.join(map(str, row))[:60]}"
            )
            return
        timestamp = self._timestamp(row, where)
        if timestamp is None or self._since is None or timestamp >= self._since:
            take(row, timestamp, where)
            named = (row.get(name) for name in ("session_id", "user_id", "client_id"))
            self._people.update(str(name) for name in named if name)

    def log(self) -> UbiLog:
        """Joins all rows taken; to be called once, after the last of them."""
        counts: Counter[str] = Counter()
        for where, row in self._events:
            counts[str(row["action_name"])] += 1
            if row["action_name"] == IMPRESSION:
                self._add_impression(row, where)
        for query in self._queries.values():
            query.shown = query.shown or query.impressions
        for where, row in self._events:
            if row["action_name"] != IMPRESSION:
                self._add_action(row, where)
        impressions = []
        for query_id, query in self._queries.items():
            if not query.shown:
                self.remarks.add("nothing tells what was shown", query_id, "query_id")
                continue
            query.clicks.sort(key=lambda c: (c.timestamp is None, c.timestamp or 0.0, c.position))
            firsts = {c.item_id: c for c in reversed(query.clicks)}
            positions = sorted(query.shown)
            impressions.append(
                Impression(
                    query_id=query_id,
                    query_text=query.text,
                    session_id=query.session_id,
                    item_ids=tuple(query.shown[p] for p in positions),
                    positions=tuple(positions),
                    clicks=tuple(c for c in query.clicks if firsts[c.item_id] is c),
                    actions=tuple(query.actions),
                    timestamp=query.timestamp,
                )
            )
        impressions.sort(key=lambda i: (i.timestamp is None, i.timestamp or 0.0, i.query_id))
        notes, applications = tuple(self._notes()), tuple(sorted(self._applications))
        events = dict(counts.most_common())
        return UbiLog(
            tuple(impressions), self.remarks, notes, events, applications, frozenset(self._people)
        )

    def _add_query(self, row: Mapping[str, Any], timestamp: float | None, where: str) -> None:
        query_id = str(row["query_id"])
        text = str(row.get("user_query") or "").strip()
        if not text:
            self.remarks.add("the query has no text", f"{where}: query {query_id}", "query row")
            return
        session_id = str(row.get("session_id") or row.get("client_id") or "")
        query = self._queries.get(query_id)
        if query is None:
            query = self._queries[query_id] = _QueryRow(text, session_id, timestamp)
        elif query.text != text:
            if query.shown or not row.get("query_response_hit_ids"):
                example = f"{where}: query {query_id}"
                self.remarks.add("the query_id has another text already", example, "query row")
                return
            query.text = text  # typed further under one id: the text that was answered counts
        self._applications[str(row.get("application") or "")] += 1
        hits = row.get("query_response_hit_ids") or []
        attributes = row.get("query_attributes")
        first = 1 + _whole(attributes.get("from") if isinstance(attributes, dict) else None)
        self._add_hits(query.shown, hits if isinstance(hits, list) else [hits], first, where)

    def _add_hits(self, shown: dict[int, str], hits: list[Any], first: int, where: str) -> None:
        """Adds a list of hits, or a further page of one; what contradicts it is left out."""
        item_ids = set(shown.values())
        for position, hit in enumerate(hits, first):
            item_id = str(hit)
            if shown.get(position) == item_id:
                continue  # the same row a second time
            if item_id in item_ids or position in shown or position > DEEPEST:
                reason = "another item or position under the same query_id"
                self.remarks.add(reason, f"{where}: {item_id}", "hit")
                continue
            shown[position] = item_id
            item_ids.add(item_id)

    def _add_event(self, row: Mapping[str, Any], timestamp: float | None, where: str) -> None:
        application = str(row.get("application") or "")
        self._applications[application] += 1
        if row["action_name"] in (IMPRESSION, *self._click_actions) and _ordinal(row) == 0:
            self._zero_based.add(application)
        self._events.append((where, {**row, "timestamp": timestamp}))

    def _add_impression(self, row: Mapping[str, Any], where: str) -> None:
        """An impression event: an item was shown at a position."""
        query = self._query_of(row, where, IMPRESSION)
        if query is None or query.shown:
            return
        item_id, position = _item(row), self._position(row)
        if not item_id or position is None:
            missing = "the item" if not item_id else "the position"
            self.remarks.add(f"{missing} is missing or out of range", where, IMPRESSION)
        elif query.impressions.get(position, item_id) != item_id:
            reason = "another item was seen there before"
            self.remarks.add(reason, f"{where}: {item_id}", IMPRESSION)
        elif item_id not in query.impressions.values():
            query.impressions[position] = item_id

    def _add_action(self, row: Mapping[str, Any], where: str) -> None:
        """A click on an item of the query's list, or another action on one."""
        action, item_id = str(row["action_name"]), _item(row)
        clicked = action in self._click_actions
        if not clicked and not item_id:
            return  # a sort, a filter, a page: no action on an item
        query = self._query_of(row, where, CLICK if clicked else "action")
        if query is None:
            return
        positions = {item: position for position, item in query.shown.items()}
        if clicked and not item_id:
            self.remarks.add("the item is missing", where, CLICK)
        elif clicked and item_id not in positions:
            reason = "the item is not among those shown"
            reason = reason if positions else "nothing tells what was shown"
            self.remarks.add(reason, f"{where}: {item_id}", CLICK)
        elif clicked:
            ordinal, position = _ordinal(row), self._position(row)
            if ordinal is not None and position is None:
                reason = "the position is out of range; that of the list was taken"
                self.remarks.add(reason, f"{where}: {ordinal}", "click position")
            self._moved += position is not None and position != positions[item_id]
            query.clicks.append(Click(item_id, positions[item_id], row["timestamp"]))
        elif item_id in positions:
            query.actions.append((action, item_id))

    def _query_of(self, row: Mapping[str, Any], where: str, noun: str) -> _QueryRow | None:
        query_id = str(row.get("query_id") or "")
        if not query_id:
            self.remarks.add("query_id is missing", f"{where}: {row['action_name']}", noun)
            return None
        if query_id not in self._queries:
            self.remarks.add("the query is not in the log", f"{where}: query {query_id}", noun)
            return None
        return self._queries[query_id]

    def _position(self, row: Mapping[str, Any]) -> int | None:
        """From 1 on, also where the application counts from 0; None: missing or out of range."""
        ordinal = _ordinal(row)
        if ordinal is None:
            return None
        position = ordinal + (str(row.get("application") or "") in self._zero_based)
        return position if 1 <= position <= DEEPEST else None

    def _timestamp(self, row: Mapping[str, Any], where: str) -> float | None:
        try:
            return seconds(row.get("timestamp"))
        except ValueError:
            reason = "missing, or no time; the row is kept without it"
            self.remarks.add(reason, f"{where}: {row.get('timestamp')}", "time")
            return None

    def _notes(self) -> Iterable[str]:
        for application in sorted(self._zero_based):
            yield f"{application or 'an application without a name'} counts positions from 0"
        if self._moved:
            yield (
                "clicks that tell another position than the list that was shown: "
                f"{self._moved} (the list's was taken)"
            )


def _item(row: Mapping[str, Any]) -> str:
    item = _attributes(row).get("object")
    return str(item.get("object_id") or "") if isinstance(item, dict) else ""


def _ordinal(row: Mapping[str, Any]) -> int | None:
    position = _attributes(row).get("position")
    value = position.get("ordinal") if isinstance(position, dict) else None
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    attributes = row.get("event_attributes")
    return attributes if isinstance(attributes, dict) else {}


def _whole(value: object) -> int:
    try:
        return max(0, int(str(value)))
    except ValueError:
        return 0
