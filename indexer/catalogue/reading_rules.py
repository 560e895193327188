"""The rules by which a catalogue's values are read where a file leaves a choice."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from indexer.catalogue.values.numbers import DecimalSign
from indexer.catalogue.values.times import DateOrder
from plugin_config.errors import LiveIntentError

Duplicates = Literal["reject", "last"]
_CHOICES: dict[str, tuple[Any, ...]] = {
    "duplicates": get_args(Duplicates),
    "decimal_sign": get_args(DecimalSign),
    "date_order": get_args(DateOrder),
    "strict": (True, False),
}


class MappingError(LiveIntentError):
    """The column mapping names a field or a column that isn't there, or its file is wrong."""

    exit_code = 2


@dataclass(frozen=True)
class ReadingRules:
    """How values are read. Raises MappingError for what is not allowed.

    Attributes:
        category_separator: between the names of a category path.
        paths_separator: between several category paths in one text; "": a text is one path.
        decimal_sign: decides `1.299` and `1,299`; "": by the rule in `values.numbers`.
        date_order: decides `05/01/2024`; "": such a date is not read.
        strict: a value that can't be read makes the row a reject, instead of an item without it.
        duplicates: of rows with one item_id, `reject`: the first counts, the others are rejects;
            `last`: the last counts.
    """

    category_separator: str = " > "
    paths_separator: str = ""
    decimal_sign: DecimalSign = ""
    date_order: DateOrder = ""
    strict: bool = False
    duplicates: Duplicates = "reject"

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                shown = ", ".join(repr(each) for each in allowed if each != "")
                raise MappingError(f"{name}={value!r}: allowed are {shown}")
        for name in ("category_separator", "paths_separator"):
            if not isinstance(getattr(self, name), str):
                raise MappingError(f"{name} wants a text")
        if not self.category_separator.strip():
            raise MappingError("category_separator is blank: set it to a separator such as ' > '")
        if self.paths_separator.strip() == self.category_separator.strip():
            raise MappingError(
                f"paths_separator and category_separator are both {self.paths_separator!r}"
            )


RULES = tuple(field.name for field in fields(ReadingRules))
