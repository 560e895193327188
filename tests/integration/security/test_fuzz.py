"""What is no good input: each reader refuses it with an error of ours, and the API with a 4xx."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.catalogue.items import read_items
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.values.text import ValueProblem
from indexer.change_feed.change import ChangeReader
from learning.data.datasets import read_judgments
from plugin_config.errors import LiveIntentError
from query_service.rules.rules_file import RulesFile
from query_service.rules.synonyms import Synonyms
from query_service.web.behaviour.event_forms import parse_events
from query_service.web.behaviour.insights_forms import parse_insights
from query_service.web.behaviour.query_forms import parse_queries
from query_service.web.field_errors import BodyMalformed

quickly = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["1e999", "\x00", "2026-13-45", "-0", "9" * 40, "\ud800", "٣", "<b>"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, of any values."""
    keys = st.sampled_from(names) | st.text(max_size=6)
    return st.dictionaries(keys, VALUES, max_size=8)


EVENTS = objects(
    "action", "session_id", "item_id", "timestamp", "query_id", "position", "events", "user_id",
    "action_name", "client_id", "event_attributes", "message", "eventType", "eventName", "index",
    "userToken", "objectIDs", "queryID", "positions", "objectData", "value", "query_response_id",
)  # fmt: skip
ITEMS = objects("item_id", "title", "price", "category", "brand", "attributes", "prices", "version")


JUDGED = objects("query", "item_id", "grade", "rating", "docid", "query_id", "judgmentRatings")


def _lines(rows: list[object]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def refuses(read: Callable[[], object], *ours: type[Exception]) -> None:
    """Check that it reads, or raises an error of ours."""
    try:
        read()
    except (LiveIntentError, *ours):
        pass


@quickly
@given(EVENTS | st.lists(EVENTS, max_size=3) | VALUES)
def test_events_of_any_form(body: object) -> None:
    for parse in (parse_events, parse_insights, parse_queries):
        refuses(lambda parse=parse: parse(body), BodyMalformed)  # type: ignore[misc]


@quickly
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "xml", "jsonl.gz", "parquet"])
def test_catalogues_of_any_bytes(suffix: str, content: bytes, tmp_path_factory) -> None:
    _read_catalogue(tmp_path_factory.getbasetemp() / f"fuzz.{suffix}", content)


@quickly
@given(rows=st.lists(ITEMS | VALUES, min_size=1, max_size=4))
def test_catalogues_of_any_rows(rows: list[object], tmp_path_factory) -> None:
    _read_catalogue(tmp_path_factory.getbasetemp() / "fuzz-rows.jsonl", _lines(rows))


def _read_catalogue(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        with CatalogueSource(path).open() as catalogue:
            list(read_items(catalogue))

    refuses(read)


@quickly
@given(content=st.binary(max_size=200) | (ITEMS | VALUES).map(lambda row: json.dumps(row).encode()))
def test_lines_of_a_change_feed(content: bytes) -> None:
    refuses(lambda: ChangeReader(ColumnMap()).read(content), ValueProblem)


@quickly
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_files_of_rules_and_synonyms(content: bytes, tmp_path_factory) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    for written in (
        content,
        b"[[rules]]\n" + content,
        b"[[rules]]\nid = 'a'\n[rules.when]\n" + content,
    ):
        path.write_bytes(written)
        refuses(lambda: RulesFile.read(path))
    path.write_bytes(content)
    refuses(lambda: Synonyms.read(path))


@quickly
@given(content=st.binary(max_size=200) | st.lists(JUDGED).map(_lines) | st.text().map(str.encode))
@pytest.mark.parametrize("name", ["fuzz.jsonl", "fuzz.csv", "fuzz.qrels", "fuzz.json"])
def test_files_of_judgments(name: str, content: bytes, tmp_path_factory) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    refuses(lambda: read_judgments(path, None))
