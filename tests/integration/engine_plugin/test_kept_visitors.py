"""Visitors whom a node keeps: not read again while their documents stay the same, never longer."""

import time

import pytest

from query_service.sessions.documents import document_id
from tests.integration.engine_plugin.test_statistics import counts
from tests.integration.engine_plugin.visited_shop import VisitedShop, ids, state

pytestmark = pytest.mark.node


def unchanged(shop: VisitedShop) -> int:
    """How many reads found a kept visitor's documents unchanged."""
    found: int = counts(shop)["session_reads"]["unchanged"]
    return found


def test_what_changes_a_kept_visitor_counts_in_the_next_search(shop: VisitedShop) -> None:
    shop.visit("kept", [4, 12])
    first = shop.search(shop.one, "kept")
    before = unchanged(shop)
    assert ids(shop.search(shop.one, "kept")) == ids(first)
    assert unchanged(shop) > before
    shop.visit("kept", [1, 5, 9])
    assert state(shop.search(shop.one, "kept"))["events"] == 3
    shop.visit("buyer", [20, 21], kind="user")
    with_user = {"user_id": "buyer"}
    assert state(shop.search(shop.one, "kept", live_intent=with_user))["events"] == 5
    shop.visit("buyer", [20], kind="user")
    assert state(shop.search(shop.one, "kept", live_intent=with_user))["events"] == 4
    shop.visit("kept", [1], consent={"track": True, "personalize": False})
    assert state(shop.search(shop.one, "kept"))["reason"] == "consent"
    shop.client.delete(index=f"{shop.prefix}sessions", id=document_id("session", "kept"))
    assert state(shop.search(shop.one, "kept"))["reason"] == "unknown_session"


def test_an_index_made_again_under_its_name_has_other_visitors(shop: VisitedShop) -> None:
    sessions = f"{shop.prefix}again"
    shop.put_pipeline(f"{shop.prefix}again", sessions_index=sessions)
    for rows in ([4, 12], [1, 5, 9]):  # the same version of the document, in another index
        shop.client.indices.create(index=sessions, body={"mappings": {"enabled": False}})
        found = shop.client.index(
            index=sessions, id=document_id("session", "s"), body=stored(shop, rows)
        )
        assert found["_seq_no"] == 0
        for _ in range(2):
            answer = shop.search(shop.one, "s", pipeline=f"{shop.prefix}again")
            assert state(answer)["events"] == len(rows)
        shop.client.indices.delete(index=sessions)


def stored(shop: VisitedShop, rows: list[int]) -> dict[str, object]:
    """A session's document with an event on each item."""
    now = int(time.time() * 1000)
    return {"kind": "session", "events": [shop.event("s", row, now) for row in rows]}
