"""A line of a change feed: an upsert, an update or a deletion of one item, with its version."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import orjson

from indexer.catalogue.changes.item_changes import ItemChange, change_of_row
from indexer.catalogue.changes.item_version import FIRST_VERSION, LAST_VERSION, ahead_of_clock
from indexer.catalogue.files.json_value import json_value
from indexer.catalogue.items import Item, to_item
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.values.text import ValueProblem, is_blank, read_id, shown
from indexer.catalogue.values.times import to_time

Op = Literal["upsert", "update", "delete"]
OPS = get_args(Op)
RESERVED = ("op", "version", "time")  # keys of a line that are no fields of the item


@dataclass(frozen=True)
class FeedChange:
    """`item` of an upsert, `update` of an update. `version`: ms since 1970."""

    op: Op
    item_id: str
    version: int
    item: Item | None = None
    update: ItemChange | None = None


@dataclass
class ChangeReader:
    """Reads lines by the column mapping; `notes` count values that could not be read."""

    mapping: ColumnMap
    notes: Notes = field(default_factory=Notes)

    def read(self, raw: bytes) -> FeedChange:
        """The change that a line is. Raises ValueProblem, whose message is the reason."""
        try:
            columns = json_value(raw)
        except orjson.JSONDecodeError as error:
            raise ValueProblem(f"not JSON: {error.msg}, column {error.colno}") from None
        if not isinstance(columns, dict):
            raise ValueProblem("not a JSON object")
        op = columns.get("op")
        if op not in OPS:
            problem = f"op {shown(op)}" if "op" in columns else "op is missing"
            raise ValueProblem(f"{problem}: allowed are {', '.join(OPS)}")
        version = self._version(columns)
        row = {name: value for name, value in columns.items() if name not in RESERVED}
        if op == "upsert":
            item = to_item(self.mapping.pick(row, self.notes), self.mapping.rules, self.notes)
            return FeedChange(op, item.item_id, version, item)
        partial = replace(self.mapping, constants={}, partial=True)
        if op == "update":
            change = change_of_row(row, partial, self.notes, version)
            return FeedChange(op, change.item_id, version, update=change)
        return FeedChange("delete", read_id(partial.pick(row, Notes()).get("item_id")), version)

    def _version(self, columns: Mapping[str, Any]) -> int:
        version, at = columns.get("version"), columns.get("time")
        if is_blank(version) == is_blank(at):
            problem = "version or time is missing" if is_blank(at) else "both version and time"
            raise ValueProblem(f"{problem}: one of them says which change of an item is newer")
        if is_blank(version):
            time = to_time(at, "time", self.mapping.rules.date_order)
            version = round(time.timestamp() * 1000)
        if not (type(version) is int and FIRST_VERSION <= version <= LAST_VERSION):
            raise ValueProblem(
                f"version {shown(version)}: a whole number of ms since 1970 is wanted, "
                f"{FIRST_VERSION} to {LAST_VERSION}; or a time"
            )
        if problem := ahead_of_clock(version):
            raise ValueProblem(problem)
        return version


def original(raw: bytes) -> bytes:
    """The line itself, or the one that a line of a dead-letter file holds."""
    if b'"raw"' not in raw or b'"reason"' not in raw:
        return raw
    try:
        letter = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    if not isinstance(letter, dict) or "op" in letter or not isinstance(letter.get("raw"), str):
        return raw
    if isinstance(whole := letter.get("raw_base64"), str):
        try:
            return base64.b64decode(whole, validate=True)
        except binascii.Error:
            return raw
    return str(letter["raw"]).encode()
