"""`live-intent index rebuild --dry-run` on catalogues with values and files that go wrong."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROWS = [
    {"item_id": 1, "title": "Chair", "price": "cheap", "brand": {"name": "Sitto"}},
    {"item_id": 2, "title": "Stool", "price": "1.299 €", "updated_at": "05/01/2024"},
    {"item_id": 2, "title": "Stool again", "category": "Home > A\\, B, Sale"},
]


def dry_run(folder: Path, content: bytes, *options: str) -> tuple[int, str]:
    (folder / "shop").write_bytes(content)
    command = [sys.executable, "-m", "live_intent.main", "index", "rebuild", "shop", "--dry-run"]
    done = subprocess.run(
        [*command, "-q", "--max-rejects", "3", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_unread_values_are_counted_by_field_with_examples(tmp_path: Path) -> None:
    content = "\n".join(map(json.dumps, ROWS)).encode()
    code, out = dry_run(tmp_path, content)
    assert (code, "2 items in 3 rows" in out, "1 bad rows" in out) == (0, True, True)
    assert "1 values of price could not be read, their items have none: price 'cheap'" in out
    assert "--map brand=brand.PART" in out
    assert "--date-order dmy or mdy" in out
    assert "--strict rejects such rows" in out
    options = ["--duplicates", "last", "--map", "brand=brand.name", "--date-order", "dmy"]
    code, out = dry_run(tmp_path, content, *options, "--paths-separator", ", ")
    assert (code, "2 items in 3 rows" in out, "bad rows" in out) == (0, True, False)
    assert "1 rows were replaced by a later one" in out
    assert "brand" not in out.replace("--map brand", "")
    code, out = dry_run(tmp_path, content, "--strict", "--max-rejects", "1")
    assert (code, "price 'cheap' is not a number" in out) == (6, True)


def test_a_header_in_another_encoding_is_refused_and_read_with_its_name(tmp_path: Path) -> None:
    content = "item_id;title;Размер\n1;Стул;42\n".encode("cp1251")
    code, out = dry_run(tmp_path, content)
    assert (code, "name its encoding with --encoding" in out) == (2, True)
    code, out = dry_run(tmp_path, content, "--encoding", "windows-1251")
    assert (code, "embedded as: Стул" in out) == (0, True)


def test_a_date_at_the_end_of_time_costs_the_date(tmp_path: Path) -> None:
    row = {"item_id": "1", "title": "Stool", "updated_at": "9999-12-31T23:59:59-05:00"}
    code, out = dry_run(tmp_path, json.dumps(row).encode())
    assert (code, "1 items in 1 rows" in out, "values of updated_at" in out) == (0, True, True)


def test_a_catalogue_of_a_time_to_come_is_refused(tmp_path: Path) -> None:
    content = b'{"item_id": "1", "title": "Stool"}'
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    code, out = dry_run(tmp_path, content, "--as-of", tomorrow)
    assert (code, "can't be of a time to come" in out) == (2, True)
    assert dry_run(tmp_path, content, "--as-of", "2026-01-01T00:00:00Z")[0] == 0
