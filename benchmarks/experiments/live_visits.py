"""SIMULATED visitors who search the real service, click by their taste and buy what they want."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.served import Api
from live_intent.sample.catalogue import SampleRow
from live_intent.sample.visitors import SampleItem, SampleShop, SimulatedVisitor

BIAS = 0.6  # a visitor looks at position k with probability k^-BIAS
CLICK_RATE = 0.06  # by point of utility, of an item looked at


class LiveVisits:
    """Visits of a shop that the service answers; the same seed draws the same visitors."""

    def __init__(self, api: Api, rows: Sequence[SampleRow], seed: int) -> None:
        self._api, self._seed = api, seed
        self._shop = SampleShop(rows, seed)
        self._items = {item.item_id: item for item in self._shop.items}

    def run(self, name: str, visitors: int, searches: int, threads: int = 4) -> None:
        """So many visitors, each with so many searches."""

        def visit(number: int) -> None:
            draw = random.Random(f"{self._seed} {name} {number}")
            visitor = self._shop.visitor(f"{name}-{number}", draw)
            for _ in range(searches):
                self._search(visitor, self._shop.next_target(visitor, draw), draw)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(visit, range(visitors)))

    def _search(self, visitor: SimulatedVisitor, target: SampleItem, draw: random.Random) -> None:
        session = visitor.user_id
        body = {"query": target.query, "session_id": session, "deadline_ms": 60_000}
        answer = self._api.post("/v1/search", body)
        looked_at = int((1 - draw.random()) ** (-1 / BIAS))
        for hit in answer["hits"][:looked_at]:
            item = self._items.get(hit["item_id"])
            if item is None or item.shelf != target.shelf:
                continue  # of another kind: nobody who wants a lamp looks at a kettle
            wanted = item.item_id == target.item_id
            rate = CLICK_RATE * max(0.0, self._shop.utility(visitor, item))
            if wanted or draw.random() < rate:
                self._event("click", session, hit, answer)
            if wanted:
                self._event("purchase", session, hit, answer)
                visitor.item_ids.append(item.item_id)
                return

    def _event(
        self, action: str, session: str, hit: Mapping[str, object], answer: Mapping[str, object]
    ) -> None:
        event = {
            "action": action, "session_id": session, "item_id": hit["item_id"],
            "query_id": answer["query_id"], "position": hit["position"],
        }  # fmt: skip
        self._api.post("/v1/events", {"events": [event]})
