"""The order of all matches by a field, in place of relevance."""

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from indexer.index.attribute_schema import AttributeSchema
from plugin_config.attribute_fields import VALUES, field_name
from query_service.retrieval.filters.filters import MAX_LISTED, FilterProblem
from query_service.schemas.problems import FieldError
from query_service.schemas.search.sort import RELEVANCE, Direction, SortBy

ATTRIBUTE = "attributes."
_FIELDS: dict[str, tuple[str, Direction]] = {
    "price": ("price", "asc"),
    "newest": ("updated_at", "desc"),
    "popularity": ("popularity", "desc"),
    "name": ("title", "asc"),
}
_WORDS = {
    "price": {"asc": "price, lowest first", "desc": "price, highest first"},
    "newest": {"asc": "date, oldest first", "desc": "date, newest first"},
    "popularity": {"asc": "popularity, lowest first", "desc": "popularity, highest first"},
    "name": {"asc": "name, from A to Z", "desc": "name, from Z to A"},
}
SORTABLE_TYPES = ("number", "date")
# What the engine gives as the sort value of an item without one: of a text, a float, a date.
_MISSING = (None, "Infinity", "-Infinity", 2**63 - 1, -(2**63))


@dataclass(frozen=True)
class SortOrder:
    """By `field`, `direction`; items without a value last, ties by item id."""

    name: str  # as the request has it: `price`, `attributes.weight`
    field: str
    direction: Direction

    @property
    def clauses(self) -> list[dict[str, Any]]:
        """The `sort` of a search body."""
        by_field = {self.field: {"order": self.direction, "missing": "_last"}}
        return [by_field, {"item_id": "asc"}]

    def why(self, sort_values: Sequence[Any]) -> str:
        """One line for people: the order, and whether the item lacks the value."""
        plain = f"{self.name.removeprefix(ATTRIBUTE)}, " + (
            "lowest first" if self.direction == "asc" else "highest first"
        )
        line = f"sorted by {_WORDS.get(self.name, {}).get(self.direction, plain)}"
        if sort_values and sort_values[0] in _MISSING:
            return f"{line}; it has no {self.name.removeprefix(ATTRIBUTE)}, so it comes last"
        return line


def sort_order(
    wanted: SortBy | None, attributes: AttributeSchema, *, by_name: bool
) -> SortOrder | None:
    """The order that a request wants; None: by relevance.

    `by_name`: whether the index has names to sort by. Raises FilterProblem, which lists what the
    index can be sorted by.
    """
    if wanted is None or wanted.by == RELEVANCE:
        if wanted is not None and wanted.order == "asc":
            raise _problem("sort.order", "relevance has the best first: leave `order` out")
        return None
    name = wanted.by
    if name == "name" and not by_name:
        raise _problem(
            "sort.by", "the index has no names to sort by: run live-intent index rebuild CATALOGUE"
        )
    if name in _FIELDS:
        field, direction = _FIELDS[name]
        field = {"price": attributes.price_field, "title": attributes.texts.title_sorted}.get(
            field, field
        )
        return SortOrder(name, field, wanted.order or direction)
    attribute = unicodedata.normalize("NFC", " ".join(name.removeprefix(ATTRIBUTE).split()))
    of = attributes.fields.types.get(attribute) if name.startswith(ATTRIBUTE) else None
    if of in SORTABLE_TYPES:
        field = f"{VALUES}.{field_name(attribute)}"
        return SortOrder(ATTRIBUTE + attribute, field, wanted.order or "asc")
    known = f"{ATTRIBUTE}{attribute} has values of the type {of}" if of else f"no order by {name!r}"
    raise _problem("sort.by", f"{known}. {_listed(name, attributes)}")


def _listed(name: str, attributes: AttributeSchema) -> str:
    if attributes.outdated:
        rebuild = " Attributes need types: run live-intent index rebuild CATALOGUE"
        return f"There are: {', '.join([RELEVANCE, *_FIELDS])}.{rebuild}"
    sortable = sorted(n for n, of in attributes.fields.types.items() if of in SORTABLE_TYPES)
    names = [ATTRIBUTE + each for each in sortable]
    near = difflib.get_close_matches(name, names, 5, 0.6)
    listed = list(dict.fromkeys([RELEVANCE, *_FIELDS, *near, *names]))
    more = f", ... ({len(listed)} in all)" if len(listed) > MAX_LISTED else ""
    return f"There are: {', '.join(listed[:MAX_LISTED])}{more}"


def _problem(field: str, message: str) -> FilterProblem:
    return FilterProblem([FieldError(field=field, message=message)])
