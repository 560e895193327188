"""The rows of a Parquet file; needs pyarrow, the extra `parquet`."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from indexer.catalogue.files.rows import CatalogueError, Row
from indexer.catalogue.rejects import Reject

_BATCH = 500  # rows that are in memory at a time


def parquet_columns(path: Path, name: str) -> list[str]:
    """The names of the columns. Raises CatalogueError: no pyarrow, or no whole Parquet file."""
    with _opened(path, name) as file:
        return [str(column) for column in file.schema_arrow.names]


def parquet_rows(path: Path, name: str) -> Iterator[Row | Reject]:
    """Every row in order, with its number from 1. Raises as `parquet_columns` does."""
    number = 0
    with _opened(path, name) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            columns = {field.name: _values(batch.column(i)) for i, field in enumerate(batch.schema)}
            for index in range(batch.num_rows):
                number += 1
                try:
                    row = {column: _plain(values[index]) for column, values in columns.items()}
                    raw = orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS)
                except orjson.JSONEncodeError as error:
                    yield Reject(number, f"a value is no text and no number: {error}")
                    continue
                yield Row(number, row, raw)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise CatalogueError(
            f"{name} is a Parquet file: reading it needs the extra parquet (pip install pyarrow), "
            "or write it as JSON lines"
        ) from None
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, ValueError, OSError, OverflowError, MemoryError) as error:
        shown = " ".join(str(error).split())[:200]
        raise CatalogueError(
            f"{name} is not a whole Parquet file ({shown}): write or fetch it again"
        ) from error


def _values(column: Any) -> list[Any]:
    """The values of a column; nanoseconds are cut to microseconds, which Python's times have."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    elif pa.types.is_time64(column.type) and column.type.unit == "ns":
        column = column.cast(pa.time64("us"), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, decimals as texts; NaN and pictures as None."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):  # a picture, an embedding: no text is lost
            return value.decode()
        return None
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, tuple) for each in value):
        return {str(key): _plain(part) for key, part in value}  # a map
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value)
