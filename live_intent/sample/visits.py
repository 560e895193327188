"""Simulated visits to the sample shop, for trying `live-intent learn` without data of one's own.

SIMULATED: invented visitors (`live_intent.sample.visitors`) search, look down the list as far as
their patience goes, click and buy. Models learned from it show that the machinery works, never how
good it is. User ids begin with `simulated-`, and so do file names; `evaluate events` recognises the
log by its application and says so. The same seed writes the same files.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_intent.sample.catalogue import SampleRow, sample_items, write_json_lines
from live_intent.sample.queries import title_words
from live_intent.sample.visitors import SampleItem, SampleShop, SimulatedVisitor

APPLICATION = "live-intent-simulated"
SEQUENCES, ROWS = "simulated-sequences.jsonl", "simulated-rows.jsonl"
EVENTS = "simulated-events.ndjson"
PAGE = 10  # hits of an answer; nobody asks for the next page
PRECISE = 0.5  # share of visitors' searches for an item that begin with a phrase of its title
BIAS = 0.6  # a visitor looks at position k with probability k^-BIAS
FIRST_DAY, DAYS = datetime(2026, 2, 1, tzinfo=UTC), 60
_FEWEST, _MOST = 4, 16  # items that a visitor comes for


@dataclass(frozen=True)
class SimulatedEvent:
    """An action on an item; `position`: of the item in the list of hits, from 1."""

    item_id: str
    action: str
    position: int
    time: datetime


@dataclass(frozen=True)
class SimulatedSearch:
    """A query, the items that the shop answered, and the visitor's events on these."""

    query: str
    time: datetime
    hits: tuple[str, ...]
    events: tuple[SimulatedEvent, ...]


@dataclass
class Visits:
    """All searches of one visitor; `first_query`: the first one for the visitor's last item."""

    visitor: SimulatedVisitor
    searches: list[SimulatedSearch] = field(default_factory=list)
    first_query: tuple[str, datetime] | None = None

    @property
    def sequence(self) -> SampleRow:
        """The visitor's row of SEQUENCES."""
        return {"user_id": self.visitor.user_id, "item_ids": self.visitor.item_ids}

    @property
    def row(self) -> SampleRow:
        """The visitor's row of ROWS: the last item as the target, its query, events before it."""
        assert self.first_query is not None
        query, time = self.first_query
        target = self.visitor.item_ids[-1]
        history = [
            {"item_id": event.item_id, "action": event.action, "timestamp": _iso(event.time)}
            for search in self.searches
            for event in search.events
            if event.time < time and event.item_id != target
        ]
        return {
            "user_id": self.visitor.user_id, "query": query, "history": history, "target": target,
        }  # fmt: skip

    @property
    def log(self) -> Iterator[Mapping[str, object]]:
        """Queries and events as UBI rows, each after its bulk action.

        All visits of a visitor have one session id, so that a split by session is one by user.
        """
        user_id = self.visitor.user_id
        ids = {"application": APPLICATION, "session_id": user_id, "client_id": user_id}
        event_number = 0
        for number, search in enumerate(self.searches):
            query_id = f"{user_id}-q{number}"
            yield {"index": {"_index": "ubi_queries", "_id": query_id}}
            yield {
                **ids, "query_id": query_id, "user_query": search.query,
                "timestamp": _iso(search.time), "object_id_field": "item_id",
                "query_response_hit_ids": search.hits,
            }  # fmt: skip
            for event in search.events:
                yield {"index": {"_index": "ubi_events", "_id": f"{user_id}-e{event_number}"}}
                yield {
                    **ids, "query_id": query_id, "action_name": event.action,
                    "user_query": search.query, "timestamp": _iso(event.time),
                    "event_attributes": {
                        "object": {"object_id": event.item_id, "object_id_field": "item_id"},
                        "position": {"ordinal": event.position},
                    },
                }  # fmt: skip
                event_number += 1


