"""The rows of a file of JSON lines."""

from collections.abc import Iterator
from typing import IO, Any

import orjson

from indexer.catalogue.files.json_value import json_value
from indexer.catalogue.files.rows import Row
from indexer.catalogue.rejects import Reject


def json_rows(file: IO[bytes]) -> Iterator[Row | Reject]:
    """A row for each object; a Reject for a line that is none. Blank lines are skipped."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            columns = json_value(line)
        except orjson.JSONDecodeError as error:
            reason = f"not JSON: {error.msg}, column {error.colno}"
            yield Reject.of_bytes(number, reason, line)
            continue
        if isinstance(columns, dict):
            yield Row(number, columns, line)
        else:
            yield Reject.of_bytes(number, "not a JSON object", line)


def first_object(text: str) -> dict[str, Any] | None:
    """The object on the first of a few lines that holds one; None: they are no JSON lines."""
    for line in text.splitlines()[:20]:
        try:
            columns = json_value(line.encode("utf-8", "surrogatepass"))
        except orjson.JSONDecodeError:
            continue
        if isinstance(columns, dict):
            return columns
    return None
