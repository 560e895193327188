"""Filters as clauses, and the errors of filters that an index can't answer."""

from typing import Any

import pytest

from indexer.index.attribute_schema import AttributeSchema
from plugin_config.attribute_fields import AttributeFields
from query_service.retrieval.filters.filters import Clauses, FilterProblem, clauses
from query_service.schemas.search.filters import Filters

SCHEMA = AttributeSchema(AttributeFields({"colour": "text", "screen.size": "number"}))


def of(filters: dict[str, Any], schema: AttributeSchema = SCHEMA) -> Clauses:
    return clauses(Filters.model_validate(filters), schema)


def message(attributes: dict[str, Any], schema: AttributeSchema = SCHEMA) -> str:
    with pytest.raises(FilterProblem) as raised:
        of({"attributes": attributes}, schema)
    (error,) = raised.value.errors
    assert error.field.startswith("filters.attributes.")
    return error.message


def test_no_filter_is_no_clause() -> None:
    assert clauses(None, SCHEMA) == []
    assert of({}) == []
    assert of({"brand": [], "attributes": {"colour": {}}}) == []


def test_brands_are_compared_by_their_keys() -> None:
    assert of({"brand": "CANON"}) == [{"terms": {"keys.brand": ["canon"]}}]
    older = AttributeSchema(outdated=True)
    assert of({"brand": "CANON"}, older) == [{"terms": {"brand": ["CANON"]}}]
    assert of({"currency": "EUR"}) == [{"terms": {"currency": ["EUR"]}}]  # made before facets
    newer = AttributeSchema(facets=())
    assert of({"currency": "EUR"}, newer) == [{"terms": {"keys.currency": ["eur"]}}]


def test_an_unknown_attribute_lists_those_there_are_the_nearest_first() -> None:
    assert message({"Screen-Size": 5}) == (
        "there is no such attribute. There are: screen.size, colour"
    )
    many = AttributeSchema(AttributeFields({f"a{n}": "text" for n in range(100)}))
    assert message({"b": "x"}, many).endswith(", ... (100 in all)")
    assert "has no public attributes" in message({"b": "x"}, AttributeSchema())
    assert "live-intent index rebuild" in message({"b": "x"}, AttributeSchema(outdated=True))


def test_each_wrong_attribute_is_named() -> None:
    with pytest.raises(FilterProblem) as raised:
        of({"attributes": {"color": "red", "size": 5, "colour": "red"}})
    fields = [error.field for error in raised.value.errors]
    assert fields == ["filters.attributes.color", "filters.attributes.size"]


def test_a_range_needs_numbers_or_dates() -> None:
    assert "its values are texts" in message({"colour": {"gt": 3}})
    assert "gte 'large' is not a number" in message({"screen.size": {"gte": "large"}})
