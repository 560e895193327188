"""Attributes as front ends name them, in the filters and facets of our own requests.

`brand`, `price` and so on are themselves, `attributes.colour` and plain `colour` an attribute, and
`category.lvl0`, `category.lvl1`, ... the levels of the category paths.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from indexer.index.attribute_schema import AttributeSchema
from query_service.instantsearch.conditions import (
    Between,
    Compares,
    Condition,
    Either,
    Equals,
    Every,
    Leaf,
    RequestMalformed,
    Without,
)
from query_service.instantsearch.filter_expression import number_of
from query_service.schemas.search.filters import Filters
from query_service.schemas.search.where import AllOf, AnyOf, ItemIds, Not, Where

ATTRIBUTE = "attributes."
CATEGORY, PRICE, AVAILABLE = "category", "price", "available"
OBJECT_ID = "objectID"
FIELDS = ("brand", CATEGORY, PRICE, AVAILABLE, "language", "currency", "group_id")
_OF_TEXTS = ("brand", CATEGORY, "language", "currency")
_LEVEL = re.compile(r"(?:hierarchical)?categor(?:y|ies)\.lvl(\d)", re.IGNORECASE)
_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
MAX_LISTED = 30


@dataclass(frozen=True)
class Name:
    """What a front end's attribute is here: a field, `attributes.NAME`, or a level of category."""

    field: str
    level: int | None = None


@dataclass(frozen=True)
class AttributeNames:
    """The names that an index knows."""

    schema: AttributeSchema

    def name(self, given: str) -> Name:
        """What a front end calls so. Raises RequestMalformed, which lists the attributes."""
        if given in FIELDS:
            return Name(given)
        if level := _LEVEL.fullmatch(given):
            return Name(CATEGORY, int(level[1]))
        attribute = unicodedata.normalize("NFC", " ".join(given.removeprefix(ATTRIBUTE).split()))
        types = self.schema.fields.types
        if attribute in types:
            return Name(ATTRIBUTE + attribute)
        names = [*FIELDS, *(ATTRIBUTE + each for each in sorted(types))]
        more = f", ... ({len(names)} in all)" if len(names) > MAX_LISTED else ""
        raise RequestMalformed(
            f"there is no attribute {given[:80]!r}. There are: category.lvl0, category.lvl1, "
            f"{', '.join(names[:MAX_LISTED])}{more}"
        )

    def where(self, condition: Condition | None) -> Where | None:
        """The condition as combined filters. Raises RequestMalformed."""
        if condition is None:
            return None
        if isinstance(condition, Every):
            return AllOf(tuple(self._where(part) for part in condition.parts))
        return self._where(condition)

    def stated(self, condition: Condition | None) -> Filters | None:
        """The part of the condition that `Filters` can say, for rules that depend on it: fields
        that have a value, or one of several. None for none.
        """
        values: dict[str, list[str]] = {}
        for part in _conjuncts(condition):
            own = part.parts if isinstance(part, Either) else (part,)
            equal = [each for each in own if isinstance(each, Equals)]
            fields = {self._field(each) for each in own}
            if len(fields) == 1 and (field := fields.pop()) in _OF_TEXTS:
                values[field] = [each.value for each in equal]
        return Filters.model_validate(values) if values else None

    def _field(self, condition: Condition) -> str:
        """The field that must have a value; "" for any other condition."""
        if isinstance(condition, Equals) and condition.attribute != OBJECT_ID:
            return self.name(condition.attribute).field
        return ""

    def _where(self, condition: Condition) -> Where:
        if isinstance(condition, Every):
            return AllOf(tuple(map(self._where, condition.parts)))
        if isinstance(condition, Either):
            return AnyOf(tuple(map(self._where, condition.parts)))
        if isinstance(condition, Without):
            return Not(self._where(condition.part))
        if isinstance(condition, Compares) and condition.operator == "!=":
            return Not(self._where(Compares(condition.attribute, "=", condition.number)))
        if isinstance(condition, Equals) and condition.attribute == OBJECT_ID:
            return ItemIds((condition.value,))
        return self._filters(condition)

    def _filters(self, leaf: Leaf) -> Filters:
        field = self.name(leaf.attribute).field
        value: dict[str, Any] | list[Any] | bool
        if isinstance(leaf, Equals) and field == PRICE:
            number = number_of(leaf.value, leaf.attribute)
            value = {"gte": number, "lte": number}
        elif isinstance(leaf, Equals) and field == AVAILABLE:
            value = _flag(leaf)
        elif isinstance(leaf, Equals):
            value = [leaf.value]
        elif isinstance(leaf, Between):
            value = {"gte": leaf.low, "lte": leaf.high}
        elif leaf.operator == "=":
            value = {"gte": leaf.number, "lte": leaf.number}
        else:
            value = {_BOUNDS[leaf.operator]: leaf.number}
        if isinstance(value, dict) and field == PRICE:
            value = _of_prices(value)
        elif isinstance(value, dict) and not field.startswith(ATTRIBUTE):
            if field != AVAILABLE or set(value) != {"gte", "lte"}:
                raise RequestMalformed(f"{leaf.attribute}: its values are no numbers")
            value = bool(value["gte"])
        wanted: dict[str, Any] = {field: value}
        if field.startswith(ATTRIBUTE):
            wanted = {"attributes": {field.removeprefix(ATTRIBUTE): value}}
        try:
            return Filters.model_validate(wanted)
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"]
            raise RequestMalformed(
                f"{leaf.attribute[:80]}: {message.removeprefix('Value error, ')}"
            ) from error


def _conjuncts(condition: Condition | None) -> Iterator[Condition]:
    """The parts that all hold."""
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _conjuncts(part)
    elif condition is not None:
        yield condition


def _flag(leaf: Equals) -> bool:
    if leaf.value.lower() not in ("true", "false", "1", "0"):
        raise RequestMalformed(f"{leaf.attribute}: it is true or false, not {leaf.value[:40]!r}")
    return leaf.value.lower() in ("true", "1")


def _of_prices(bounds: dict[str, float]) -> dict[str, float]:
    """The bounds as prices have them: none is below 0."""
    low = {name: bound for name, bound in bounds.items() if name[0] == "g" and bound >= 0}
    high = {name: bound for name, bound in bounds.items() if name[0] == "l"}
    if any(bound < 0 for bound in high.values()):
        return {"gt": 1e38}  # no price
    if "gte" in low and high.get("lte", low["gte"]) < low["gte"]:
        return {"gt": 1e38}
    return low | high
