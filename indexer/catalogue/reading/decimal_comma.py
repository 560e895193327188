"""Whether the prices of a catalogue have decimal commas, by the values that leave no choice."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from indexer.catalogue.files.rows import Row
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.values.numbers import NUMBER, plain
from plugin_config.errors import LiveIntentError

_LEAST = 3  # prices that show it
_COMMA = re.compile(r"[\d.' ]*,\d{1,2}|\d{1,3}(\.\d{3})+,\d+")  # 19,90 and 1.299,00
_POINT = re.compile(r"[\d,' ]*\.\d{1,2}|\d{1,3}(,\d{3})+\.\d+")
_FIELDS = ("price", "popularity")


@dataclass(frozen=True)
class DecimalComma:
    """How many numbers are written so that only a comma, or only a point, can be decimal."""

    commas: int = 0
    points: int = 0
    example: str = ""

    @classmethod
    def of(cls, mapping: ColumnMap, rows: Iterator[Any], limit: int) -> "DecimalComma":
        """From the texts of prices and popularities in the first rows; errors end them."""
        commas, points, example = 0, 0, ""
        with suppress(LiveIntentError):
            for row in islice(rows, limit):
                if not isinstance(row, Row):
                    continue
                picked = mapping.pick(row.columns)
                texts = [v for name in _FIELDS if isinstance(v := picked.get(name), str)]
                for token in NUMBER.findall(plain(" ".join(texts))):
                    commas += _COMMA.fullmatch(token) is not None
                    points += _POINT.fullmatch(token) is not None
                    example = example or (token if _COMMA.fullmatch(token) else "")
        return cls(commas, points, example)

    @property
    def is_certain(self) -> bool:
        """Whether enough numbers have a decimal comma, and none a decimal point."""
        return self.commas >= _LEAST and not self.points

    @property
    def shown(self) -> str:
        """What is assumed and why."""
        return (
            f"decimal commas, as in {self.example} ({self.commas} of the first numbers): 1.299 "
            "is 1299; --decimal-sign says it otherwise"
        )
