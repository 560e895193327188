"""Who took part in an experiment, what they were answered and what they did: from UBI rows."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from plugin_config.schema import IndexNames
from query_service.schemas.fields.timestamps import seconds
from query_service.user.action_names import action_named

CLICK, PURCHASE, IMPRESSION = "click", "purchase", "impression"
_QUERY_FIELDS = (
    "query_id", "session_id", "user_id", "timestamp", "query_response_hit_ids", "answer",
    "query_attributes.live_intent.experiment",
)  # fmt: skip
_EVENT_FIELDS = (
    "action_name", "query_id", "session_id", "user_id", "timestamp",
    "event_attributes.object.object_id",
)  # fmt: skip
_SCROLL_SIZE = 2_000  # rows a request


@dataclass(frozen=True)
class LoggedAnswer:
    """A page of hits. `clicks`: position on the page from 1 on, and time; the first of each item.

    `teams`: a letter for each hit of an interleaved answer, else "".
    """

    variant: str
    timestamp: float
    teams: str = ""
    offset: int = 0
    latency_ms: float | None = None
    total: int = 0
    degraded: bool = False
    clicks: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Participant:
    """A visitor: what was assigned at random. `purchases`: their times."""

    unit: str
    answers: tuple[LoggedAnswer, ...]
    purchases: tuple[float, ...] = ()

    @property
    def variants(self) -> set[str]:
        """Those that answered; more than one where a session became a user's."""
        return {answer.variant for answer in self.answers}

    @property
    def since(self) -> float:
        """The time of the first answer."""
        return min(answer.timestamp for answer in self.answers)


@dataclass
class _Answer:
    row: Mapping[str, Any]
    variant: str
    timestamp: float
    session_id: str
    clicks: dict[int, float] = field(default_factory=dict)

    @property
    def logged(self) -> LoggedAnswer:
        own, answer = _own(self.row), self.row.get("answer") or {}
        latency = answer.get("took_ms")
        return LoggedAnswer(
            self.variant,
            self.timestamp,
            teams=str(own["experiment"].get("teams") or ""),
            offset=int(answer.get("offset") or 0),
            latency_ms=None if latency is None else float(latency),
            total=int(answer.get("total") or 0),
            degraded=bool(answer.get("degraded")),
            clicks=tuple(sorted(self.clicks.items(), key=lambda click: (click[1], click[0]))),
        )


class ParticipantJoin:
    """Takes the rows of an experiment's queries, then those of events; `participants` joins them.

    A participant is a user with all sessions in which it was known, or else a session: as visitors
    are assigned. `left_out` counts events that belong to nobody.
    """

    def __init__(self, click_actions: Collection[str] = (CLICK,)) -> None:
        self._click_actions = frozenset(click_actions)
        self._answers: dict[str, _Answer] = {}
        self._users: dict[str, str] = {}  # by session
        self._purchases: dict[str, list[float]] = {}
        self.left_out: Counter[str] = Counter()

    def add_query(self, row: Mapping[str, Any]) -> None:
        """Takes a row of ubi_queries that names the experiment."""
        session_id = str(row.get("session_id") or "")
        variant = str(_own(row).get("experiment", {}).get("variant") or "")
        if not (session_id and variant and row.get("query_id")):
            return
        answer = _Answer(row, variant, seconds(row["timestamp"]), session_id)
        self._answers[str(row["query_id"])] = answer
        if row.get("user_id"):
            self._users[session_id] = str(row["user_id"])

    def add_event(self, row: Mapping[str, Any]) -> None:
        """Takes a row of ubi_events."""
        name = str(row.get("action_name") or "")
        action = action_named(name) or name
        if action == PURCHASE:
            unit = self._unit(str(row.get("session_id") or ""), str(row.get("user_id") or ""))
            self._purchases.setdefault(unit, []).append(seconds(row["timestamp"]))
        elif action in self._click_actions:
            self._add_click(row)

    def _add_click(self, row: Mapping[str, Any]) -> None:
        answer = self._answers.get(str(row.get("query_id") or ""))
        if answer is None:
            reason = "of queries that took no part" if row.get("query_id") else "without query_id"
            self.left_out[f"clicks {reason}"] += 1
            return
        item = (row.get("event_attributes") or {}).get("object") or {}
        item_id, hits = str(item.get("object_id") or ""), answer.row.get("query_response_hit_ids")
        hits = hits if isinstance(hits, list) else [hits]
        if item_id not in hits:
            self.left_out["clicks on items that were not shown"] += 1
            return
        position, timestamp = hits.index(item_id) + 1, seconds(row["timestamp"])
        answer.clicks[position] = min(answer.clicks.get(position, timestamp), timestamp)

    def participants(self) -> list[Participant]:
        """All of them, by unit."""
        answers: dict[str, list[LoggedAnswer]] = {}
        for answer in self._answers.values():
            unit = self._unit(answer.session_id, str(answer.row.get("user_id") or ""))
            answers.setdefault(unit, []).append(answer.logged)
        return [
            Participant(
                unit,
                tuple(sorted(answers[unit], key=lambda answer: answer.timestamp)),
                tuple(sorted(self._purchases.get(unit, ()))),
            )
            for unit in sorted(answers)
        ]

    def _unit(self, session_id: str, user_id: str) -> str:
        user = user_id or self._users.get(session_id, "")
        return f"user:{user}" if user else f"session:{session_id}"


def read_participants(
    client: OpenSearch,
    names: IndexNames,
    experiment_id: str,
    since: float,
    click_actions: Collection[str] = (CLICK,),
) -> ParticipantJoin:
    """Reads the cluster's log of an experiment that began at `since`, seconds since 1970."""
    join = ParticipantJoin(click_actions)
    client.indices.refresh(index=f"{names.ubi_queries},{names.ubi_events}")
    of_experiment = {"term": {"query_attributes.live_intent.experiment.id": experiment_id}}
    after = {"range": {"timestamp": {"gte": int(since * 1000), "format": "epoch_millis"}}}
    queries = {"query": {"bool": {"filter": [of_experiment, after]}}}
    impression = {"term": {"action_name": IMPRESSION}}
    events = {"query": {"bool": {"filter": [after], "must_not": [impression]}}}
    for hit in _rows(client, names.ubi_queries, queries, _QUERY_FIELDS):
        join.add_query(hit)
    for hit in _rows(client, names.ubi_events, events, _EVENT_FIELDS):
        join.add_event(hit)
    return join


def _rows(
    client: OpenSearch, index: str, body: dict[str, Any], fields: Collection[str]
) -> Iterator[Mapping[str, Any]]:
    wanted = body | {"_source": list(fields)}
    for hit in scan(client, index=index, query=wanted, size=_SCROLL_SIZE):
        yield hit["_source"]


def _own(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the service itself says of what answered."""
    attributes = row.get("query_attributes")
    own = attributes.get("live_intent") if isinstance(attributes, dict) else None
    return own if isinstance(own, dict) else {}
