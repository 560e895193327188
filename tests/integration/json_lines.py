"""Files of JSON lines."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write one line per row; return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a gzip file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
