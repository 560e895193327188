"""`GET _plugins/_live_intent/stats`: what the nodes counted."""

from typing import Any

import pytest

from tests.integration.engine_plugin.visited_shop import VisitedShop

pytestmark = pytest.mark.node


def test_searches_are_counted_by_what_became_of_them(shop: VisitedShop) -> None:
    before = counts(shop)
    shop.search(shop.one)  # names nobody: not counted
    shop.search(shop.one, "lamps")
    for _ in range(2):
        shop.search(shop.one, "nobody")
    after = counts(shop)
    assert after["personalised"] == before["personalised"] + 1
    unknown = [each["plain"].get("unknown_session", 0) for each in (before, after)]
    assert unknown[1] == unknown[0] + 2
    reads = [each["session_reads"]["total"] for each in (before, after)]
    assert reads[1] == reads[0] + 3
    assert after["session_reads"]["time_in_millis"] >= 0


def counts(shop: VisitedShop) -> dict[str, Any]:
    """The counts of the only node."""
    answer = shop.client.transport.perform_request("GET", "/_plugins/_live_intent/stats")
    assert answer["_nodes"]["failed"] == 0
    [node] = answer["nodes"].values()
    assert node["name"]
    found: dict[str, Any] = node
    return found
