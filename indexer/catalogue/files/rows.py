"""The rows of a catalogue file."""

from dataclasses import dataclass
from typing import Any

from plugin_config.errors import LiveIntentError


class CatalogueError(LiveIntentError):
    """The catalogue can't be read at all."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it starts on (from 1), its columns, and its text for the rejects file.

    Of a Parquet file the line is the number of the row.
    """

    line: int
    columns: dict[str, Any]
    raw: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is no item by what it says itself: not published, only a picture."""

    line: int
    reason: str
