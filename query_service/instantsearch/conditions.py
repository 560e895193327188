"""Conditions of a request on attributes, before it is known what the index calls them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
MAX_CONDITIONS = 300  # of one query; each becomes a few clauses, and the engine takes 1,024


class RequestMalformed(ValueError):
    """A request that this service does not understand, or can't fulfil; the message says how."""


@dataclass(frozen=True)
class Equals:
    """The attribute has the value."""

    attribute: str
    value: str


@dataclass(frozen=True)
class Compares:
    """The attribute's number compares so with `number`."""

    attribute: str
    operator: Operator
    number: float


@dataclass(frozen=True)
class Between:
    """The attribute's number is at least `low` and at most `high`."""

    attribute: str
    low: float
    high: float


@dataclass(frozen=True)
class Every:
    """All parts hold."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Without:
    """The part does not hold."""

    part: "Condition"


Leaf = Equals | Compares | Between
Condition = Leaf | Every | Either | Without


def leaves(condition: Condition) -> Iterator[Leaf]:
    """All conditions on single attributes."""
    if isinstance(condition, Every | Either):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Without):
        yield from leaves(condition.part)
    else:
        yield condition


def every(parts: "list[Condition]") -> Condition:
    """All of the parts; a single one as it is."""
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def either(parts: "list[Condition]") -> Condition:
    """Any of the parts; a single one as it is."""
    return parts[0] if len(parts) == 1 else Either(tuple(parts))
