"""Parquet files, and what is said without pyarrow."""

import datetime
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap, MappingError
from indexer.catalogue.rejects import Reject

pa = pytest.importorskip("pyarrow", reason="needs the extra parquet")
pq = pytest.importorskip("pyarrow.parquet")


def write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_columns_of_all_types_become_values(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 1, 5, 10, tzinfo=datetime.UTC)
    nanoseconds = pa.array([when] * 3, pa.timestamp("ns", "UTC"))
    file = write(
        tmp_path / "shop.parquet",
        item_id=pa.array([1, 2, 3]),
        title=["Chair", "Stool", None],
        price=pa.array([Decimal("12.50"), None, Decimal("1.00")]),
        category=[["Home", "Chairs"], None, []],
        updated_at=nanoseconds,
        attributes=[{"size": {"w": 4}, "new": True}, None, None],
        popularity=[1.5, float("nan"), 2.0],
        raw=[b"\xff", b"x", b"y"],
    )
    with CatalogueSource(file).open() as catalogue:
        assert catalogue.recognised.shown == "Parquet"
        first, second, third = read_items(catalogue)
    assert isinstance(first, Item)
    assert "raw" not in first.attributes  # bytes that are no text: a picture
    assert first.price == 12.5
    with CatalogueSource(file, ColumnMap(ignore=frozenset(["raw"]))).open() as catalogue:
        first, second, third = read_items(catalogue)
    assert second == Item("2", "Stool", updated_at="2024-01-05T10:00:00Z")
    assert isinstance(third, Reject)
    assert (third.line, third.reason) == (3, "title is missing")


def test_columns_are_mapped_and_shops_recognised(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", sku=["7"], name=["Chair"])
    with CatalogueSource(file, ColumnMap.parse(["item_id=sku", "title=name"])).open() as catalogue:
        assert list(read_items(catalogue)) == [Item("7", "Chair")]
    with CatalogueSource(file).open() as catalogue, pytest.raises(MappingError, match="--map"):
        list(read_items(catalogue))
    write(file, id=["7"], title=["Chair"], link=["x"], availability=["in stock"])
    with CatalogueSource(file).open() as catalogue:
        assert catalogue.recognised.shown == "a feed of Google Merchant as Parquet"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", item_id=["7"], title=["Chair"])
    file.write_bytes(file.read_bytes()[:-9])
    with (
        pytest.raises(CatalogueError, match="not a whole Parquet file"),
        CatalogueSource(file).open(),
    ):
        pass


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", item_id=["7"], title=["Chair"])
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from live_intent.main import main; sys.argv[0] = 'live-intent'; main()"
    )
    command = [sys.executable, "-c", code, "index", "rebuild", "a.parquet", "--dry-run", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "needs the extra parquet" in done.stderr) == (2, True)
