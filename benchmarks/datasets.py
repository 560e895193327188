"""Public data sets, as files below the folder that DATASETS_DIR names."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATASETS = Path(os.environ.get("DATASETS_DIR", Path(__file__).parents[2] / "shared" / "data"))


def existing(path: Path) -> Path:
    """Return the path of a data set or of its file; end the program when it does not exist."""
    if not path.exists():
        raise SystemExit(f"there is no {path}: set DATASETS_DIR to the data's folder")
    return path


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of gzip'd JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def homedepot_queries() -> list[str]:
    """Return the distinct judged queries, sorted."""
    return sorted({row["query"] for row in read(DATASETS / "homedepot" / "judgments.jsonl.gz")})
