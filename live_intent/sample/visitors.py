"""Simulated visitors of the sample shop: what each of them wants next, and why.

SIMULATED. The items' texts show one part of a taste: a brand, a colour, a price level. Only
behaviour shows the other part: a taste group shares favourite brands that have nothing else in
common, and some items are bought after others.
"""

import bisect
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from live_intent.sample.catalogue import SampleRow
from live_intent.sample.queries import SampleQueries

TASTE_GROUPS = 24
_GROUP_SHELVES, _VISITOR_SHELVES = 9, 4  # that interest a taste group, and one visitor of it
_CHINESE = 0.08  # share of visitors who read Chinese titles
_COMPANIONS, _FOLLOWS = 3, 0.4  # items often bought after an item; the chance that one is next


@dataclass(frozen=True)
class SampleItem:
    """An item as visitors see it. `price`: its quantile on its shelf, in (0, 1]."""

    item_id: str
    shelf: str  # category and language
    brand: str
    title: str
    traits: frozenset[str]  # values of its attributes
    popularity: float
    price: float
    query: str  # what a visitor types who wants an item of this kind: one broad word
    phrases: tuple[str, ...]  # and what one types who knows it better, perhaps nothing


@dataclass(frozen=True)
class SimulatedVisitor:
    """What a visitor likes; `item_ids`: bought, or else clicked last in a visit; oldest first."""

    user_id: str
    taste_group: int
    shelves: tuple[str, ...]
    price: float
    traits: frozenset[str]
    item_ids: list[str] = field(default_factory=list)


class SampleShop:
    """The available items, and the rules that visitors follow; the same for the same seed."""

    def __init__(self, rows: Sequence[SampleRow], seed: int) -> None:
        draw = random.Random(f"{seed} shop")
        self.items = _available_items(rows)
        self._shelves: dict[str, list[SampleItem]] = defaultdict(list)
        for item in self.items:
            self._shelves[item.shelf].append(item)
        names = sorted(self._shelves)
        english = [name for name in names if name.endswith(" en")]
        self._group_shelves = [draw.sample(english, _GROUP_SHELVES) for _ in range(TASTE_GROUPS)]
        self._chinese = [name for name in names if name.endswith(" zh")]
        self._favourite_brands = [
            {name: draw.choice(sorted({t.brand for t in self._shelves[name]})) for name in names}
            for _ in range(TASTE_GROUPS)
        ]
        follower = {name: draw.choice(english) for name in english}
        follower |= {name: draw.choice(self._chinese) for name in self._chinese}
        self._companions = {
            item.item_id: draw.choices(
                self._shelves[follower[item.shelf]],
                [other.popularity for other in self._shelves[follower[item.shelf]]],
                k=_COMPANIONS,
            )
            for item in self.items
        }

    def visitor(self, user_id: str, draw: random.Random) -> SimulatedVisitor:
        """Draw a new visitor."""
        group = draw.randrange(TASTE_GROUPS)
        if draw.random() < _CHINESE:
            shelves = tuple(self._chinese)
        else:
            shelves = tuple(draw.sample(self._group_shelves[group], _VISITOR_SHELVES))
        traits = sorted({x for name in shelves for t in self._shelves[name] for x in t.traits})
        liked = frozenset(draw.sample(traits, min(len(traits), 6)))
        return SimulatedVisitor(user_id, group, shelves, draw.random(), liked)

    def next_target(self, visitor: SimulatedVisitor, draw: random.Random) -> SampleItem:
        """Draw the item that the visitor wants next: a companion of the last one, or by taste."""
        if visitor.item_ids and draw.random() < _FOLLOWS:
            companion = draw.choice(self._companions[visitor.item_ids[-1]])
            if companion.item_id not in visitor.item_ids:
                return companion
        shelf = self._shelves[draw.choice(visitor.shelves)]
        new = [item for item in shelf if item.item_id not in visitor.item_ids]
        weights = [math.exp(self.utility(visitor, item)) * item.popularity**0.5 for item in new]
        return draw.choices(new, weights)[0]

    def utility(self, visitor: SimulatedVisitor, item: SampleItem) -> float:
        """Return how much the visitor likes the item, about -3 to 4."""
        brand = 2.5 * (self._favourite_brands[visitor.taste_group][item.shelf] == item.brand)
        return brand + len(visitor.traits & item.traits) - 3 * abs(visitor.price - item.price)


def _available_items(rows: Sequence[SampleRow]) -> list[SampleItem]:
    """Return what can be bought, in the catalogue's order."""
    rows = [row for row in rows if row["available"]]
    queries = SampleQueries(rows)
    prices: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        bisect.insort(prices[_shelf(row)], float(str(row["price"])))
    items = []
    for row in rows:
        shelf_prices = prices[_shelf(row)]
        attributes = row["attributes"]
        assert isinstance(attributes, Mapping)
        items.append(
            SampleItem(
                item_id=str(row["item_id"]),
                shelf=_shelf(row),
                brand=str(row["brand"]),
                title=str(row["title"]),
                traits=frozenset(map(str, attributes.values())),
                popularity=float(str(row["popularity"])),
                price=bisect.bisect(shelf_prices, float(str(row["price"]))) / len(shelf_prices),
                query=queries.broad(row),
                phrases=queries.precise(row),
            )
        )
    return items


def _shelf(row: SampleRow) -> str:
    return f"{row['category']} {row['language']}"
