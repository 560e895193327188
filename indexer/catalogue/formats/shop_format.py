"""A format: how the export of a shop system is recognised, and how its rows become fields."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from indexer.catalogue.files.rows import LeftOut, Row
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.rejects import Reject
from indexer.catalogue.values.text import ValueProblem, is_blank, read_text

Rows = Callable[[], Iterator[Row | Reject]]  # every row from the first on, each time it is called


@lru_cache(maxsize=4096)
def column_key(column: str) -> str:
    """The name of a column whatever its case and separators: `Image_Link` and `image link`."""
    return " ".join(column.casefold().replace("_", " ").split())


class Cells:
    """The values of a row by the names of its columns, whatever their case and separators."""

    def __init__(self, columns: Mapping[str, Any], key: Callable[[str], str] = column_key) -> None:
        self._values = {key(name): value for name, value in columns.items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def has(self, *names: str) -> bool:
        """Whether the row has one of the columns, blank or not."""
        return any(column_key(name) in self._values for name in names)

    def get(self, *names: str) -> Any:
        """The first value that is not blank; None without one."""
        for name in names:
            value = self._values.get(column_key(name))
            if not is_blank(value):
                return value
        return None

    def text(self, *names: str) -> str:
        """The same as a text; "" without one. Raises ValueProblem for an object."""
        value = self.get(*names)
        return "" if value is None else read_text(value, names[0])

    def fields(self, columns: Mapping[str, Sequence[str]], *names: str) -> dict[str, Any]:
        """The values of fields whose columns the row has, None for a blank one."""
        return {name: self.get(*columns[name]) for name in names if self.has(*columns[name])}


@dataclass(frozen=True)
class ShopRow:
    """A row, and the fields of its item by name; `attributes.NAME` is a field too."""

    row: Row
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class ShopFormat:
    """`columns`: the columns that give each field, the first that is not blank counts.

    `signs`: a header is recognised that has, for each entry, one of its columns. `consumed`:
    further columns that `read` uses; the others may be public attributes. `remark`: what else the
    documentation says. `key`: of a column as it stands in a header.
    """

    name: str
    title: str
    signs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    consumed: tuple[str, ...]
    read: Callable[[Rows, ReadingRules], Iterator[ShopRow | Reject | LeftOut]]
    remark: str = ""
    key: Callable[[str], str] = column_key

    def missing(self, header: Collection[str]) -> tuple[tuple[str, ...], ...]:
        """The signs that a header lacks."""
        keys = set(map(self.key, header))
        return tuple(names for names in self.signs if not keys.intersection(map(column_key, names)))

    def fields(self, header: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The columns of a header by the field that they give."""
        keys = {self.key(name): name for name in header}
        found = {
            field: tuple(keys[column_key(n)] for n in names if column_key(n) in keys)
            for field, names in self.columns.items()
        }
        return {field: names for field, names in found.items() if names}

    def without_consumed(self, columns: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
        """The columns that became no field; those in `kept` stay in any case."""
        return {
            name: value
            for name, value in columns.items()
            if name in kept or self.key(name) not in self._used
        }

    @cached_property
    def _used(self) -> frozenset[str]:
        named = (name for names in self.columns.values() for name in names)
        return frozenset(map(column_key, (*named, *self.consumed)))

    def merged(self, shop_row: ShopRow, mapped: Collection[str], named: Collection[str]) -> Row:
        """The row for the column mapping: what its other columns hold, and the fields.

        `mapped`: fields that the user's mapping gives, which come before those of the format;
        `named`: the columns that it names.
        """
        fields = {name: value for name, value in shop_row.fields.items() if name not in mapped}
        others = self.without_consumed(shop_row.row.columns, named)
        return replace(shop_row.row, columns=others | fields)


def each_row(
    rows: Rows, read: Callable[[Row], ShopRow | LeftOut]
) -> Iterator[ShopRow | Reject | LeftOut]:
    """What `read` makes of every row; a ValueProblem makes it a reject."""
    for row in rows():
        if isinstance(row, Reject):
            yield row
            continue
        try:
            yield read(row)
        except ValueProblem as problem:
            yield Reject.of_bytes(row.line, str(problem), row.raw)
