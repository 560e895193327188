"""When the conditions of a rule hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from query_service.rules.situation import CompiledConditions, Situation
from query_service.schemas.administration.rules import Conditions
from query_service.schemas.search.filters import Filters
from query_service.user.visitor import Event, Visitor


def holds(
    when: dict[str, Any],
    *,
    filters: dict[str, Any] | None = None,
    at: str = "2026-11-27T12:00:00+00:00",
    query: str = "desk lamp",
    **fields: Any,
) -> bool:
    situation = Situation(
        request=fields.get("request", "search"),
        query_text=query,
        filters=None if filters is None else Filters.model_validate(filters),
        scenario=fields.get("scenario", "shop"),
        user_id=fields.get("user_id", ""),
        visitor=fields.get("visitor", Visitor("s")),
        at=datetime.fromisoformat(at).timestamp(),
    )
    return CompiledConditions(Conditions.model_validate(when)).hold(situation)


def test_all_parts_of_a_condition_hold_and_any_of_its_values() -> None:
    assert holds({"query": {"is": ["x", "Desk-Lamp"]}, "scenario": ["feed", "shop"]})
    assert not holds({"query": {"is": "desk lamp"}, "scenario": "feed"})
    assert not holds({"query": {"contains": "lamp", "matches": "^lamp"}})
    assert not holds({"query": {"contains": "lamp"}}, query="", request="recommend")
    assert holds({"request": "recommend"}, query="", request="recommend")


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-11-26T22:59:59+00:00", False), ("2026-11-26T23:00:00+00:00", True),
        ("2026-11-30T22:59:59+00:00", True), ("2026-11-30T23:00:00+00:00", False),
    ],
)  # fmt: skip
def test_a_window_of_dates_counts_its_days_whole_in_its_zone(at: str, held: bool) -> None:
    window = {"from": "2026-11-27", "until": "2026-11-30", "zone": "Europe/Berlin"}
    assert holds({"window": window}, at=at) is held


def test_the_zone_of_a_window_knows_summer_time() -> None:
    window = {"from": "2026-07-01T09:00:00", "zone": "Europe/Berlin"}
    begin = CompiledConditions(Conditions.model_validate({"window": window})).window[0]
    assert datetime.fromtimestamp(begin, UTC).hour == 7


@pytest.mark.parametrize(
    ("wanted", "filters", "held"),
    [
        ({"category": "Home"}, {"category": "HOME > Light"}, True),
        ({"category": "Home"}, {"category": "Homeware"}, False),
        ({"category": "Home > Light"}, {"category": "Home"}, False),
        ({"category": "Home"}, {"category": ["Home > Light", "Garden"]}, False),
        ({"category": "Home"}, None, False),
        ({"filters": {"brand": ["Acme", "Bolt"]}}, {"brand": "ACME", "available": True}, True),
        ({"filters": {"brand": "Acme"}}, {"brand": ["Acme", "Bolt"]}, False),
        ({"filters": {"price": {"lte": 50}}}, {"price": {"lt": 50}}, True),
        ({"filters": {"price": {"lt": 50}}}, {"price": {"lte": 50}}, False),
        ({"filters": {"price": {"gte": 10}}}, {"price": {"gte": 20, "lte": 30}}, True),
        ({"filters": {"price": {"gte": 10}}}, {"price": {"lte": 30}}, False),
        ({"filters": {"available": True}}, {"available": False}, False),
        ({"filters": {"attributes": {"watts": {"gt": 3}}}}, {"attributes": {"watts": 5}}, False),
        ({"filters": {"attributes": {"watts": 5}}}, {"attributes": {"watts": [5.0]}}, True),
        ({"filters": {"attributes": {"made": {"gt": "2025-01-01"}}}},
         {"attributes": {"made": {"gte": "2025-02-01"}}}, True),
        ({"filters": {"brand": {"not": "Bolt"}}}, {"brand": {"not": ["bolt", "Rain"]}}, True),
        ({"filters": {"language": {"exists": True}}}, {"language": "en"}, False),
    ],
)  # fmt: skip
def test_a_request_is_filtered_so_or_more_narrowly(
    wanted: dict[str, Any], filters: dict[str, Any] | None, held: bool
) -> None:
    assert holds(wanted, filters=filters) is held


def test_what_the_visitor_did_counts_by_item_and_not_where_it_is_unknown() -> None:
    features = ("brand:acme", "category:home", "category:home > light", "word:lamp")
    event = Event("purchase", "5", 1.0, "s", features=features)
    other = Event("purchase", "6", 1.0, "s", features=("brand:bolt", "category:garden"))
    visitor = Visitor("s", events=(event, other))
    did = {"visitor": {"did": {"purchase": {"brand": "ACME", "category": ["Home"]}}}}
    assert holds(did, visitor=visitor)
    assert not holds({"visitor": {"did": {"click": {"brand": "Acme"}}}}, visitor=visitor)
    mixed = {"visitor": {"did": {"purchase": {"brand": "Acme", "category": "Garden"}}}}
    assert not holds(mixed, visitor=visitor)
    assert holds({"visitor": {"did": {"purchase": {}}}}, visitor=visitor)
    for condition in (did, {"visitor": {"new": True}}, {"visitor": {"new": False}}):
        assert not holds(condition, visitor=None)
    assert holds({"visitor": {"new": True}})
    assert holds({"visitor": {"known": True}}, visitor=None, user_id="u")
    assert holds({"visitor": {"known": False}}, visitor=None)
