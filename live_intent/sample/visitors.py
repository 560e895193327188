"""Invented visitors of the sample shop: what each of them wants next, and why.

SIMULATED. Part of a taste can be read from the items' texts (a brand, a colour, a price level). The
other part no text tells: circles of visitors who like brands that have nothing else in common, and
items that are bought after each other. Only behaviour can teach that part.
"""

import bisect
import math
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from live_intent.sample.catalogue import Row

CIRCLES = 24
_POOL, _INTERESTS = 9, 4  # shelves that a circle looks at, and one visitor of it
_CHINESE = 0.08  # share of visitors who read Chinese titles
_COMPANIONS, _FOLLOWS = 3, 0.4  # items bought after an item; how often that is what comes next
_WORDS = {
    "Smartphones": "手机", "Cases": "手机壳", "Chargers and cables": "充电器",
    "In-ear headphones": "耳机",
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """An item as visitors see it. `price`: 0 for the cheapest of its shelf, 1 for the dearest."""

    item_id: str
    shelf: str  # category and language
    brand: str
    title: str
    traits: frozenset[str]
    popularity: float
    price: float
    word: str  # what somebody types who wants such a thing


@dataclass(frozen=True)
class SimulatedVisitor:
    """What one visitor likes; `seen` are the items acted on, oldest first."""

    user_id: str
    circle: int
    shelves: tuple[str, ...]
    price: float
    traits: frozenset[str]
    seen: list[str] = field(default_factory=list)


class SampleShop:
    """The available items, and the rules that visitors follow; the same for the same seed."""

    def __init__(self, rows: Sequence[Row], seed: int) -> None:
        draw = random.Random(f"{seed} shop")
        self.things = _things(rows)
        self.by_id = {thing.item_id: thing for thing in self.things}
        self.shelves: dict[str, list[Thing]] = defaultdict(list)
        for thing in self.things:
            self.shelves[thing.shelf].append(thing)
        names = sorted(self.shelves)
        english = [name for name in names if name.endswith(" en")]
        self._circles = [draw.sample(english, _POOL) for _ in range(CIRCLES)]
        self._chinese = [name for name in names if name.endswith(" zh")]
        self._favourites = [
            {name: draw.choice(sorted({t.brand for t in self.shelves[name]})) for name in names}
            for _ in range(CIRCLES)
        ]
        follower = {name: draw.choice(english) for name in english}
        follower |= {name: draw.choice(self._chinese) for name in self._chinese}
        self._companions = {
            thing.item_id: draw.choices(
                self.shelves[follower[thing.shelf]],
                [t.popularity for t in self.shelves[follower[thing.shelf]]],
                k=_COMPANIONS,
            )
            for thing in self.things
        }

    def visitor(self, user_id: str, draw: random.Random) -> SimulatedVisitor:
        """A new visitor."""
        circle = draw.randrange(CIRCLES)
        if draw.random() < _CHINESE:
            shelves = tuple(self._chinese)
        else:
            shelves = tuple(draw.sample(self._circles[circle], _INTERESTS))
        traits = sorted({x for name in shelves for t in self.shelves[name] for x in t.traits})
        liked = frozenset(draw.sample(traits, min(len(traits), 6)))
        return SimulatedVisitor(user_id, circle, shelves, draw.random(), liked)

    def wanted(self, visitor: SimulatedVisitor, draw: random.Random) -> Thing:
        """What the visitor wants next: what goes with the last item, or something to taste."""
        if visitor.seen and draw.random() < _FOLLOWS:
            companion = draw.choice(self._companions[visitor.seen[-1]])
            if companion.item_id not in visitor.seen:
                return companion
        shelf = [t for t in self.shelves[draw.choice(visitor.shelves)]
                 if t.item_id not in visitor.seen]  # fmt: skip
        weights = [math.exp(self.liking(visitor, t)) * t.popularity**0.5 for t in shelf]
        return draw.choices(shelf, weights)[0]

    def liking(self, visitor: SimulatedVisitor, thing: Thing) -> float:
        """How much a visitor likes an item; about -3 to 4."""
        brand = 2.5 * (self._favourites[visitor.circle][thing.shelf] == thing.brand)
        return brand + len(visitor.traits & thing.traits) - 3 * abs(visitor.price - thing.price)


def _things(rows: Sequence[Row]) -> list[Thing]:
    """What can be bought, in the catalogue's order."""
    rows = [row for row in rows if row["available"]]
    spread = _categories_of_words(rows)
    prices: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        bisect.insort(prices[_shelf(row)], float(str(row["price"])))
    found = []
    for row in rows:
        of_shelf = prices[_shelf(row)]
        attributes = row["attributes"]
        assert isinstance(attributes, Mapping)
        found.append(
            Thing(
                str(row["item_id"]),
                _shelf(row),
                str(row["brand"]),
                str(row["title"]),
                frozenset(map(str, attributes.values())),
                float(str(row["popularity"])),
                bisect.bisect(of_shelf, float(str(row["price"]))) / len(of_shelf),
                _word(row, spread),
            )
        )
    return found


def _shelf(row: Row) -> str:
    return f"{row['category']} {row['language']}"


def _categories_of_words(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By word, the categories of the items whose titles have it."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for word in title_words(str(row["title"])):
            found[word].append(str(row["category"]))
    return found


def _word(row: Row, spread: Mapping[str, list[str]]) -> str:
    """A word of the title that names a kind of thing: in several titles, of few categories."""
    kind = str(row["category"]).split(" > ")[-1]
    if row["language"] == "zh":
        return _WORDS[kind]
    names = title_words(str(row["brand"]))
    fitting = [
        word
        for word in title_words(str(row["title"]))
        if word not in names and len(spread[word]) >= 8 and len(set(spread[word])) <= 3
    ]
    # The most frequent one leaves most open: what the visitor likes has to say the rest.
    return min(fitting, key=lambda word: (-len(spread[word]), word), default=kind.lower())


def title_words(text: str) -> list[str]:
    """The words of a title, each once: letters only, three or more."""
    return list(dict.fromkeys(re.findall(r"[a-z]{3,}", text.lower())))
