"""What is counted of the rows of a catalogue while they are read."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from indexer.catalogue.attributes.attributes import text_of, values_of
from indexer.catalogue.items import Item
from indexer.catalogue.notes import Notes
from indexer.catalogue.rejects import Reject

MOST_VALUES = 1000  # different values of an attribute that are counted one by one
MOST_REASONS = 200  # different reasons of rejects that are counted one by one
EXAMPLES = 3
_SAMPLED = 1000  # items of which the fullest is the sample
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_ITEM_FIELDS = tuple(each.name for each in fields(Item) if each.name != "attributes")


@dataclass
class Values:
    """`different`: the first MOST_VALUES values; `examples`: the first of them."""

    items: int = 0
    different: set[str] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def add(self, value: Any) -> None:
        """Counts the value of one item, or its list of values."""
        self.items += 1
        for each in values_of(value):
            text = text_of(each)[:80]
            if text not in self.different and len(self.different) < MOST_VALUES:
                self.different.add(text)
                if len(self.examples) < EXAMPLES:
                    self.examples.append(text)


@dataclass
class Reasons:
    """Rejects with one reason; the first lines, and the first reason in full."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    example: str = ""


@dataclass
class Findings:
    """What the rows of one catalogue hold; `watch` counts them on their way."""

    notes: Notes = field(default_factory=Notes)
    fields: dict[str, Values] = field(default_factory=dict)
    attributes: dict[str, Values] = field(default_factory=dict)
    reasons: dict[str, Reasons] = field(default_factory=dict)
    doubled: Counter[str] = field(default_factory=Counter)  # rejected rows by item_id
    groups: Counter[str] = field(default_factory=Counter)  # items by group_id
    items: int = 0
    rejects: int = 0
    sample: Item | None = None

    def watch(self, rows: Iterator[Item | Reject], notes: Notes) -> Iterator[Item | Reject]:
        """The rows as they are, each counted; `notes` are those that their reader writes."""
        self.notes = notes
        for row in rows:
            if isinstance(row, Reject):
                self._add_reject(row)
            else:
                self._add_item(row)
            yield row

    def _add_reject(self, reject: Reject) -> None:
        self.rejects += 1
        if reject.doubled:
            self.doubled[reject.doubled] += 1
        kind = "item_id stands on an earlier line" if reject.doubled else reject.reason
        kind = _PARTICULAR.sub("...", kind)
        if kind not in self.reasons and len(self.reasons) >= MOST_REASONS:
            kind = "others"
        reasons = self.reasons.setdefault(kind, Reasons(example=reject.reason))
        reasons.count += 1
        if len(reasons.lines) < EXAMPLES:
            reasons.lines.append(reject.line)

    def _add_item(self, item: Item) -> None:
        self.items += 1
        for name in _ITEM_FIELDS:
            value = getattr(item, name)
            if value not in (None, "", (), {}) and (value or name != "popularity"):
                self.fields.setdefault(name, Values()).add(_shown(name, value))
        for name, value in item.attributes.items():
            self.attributes.setdefault(name, Values()).add(value)
        if item.group_id:
            self.groups[item.group_id] += 1
        if self.items <= _SAMPLED and (self.sample is None or _full(item) > _full(self.sample)):
            self.sample = item


def _full(item: Item) -> int:
    """The number of fields and attributes that an item has."""
    return sum(bool(getattr(item, name)) for name in _ITEM_FIELDS) + len(item.attributes)


def _shown(name: str, value: Any) -> Any:
    """A value as a report shows it."""
    if name == "category":
        return " > ".join(value)
    if name == "other_categories":
        return [" > ".join(path) for path in value]
    return list(value) if isinstance(value, tuple | dict) else value
