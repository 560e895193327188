"""Simulated visits to the sample shop, for trying `live-intent learn` without data of one's own.

SIMULATED: invented visitors (`sample_visitors`) search, look down the list as far as patience goes,
click and buy. Whatever is learned from it shows that the machinery works, never how good it is.
Users are named `simulated-...`, files likewise, and the log's application is one that `evaluate
events` tells of. The same seed writes the same files.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_intent.sample.catalogue import Row, sample_items
from live_intent.sample.visitors import SampleShop, SimulatedVisitor, Thing, title_words

APPLICATION = "live-intent-simulated"
SEQUENCES, ROWS = "simulated-sequences.jsonl", "simulated-rows.jsonl"
EVENTS = "simulated-events.ndjson"
SHOWN = 10  # hits on a page; nobody turns it
BIAS = 0.6  # place k is looked at with a chance of k^-BIAS
FIRST_DAY, DAYS = datetime(2026, 2, 1, tzinfo=UTC), 60
_FEWEST, _MOST = 4, 16  # things that a visitor comes for


@dataclass(frozen=True)
class Act:
    """What a visitor did with an item. `place`: where it stood in the list, from 1."""

    item_id: str
    action: str
    place: int
    when: datetime


@dataclass(frozen=True)
class Asked:
    """A query, what the shop showed, and what the visitor did then."""

    text: str
    when: datetime
    shown: tuple[str, ...]
    acts: tuple[Act, ...]


@dataclass
class Visits:
    """All that one visitor did. `broad`: the first query for the last thing that was got."""

    user_id: str
    asked: list[Asked] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    broad: tuple[str, datetime] | None = None

    @property
    def sequence(self) -> Row:
        """The row of the sequences: what was bought or, where nothing was, looked at."""
        return {"user_id": self.user_id, "item_ids": self.got}

    @property
    def row(self) -> Row:
        """The last thing that was got as the target, with its first query and all before it."""
        assert self.broad is not None
        query, when = self.broad
        history = [
            {"item_id": act.item_id, "action": act.action, "timestamp": _iso(act.when)}
            for asked in self.asked
            for act in asked.acts
            if act.when < when and act.item_id != self.got[-1]
        ]
        return {"user_id": self.user_id, "query": query, "history": history, "target": self.got[-1]}


class Simulation:
    """Visitors and the shop that answers them: by words and popularity, the same for everybody."""

    def __init__(self, rows: Sequence[Row], seed: int = 0) -> None:
        """`rows` of the sample catalogue."""
        self._seed = seed
        self._shop = SampleShop(rows, seed)
        self._with_word: dict[str, list[Thing]] = defaultdict(list)
        for thing in self._shop.things:
            kind = thing.shelf.rsplit(" ", 1)[0].split(" > ")[-1]
            words = {*title_words(thing.title), kind.lower(), thing.word}
            for word in words:
                self._with_word[word].append(thing)

    def visits(self, users: int) -> Iterator[Visits]:
        """Everything that each of the visitors does; all of them get two things at least."""
        for number in range(users):
            # One generator a visitor: more users leave the first ones as they are.
            draw = random.Random(f"{self._seed} visitor {number}")
            visitor = self._shop.visitor(f"simulated-{number:05d}", draw)
            made = Visits(visitor.user_id)
            moment = FIRST_DAY + timedelta(seconds=draw.randrange(86_400 * (DAYS - 20)))
            wants = min(_MOST, _FEWEST + int(draw.expovariate(1 / 4)))
            while wants > 0 or len(made.got) < 2:
                moment = self._shops(visitor, made, moment, draw)
                moment += timedelta(
                    seconds=draw.choice((40, 90, 600, 86_400)) * (1 + draw.random())
                )
                wants -= 1
            yield made

    def _shops(
        self, visitor: SimulatedVisitor, made: Visits, moment: datetime, draw: random.Random
    ) -> datetime:
        """One thing is wanted: a broad query, then perhaps one that names the brand too."""
        wanted = self._shop.wanted(visitor, draw)
        begun = moment
        clicked: list[str] = []
        for brand in ("", wanted.brand):
            asked = self._asks(visitor, wanted, brand, moment, draw)
            made.asked.append(asked)
            moment = (asked.acts[-1].when if asked.acts else moment) + timedelta(seconds=20)
            bought = [act.item_id for act in asked.acts if act.action == "purchase"]
            clicked += [act.item_id for act in asked.acts if act.action == "click"]
            if bought:
                self._gets(visitor, made, bought[0], wanted.word, begun)
                return moment
        if clicked:
            self._gets(visitor, made, clicked[-1], wanted.word, begun)
        return moment

    def _gets(
        self, visitor: SimulatedVisitor, made: Visits, item_id: str, word: str, begun: datetime
    ) -> None:
        if item_id not in visitor.seen:
            visitor.seen.append(item_id)
            made.got.append(item_id)
            made.broad = (word, begun)

    def _asks(
        self,
        visitor: SimulatedVisitor,
        wanted: Thing,
        brand: str,
        moment: datetime,
        draw: random.Random,
    ) -> Asked:
        shown = self._answer(wanted.word, brand, draw)
        looked_at = min(len(shown), int((1 - draw.random()) ** (-1 / BIAS)))
        acts: list[Act] = []
        when = moment
        for place, thing in enumerate(shown[:looked_at], 1):
            when += timedelta(seconds=draw.randint(2, 15))
            liking = self._shop.liking(visitor, thing)
            if thing is wanted or draw.random() < 0.08 * max(0.0, liking):
                acts.append(Act(thing.item_id, "click", place, when))
            if thing is wanted:
                when += timedelta(seconds=draw.randint(10, 60))
                acts.append(Act(thing.item_id, "purchase", place, when))
                break
        text = f"{brand} {wanted.word}".strip()
        return Asked(text, moment, tuple(t.item_id for t in shown), tuple(acts))

    def _answer(self, word: str, brand: str, draw: random.Random) -> list[Thing]:
        """Items that have the words, the popular ones first, with some chance in it."""
        found = [t for t in self._with_word[word] if brand in ("", t.brand)]
        noise = {t.item_id: t.popularity * draw.lognormvariate(0, 1) for t in found}
        return sorted(found, key=lambda t: (-noise[t.item_id], t.item_id))[:SHOWN]


def write_visits(folder: Path, users: int, seed: int = 0) -> dict[str, int]:
    """Writes the three files into the folder; how many rows each of them got.

    `simulated-events.ndjson` is a bulk file, a line with the action before each row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = list(Simulation(list(sample_items()), seed).visits(users))
    return {
        SEQUENCES: _write(folder / SEQUENCES, (each.sequence for each in made)),
        ROWS: _write(folder / ROWS, (each.row for each in made)),
        EVENTS: _write(folder / EVENTS, (line for each in made for line in _ubi(each))) // 2,
    }


def _ubi(visits: Visits) -> Iterator[Mapping[str, object]]:
    """A visitor's queries and events as UBI rows, each behind the line of its bulk action.

    The session lasts as long as the visitor: a split by session is one by user.
    """
    who = {"application": APPLICATION, "session_id": visits.user_id, "client_id": visits.user_id}
    events = 0
    for number, asked in enumerate(visits.asked):
        query_id = f"{visits.user_id}-q{number}"
        yield {"index": {"_index": "ubi_queries", "_id": query_id}}
        yield {
            **who, "query_id": query_id, "user_query": asked.text, "timestamp": _iso(asked.when),
            "object_id_field": "item_id", "query_response_hit_ids": asked.shown,
        }  # fmt: skip
        for act in asked.acts:
            yield {"index": {"_index": "ubi_events", "_id": f"{visits.user_id}-e{events}"}}
            yield {
                **who, "query_id": query_id, "action_name": act.action,
                "user_query": asked.text, "timestamp": _iso(act.when),
                "event_attributes": {
                    "object": {"object_id": act.item_id, "object_id_field": "item_id"},
                    "position": {"ordinal": act.place},
                },
            }  # fmt: skip
            events += 1


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
