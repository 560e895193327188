"""Rows of queries and events are joined to impressions with clicks; the rest is counted."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from learning.data.tables import DatasetError
from learning.data.ubi_log import UbiLog, observations
from learning.data.ubi_sources import read_file, since_when
from plugin_config.errors import SettingsError

SAMPLE = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "ubi_sample"


def query(query_id: str = "q1", hits: Any = ("a", "b", "c"), **more: Any) -> dict[str, Any]:
    row = {
        "application": "live-intent", "query_id": query_id, "session_id": "s",
        "user_query": "shoes", "query_response_hit_ids": list(hits),
        "timestamp": "2026-11-24T10:00:00Z",
    }  # fmt: skip
    return {k: v for k, v in (row | more).items() if v is not None}


def event(action: str, item: str | None, ordinal: object = None, **more: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = {"object": {"object_id": item}} if item else {}
    if ordinal is not None:
        attributes["position"] = {"ordinal": ordinal}
    row = {
        "application": "live-intent", "action_name": action, "query_id": "q1",
        "timestamp": "2026-11-24T10:00:05Z", "event_attributes": attributes,
    }  # fmt: skip
    return {k: v for k, v in (row | more).items() if v is not None}


def read(tmp_path: Path, *rows: dict[str, Any], **options: Any) -> UbiLog:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return read_file(path, **options)


def test_the_rows_that_the_service_writes(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        event("click", "c", timestamp="2026-11-24T10:00:09Z"),  # events may come first
        query(),
        event("click", "b", 2),
        event("click", "b", 2, timestamp="2026-11-24T10:00:30Z"),
        event("purchase", "b"),
        event("product_sort", None),
    )
    (impression,) = log.impressions
    assert (impression.query_id, impression.query_text) == ("q1", "shoes")
    assert impression.session_id == "s"
    assert (impression.item_ids, impression.positions) == (("a", "b", "c"), (1, 2, 3))
    assert [(c.item_id, c.position) for c in impression.clicks] == [("b", 2), ("c", 3)]
    assert impression.actions == (("purchase", "b"),)
    assert log.events == {"click": 3, "purchase": 1, "product_sort": 1}
    assert not log.remarks.counts
    assert not log.simulated
    pairs, positions, clicked = observations(log.impressions)
    assert pairs.tolist() == [0, 1, 2]
    assert positions.tolist() == [1, 2, 3]
    assert clicked.tolist() == [False, True, True]


def test_impression_events_where_the_query_lists_no_hits(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        query(hits=(), application="zero"),
        query("q2", hits=(), user_query="Hats"),
        event("impression", "x", 0, application="zero"),
        event("impression", "y", 3, application="zero"),
        event("click", "y", 3, application="zero"),
        event("impression", "z", 1, query_id="q2"),
    )
    first, second = log.impressions
    assert (first.item_ids, first.positions) == (("x", "y"), (1, 4))
    assert first.clicks[0].position == 4
    assert second.positions == (1,)  # this application counts from 1
    assert log.notes == ("zero counts positions from 0",)
    assert not log.remarks.counts


def test_a_further_page_extends_the_list(tmp_path: Path) -> None:
    log = read(
        tmp_path, query(hits="ab"), query(hits="cd", query_attributes={"from": 2}),
        event("click", "d", 4),
    )  # fmt: skip
    (impression,) = log.impressions
    assert (impression.item_ids, impression.positions) == (("a", "b", "c", "d"), (1, 2, 3, 4))
    assert impression.clicks[0].position == 4


def test_what_cannot_be_used_is_counted_by_reason(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        query(),
        query("typed", hits=(), user_query="sho"),
        query("typed", hits="ab", user_query="shoes"),
        query("other", hits="ab", user_query="hat"),
        query("other", hits="ab", user_query="hats"),
        query("twice", hits="aba"),
        query("blank", user_query=" "),
        query("bare", hits=()),
        query("late", timestamp="yesterday", query_attributes="none"),
        {"hello": 1},
        event("click", "a", query_id=None),
        event("click", "a", query_id="unknown"),
        event("click", "z"),
        event("click", None),
        event("click", "a", -3),
        event("click", "b", 3),
        event("click", "b", query_id="bare"),
        event("impression", "a", query_id="bare"),
        event("impression", "a", 99_999, query_id="bare"),
    )
    by_id = {each.query_id: each for each in log.impressions}
    assert set(by_id) == {"q1", "typed", "other", "twice", "late"}
    assert by_id["typed"].query_text == "shoes"
    assert by_id["other"].query_text == "hat"
    assert by_id["twice"].item_ids == ("a", "b")
    assert {click.item_id: click.position for click in by_id["q1"].clicks} == {"a": 1, "b": 2}
    assert dict(log.remarks.counts) == {
        "neither a query nor an event": 1,
        "the query_id has another text already": 1,
        "another item or position under the same query_id": 1,
        "the query has no text": 1,
        "nothing tells what was shown": 2,  # of the query, and of its click
        "missing, or no time; the row is kept without it": 1,
        "query_id is missing": 1,
        "the query is not in the log": 1,
        "the item is not among those shown": 1,
        "the item is missing": 1,
        "the position is out of range; that of the list was taken": 1,
        "the position is missing or out of range": 2,
    }
    assert "another position than the list that was shown: 1" in log.notes[0]


def test_exports_are_unwrapped_and_limited_in_time(tmp_path: Path) -> None:
    early = query("q0", timestamp=1_700_000_000_000)
    bulk = [{"index": {"_index": "ubi_queries"}}, early, {"create": {}}, query()]
    wrapped = [{"_index": "ubi_events", "_source": event("item_click", "a")}]
    path = tmp_path / "log.ndjson.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join(json.dumps(row) for row in [*bulk, *wrapped]))
    assert [each.query_id for each in read_file(path).impressions] == ["q0", "q1"]
    (late,) = read_file(path, ("item_click",), since_when("2026-11-01")).impressions
    assert [click.item_id for click in late.clicks] == ["a"]
    assert since_when(None) is None
    assert since_when("2h") == pytest.approx(since_when("120m"), abs=1)
    with pytest.raises(SettingsError, match="--since last week"):
        since_when("last week")


def test_a_log_without_impressions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no query tells what it showed: .*1 query_id left out"):
        read(tmp_path, query(hits=()), event("view", "a", query_id=None))


def test_the_published_sample_is_read_and_named_simulated() -> None:
    path = SAMPLE / "ubi_queries_events.ndjson.gz"
    if not path.exists():
        pytest.skip(f"the data set ubi_sample is not at {SAMPLE} (set DATASETS_DIR)")
    log = read_file(path)
    assert log.simulated
    assert len(log.impressions) == 278
    assert sum(len(each.clicks) for each in log.impressions) == 180
    assert log.remarks.counts["the query is not in the log"] == 332
    assert "esci_ubi_sample counts positions from 0" in log.notes
