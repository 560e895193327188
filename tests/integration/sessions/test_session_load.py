"""Many writers of one session, and a visitor who never stops."""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest
from opensearchpy import OpenSearch

from plugin_config.schema import IndexNames
from query_service.sessions.limits import SessionLimits
from query_service.sessions.store import SessionStore
from tests.integration.session_stores import click, clicked, lookup, query, two_stores

pytestmark = pytest.mark.node
WRITERS = 50


def test_fifty_writers_at_one_session_lose_no_event(
    client: OpenSearch, indexes: IndexNames
) -> None:
    limits = SessionLimits(session_events=4 * WRITERS, user_events=4 * WRITERS)
    with two_stores(client, indexes, limits) as stores, ThreadPoolExecutor(WRITERS) as pool:
        slowest_s = 0.0

        def write(writer: int) -> list[str]:
            nonlocal slowest_s
            statuses = []
            for turn in range(4):
                event = click(
                    f"i{writer}-{turn}", "crowd", user_id="u", event_id=f"{writer}-{turn}"
                )
                began = time.monotonic()
                for _ in range(1 + turn % 2):  # every second one is sent twice
                    outcomes = stores[writer % 2].record_events([event], lookup)
                    statuses += [outcome.status for outcome in outcomes]
                slowest_s = max(slowest_s, time.monotonic() - began)
            return statuses

        assert {each for row in pool.map(write, range(WRITERS)) for each in row} == {"accepted"}
        expected = sorted(f"i{writer}-{turn}" for writer in range(WRITERS) for turn in range(4))
        for visitor in (stores[0].read("crowd"), stores[1].read("another", "u")):
            assert sorted(clicked(visitor)) == expected
        assert stores[0].export("crowd")["ubi_events"]["count"] == len(expected)
        assert slowest_s < 30


def test_a_bot_s_5000_events_cost_neither_itself_nor_others_more_than_its_first(
    client: OpenSearch, indexes: IndexNames
) -> None:
    store = SessionStore(client, indexes)

    def cost_s() -> tuple[float, float]:
        """Of one more event of the bot, and of reading another session, the median of 15."""
        bot, others = [], []
        for number in range(15):
            began = time.perf_counter()
            store.record_events([click(f"b{number}", "bot", user_id="bot")], lookup)
            bot.append(time.perf_counter() - began)
            began = time.perf_counter()
            assert clicked(store.read("a visitor")) == ["i1"]
            others.append(time.perf_counter() - began)
        return median(bot), median(others)

    def add(count: int) -> None:
        for start in range(0, count, 500):
            events = [click(f"i{n}", "bot", user_id="bot") for n in range(min(count - start, 500))]
            store.record_events(events, lookup)
            store.record_query(query(f"phone {start}", "bot"), user_id="bot")

    store.record_events([click("i1", "a visitor")], lookup)
    add(100)
    bot_s, others_s = cost_s()
    add(4900)
    later_bot_s, later_others_s = cost_s()
    assert later_bot_s < 3 * bot_s + 0.05
    assert later_others_s < 3 * others_s + 0.05
    for kind, limit in (("session", 50), ("user", 100)):
        source = client.get(index=indexes.sessions, id=f"{kind}:bot")["_source"]
        assert len(source["events"]) == limit
    assert store.delete("bot").ubi_events == 5030
    store.close()