class Simulation:
    """Visitors, and a search that ranks the matches by popularity and noise, not by visitor."""

    def __init__(self, rows: Sequence[SampleRow], seed: int = 0) -> None:
        """Take the `rows` of the sample catalogue."""
        self._seed = seed
        self._shop = SampleShop(rows, seed)
        self._postings: dict[str, list[SampleItem]] = defaultdict(list)  # items by word
        for item in self._shop.items:
            kind = item.shelf.rsplit(" ", 1)[0].split(" > ")[-1]
            for word in {*title_words(item.title), kind.lower(), item.query}:
                self._postings[word].append(item)

    @property
    def items(self) -> dict[str, SampleItem]:
        """The available items by id."""
        return {item.item_id: item for item in self._shop.items}

    def visits(self, users: int) -> Iterator[Visits]:
        """Yield the visits of each visitor; every visitor gets at least two items."""
        for number in range(users):
            # One generator per visitor: more users leave the first ones as they are.
            draw = random.Random(f"{self._seed} visitor {number}")
            visits = Visits(self._shop.visitor(f"simulated-{number:05d}", draw))
            time = FIRST_DAY + timedelta(seconds=draw.randrange(86_400 * (DAYS - 20)))
            wants = min(_MOST, _FEWEST + int(draw.expovariate(1 / 4)))
            while wants > 0 or len(visits.visitor.item_ids) < 2:
                time = self._visit(visits, time, draw)
                pause_s = draw.choice((40, 90, 600, 86_400)) * (1 + draw.random())
                time += timedelta(seconds=pause_s)
                wants -= 1
            yield visits

    def _visit(self, visits: Visits, start: datetime, draw: random.Random) -> datetime:
        """Search for one item, then with its brand too; return the time at the end."""
        target = self._shop.next_target(visits.visitor, draw)
        knows = bool(target.phrases) and draw.random() < PRECISE
        query = draw.choice(target.phrases) if knows else target.query
        time = start
        clicked: list[str] = []
        bought: list[str] = []
        for brand in ("", target.brand):
            hits = self._hits(query, brand, draw)
            asked = f"{brand} {query}".strip()
            search = self._search(visits.visitor, target, asked, hits, start=time, draw=draw)
            visits.searches.append(search)
            time = (search.events[-1].time if search.events else time) + timedelta(seconds=20)
            bought = [event.item_id for event in search.events if event.action == "purchase"]
            clicked += [event.item_id for event in search.events if event.action == "click"]
            if bought:
                break
        chosen = bought[:1] or clicked[-1:]  # one item or none
        if chosen and chosen[0] not in visits.visitor.item_ids:
            visits.visitor.item_ids.extend(chosen)
            visits.first_query = (query, start)
        return time

    def _search(
        self,
        visitor: SimulatedVisitor,
        target: SampleItem,
        query: str,
        hits: Sequence[SampleItem],
        *,
        start: datetime,
        draw: random.Random,
    ) -> SimulatedSearch:
        """Act on the hits from the top down until patience ends or the target is bought."""
        looked_at = min(len(hits), int((1 - draw.random()) ** (-1 / BIAS)))
        events: list[SimulatedEvent] = []
        time = start
        for position, item in enumerate(hits[:looked_at], 1):
            time += timedelta(seconds=draw.randint(2, 15))
            utility = self._shop.utility(visitor, item)
            if item is target or draw.random() < 0.08 * max(0.0, utility):
                events.append(SimulatedEvent(item.item_id, "click", position, time))
            if item is target:
                time += timedelta(seconds=draw.randint(10, 60))
                events.append(SimulatedEvent(item.item_id, "purchase", position, time))
                break
        return SimulatedSearch(query, start, tuple(hit.item_id for hit in hits), tuple(events))

    def _hits(self, query: str, brand: str, draw: random.Random) -> list[SampleItem]:
        """Return the first PAGE items that have the words, by popularity with log-normal noise."""
        words = [query] if query in self._postings else title_words(query)
        postings = [self._postings[word] for word in words]
        having = set.intersection(*({item.item_id for item in items} for items in postings))
        items = [
            item for item in postings[0] if item.item_id in having and brand in ("", item.brand)
        ]
        noisy = {item.item_id: item.popularity * draw.lognormvariate(0, 1) for item in items}
        return sorted(items, key=lambda item: (-noisy[item.item_id], item.item_id))[:PAGE]


def write_visits(folder: Path, users: int, seed: int = 0) -> dict[str, int]:
    """Write the three files into the folder; return the number of rows of each.

    `simulated-events.ndjson` is a bulk file: a line with the action before each row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    visits = list(Simulation(list(sample_items()), seed).visits(users))
    log = (line for each in visits for line in each.log)
    return {
        SEQUENCES: write_json_lines(folder / SEQUENCES, (each.sequence for each in visits)),
        ROWS: write_json_lines(folder / ROWS, (each.row for each in visits)),
        EVENTS: write_json_lines(folder / EVENTS, log) // 2,
    }


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
