"""Simulated visits: the same every time, named as simulated, and worth learning from."""

import hashlib
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from learning.data.behaviour import read_rows, read_sequences
from learning.data.propensities import estimate
from learning.data.splits import split_of
from learning.data.ubi_log import UbiLog, observations
from learning.data.ubi_sources import read_file
from live_intent.sample.catalogue import sample_items
from live_intent.sample.commands import sample
from live_intent.sample.visits import EVENTS, ROWS, SEQUENCES, write_visits

FILES = (SEQUENCES, ROWS, EVENTS)
USERS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("visits")
    write_visits(path, USERS)
    return path


@pytest.fixture(scope="module")
def ids() -> frozenset[str]:
    return frozenset(str(row["item_id"]) for row in sample_items())


@pytest.fixture(scope="module")
def log(folder: Path) -> UbiLog:
    return read_file(folder / EVENTS)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hashes(folder: Path) -> list[str]:
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES]


def test_equal_seeds_write_equal_files_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        arguments = [str(tmp_path / "items.jsonl"), "--visits", str(tmp_path / name)]
        arguments += ["--users", "50", "--seed", str(seed)]
        result = CliRunner().invoke(sample, arguments, catch_exceptions=False)
        lines = result.output.splitlines()
        assert len(lines) == 4
        assert all("SIMULATED" in line and "simulated-" in line for line in lines[1:])
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
    assert not set(hashes(tmp_path / "one")) & set(hashes(tmp_path / "three"))


def test_more_users_leave_the_first_ones_as_they_are(folder: Path, tmp_path: Path) -> None:
    write_visits(tmp_path, 20)
    for name in (SEQUENCES, ROWS):
        assert rows_of(tmp_path / name) == rows_of(folder / name)[:20]


def test_every_row_can_be_used(folder: Path, ids: frozenset[str], log: UbiLog) -> None:
    sequences = read_sequences(folder / SEQUENCES, ids)
    rows = read_rows(folder / ROWS, ids)
    for remarks in (sequences.remarks, rows.remarks, log.remarks):
        assert remarks.lines() == []
    assert len(sequences.item_ids) == len(rows.rows) == USERS
    assert log.simulated
    assert log.notes == ()
    assert {"click", "purchase"} <= set(log.events)


def test_no_user_is_in_two_splits(folder: Path, log: UbiLog) -> None:
    sequences = {row["user_id"]: row["item_ids"] for row in rows_of(folder / SEQUENCES)}
    rows = {row["user_id"]: row for row in rows_of(folder / ROWS)}
    assert set(rows) == set(sequences) == {shown.session_id for shown in log.impressions}
    assert all(user_id.startswith("simulated-") for user_id in rows)
    for user_id, row in rows.items():
        assert row["target"] == sequences[user_id][-1]
        assert row["target"] not in {event["item_id"] for event in row["history"]}
    splits = Counter(map(split_of, rows))
    assert splits["train"] > splits["validation"] > 0
    assert splits["test"] > 0


def test_high_positions_are_clicked_more(log: UbiLog) -> None:
    pairs, positions, clicked = observations(log.impressions)
    rate = [clicked[positions == position].mean() for position in (1, 3, 10)]
    assert rate[0] > 1.5 * rate[1] > 2 * rate[2] > 0
    propensities = estimate(pairs, positions, clicked)
    # Visitors look at position k with probability k^-0.6: a quarter at the tenth.
    assert propensities.at([10])[0] == pytest.approx(0.25, abs=0.1)


def test_companions_are_bought_after_an_item(folder: Path) -> None:
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows_of(folder / SEQUENCES):
        for item_id, next_id in pairwise(row["item_ids"]):
            after[item_id][next_id] += 1
    frequent = [counts for counts in after.values() if counts.total() >= 6]
    repeated = sum(counts.most_common(1)[0][1] > 1 for counts in frequent)
    assert len(frequent) > 20
    # By chance two visitors would hardly ever choose the same of 2,800 items.
    assert repeated > 0.5 * len(frequent)
