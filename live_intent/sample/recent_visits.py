"""Simulated visits of the last weeks in a cluster, so that insights have something to show.

SIMULATED: their rows have the application of the sample's log, by which pages and reports say so.
Clicks, positions and purchases are those of the visits; how long an answer took and what it did
without are invented.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from live_intent.sample.catalogue import sample_items
from live_intent.sample.visitors import SampleItem
from live_intent.sample.visits import APPLICATION, SimulatedSearch, Simulation, Visits
from plugin_config.schema import IndexNames

VISITORS = 250
NOW = 0.85  # share of the searches
DEGRADED = 0.01  # share of the answers
WISHES = ("drone", "gift card", "garden gnome", "piano", "e-scooter")  # that the shop lacks
WISHED = 0.05  # share of the searches that another one without hits follows
LONG_TAIL = 0.5  # popularity below that of this share of the items


def load_recent_visits(client: OpenSearch, names: IndexNames, visitors: int = VISITORS) -> int:
    """Write rows of simulated visits that end now, unless there are some; return how many.

    An earlier run's rows stay as they are. Raises OpenSearchException.
    """
    there = {"query": {"term": {"application": APPLICATION}}}
    if client.count(index=names.ubi_queries, body=there)["count"]:
        return 0
    simulation = Simulation(list(sample_items()))
    visits = list(simulation.visits(visitors))
    # The last visitors are few: what comes after NOW's share of the searches is left out.
    times = sorted(search.time for visit in visits for search in visit.searches)
    now = datetime.now(UTC)
    shift = now - times[int(NOW * len(times))]
    answers = _Answers(simulation.items)
    actions = [
        {
            "_op_type": "index",
            "_index": names.writing(names.ubi_queries),
            "_id": f"{APPLICATION}-{visit.visitor.user_id}-{number}",
            "require_alias": True,
            "_source": row,
        }
        for visit in visits
        for number, row in enumerate(_rows(visit, shift, answers))
        if row["timestamp"] <= now.isoformat(timespec="milliseconds")
    ]
    bulk(client, actions, refresh=True)
    return len(actions)


def _rows(visit: Visits, shift: timedelta, answers: "_Answers") -> Iterator[dict[str, Any]]:
    visitor, acted = visit.visitor.user_id, False
    draw = random.Random(visitor)
    for number, search in enumerate(visit.searches):
        yield _row(visitor, f"q{number}", search, shift, answers.of(search, acted, shift))
        acted = acted or bool(search.events)
        if draw.random() < WISHED:
            time = search.time + timedelta(minutes=1)
            wish = SimulatedSearch(draw.choice(WISHES), time, (), ())
            yield _row(visitor, f"w{number}", wish, shift, answers.of(wish, acted, shift))


def _row(
    visitor: str, name: str, search: SimulatedSearch, shift: timedelta, answer: dict[str, Any]
) -> dict[str, Any]:
    time = search.time + shift
    row = {
        "application": APPLICATION,
        "query_id": f"{visitor}-{name}",
        # One session a day: it is sessions that say how many people search for something.
        "session_id": f"{visitor}-{time:%j}",
        "client_id": visitor,
        "user_query": search.query,
        "object_id_field": "item_id",
        "timestamp": time.isoformat(timespec="milliseconds"),
        "answer": answer,
    }
    return row | ({"query_response_hit_ids": list(search.hits)} if search.hits else {})


class _Answers:
    """The field `answer` of simulated rows."""

    def __init__(self, items: dict[str, SampleItem]) -> None:
        self._items = items
        popularity = sorted(item.popularity for item in items.values())
        self._tail = popularity[int(LONG_TAIL * len(popularity))]
        self._draw = random.Random(0)

    def of(self, search: SimulatedSearch, acted: bool, shift: timedelta) -> dict[str, Any]:
        items = [self._items[item_id] for item_id in search.hits]
        fields: dict[str, Any] = {
            "took_ms": round(self._draw.lognormvariate(3.4, 0.45), 1),
            "offset": 0,
            "total": len(items),
            "shown": len(items),
            "personalized": acted,
            "degraded": ["rerank"] if self._draw.random() < DEGRADED else [],
            "brands": sorted({item.brand for item in items}),
            "categories": sorted({item.shelf.rsplit(" ", 1)[0].split(" > ")[0] for item in items}),
            "long_tail": sum(item.popularity < self._tail for item in items),
            "newcomers": sum(item.popularity <= 0 for item in items),
        }
        if search.events:
            first = search.events[0]
            clicked = list(dict.fromkeys(event.item_id for event in search.events))
            fields |= {
                "clicked_ids": clicked,
                "clicks": len(clicked),
                "first_click": first.position,
                "first_click_at": round((first.time + shift).timestamp() * 1000),
                "reciprocal_rank": 1 / first.position,
                "purchased": any(event.action == "purchase" for event in search.events),
            }
        return fields
