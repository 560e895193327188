"""Attributes of a real index: kept as given, filtered by type, private unless mapped or named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.items import Item
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.encoder.encoder import Encoder
from indexer.index.context import IndexContext
from indexer.index.live.source_updates import upsert_source
from indexer.index.live.updates import upsert
from indexer.index.rebuilding.rebuild import rebuild
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.command_line import invoke, run
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import FILL, NotedProgress, index_context, source
from tests.integration.serving import Api, item_ids, serving

pytestmark = pytest.mark.node

ROWS: list[dict[str, Any]] = [
    {
        "item_id": "both", "title": "lamp one", "brand": "Canon", "category": ["Home", "Lamps"],
        "attributes": {"colour": ["Red", "Blue"], "screen.size": 5.5, "new": True,
                       "made": "2024-01-05", "size": 8},
        "purchase_price": 7131.375, "supplier_email": "secret@example.com", "margin": "31 percent",
    },
    {
        "item_id": "red", "title": "lamp two", "brand": "CANON", "category": ["home", "LAMPS"],
        "attributes": {"colour": "red", "screen.size": 7, "new": False,
                       "made": "2024-01-05T10:00:00Z", "size": "M"},
    },
    {
        "item_id": "green", "title": "lamp three", "brand": "Ｃａｎｏｎ", "language": "EN",
        "attributes": {"colour": "Green", "screen.size": [1, 9], "made": "2024-02-01"},
    },
    {"item_id": "none", "title": "lamp four"},
]  # fmt: skip
PRIVATE = ("purchase_price", "supplier_email", "margin", "7131.375", "secret@", "31 percent")


class NotesBeforeTheFill(NotedProgress):
    """Progress that keeps the notes until a rebuild writes items."""

    before: list[str]

    def start(self, stage: str, total: int | None = None) -> None:
        if stage == FILL:
            self.before = list(self.notes)


@pytest.fixture(scope="module")
def notes(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[str]:
    """An index of ROWS; what its rebuild said before it filled the index."""
    progress = NotesBeforeTheFill()
    context = index_context(client, names, cluster_settings.bundles_dir)
    rows = write_json_lines(tmp_path_factory.mktemp("rows") / "rows.jsonl", ROWS)
    rebuild(replace(context, progress=progress), encoder, CatalogueSource(rows))
    return progress.before


@pytest.fixture(scope="module")
def api(notes: list[str], cluster_settings: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000, swap_poll_s=60)
    batching = BatchingEncoder(encoder)
    with serving(create_app(settings, cluster_settings, batching)) as api:
        yield api
    batching.close()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"brand": "canon"}, "both red green"),
        ({"brand": "ｃａｎｏｎ"}, "both red green"),
        ({"brand": {"not": ["canon"]}}, "none"),
        ({"brand": {"exists": False}}, "none"),
        ({"category": "home > lamps"}, "both red"),
        ({"language": "en"}, "green"),
        ({"attributes": {"colour": "Red"}}, "both red"),
        ({"attributes": {"colour": ["BLUE", "green"]}}, "both green"),
        ({"attributes": {"colour": {"any": ["red"], "not": "blue"}}}, "red"),
        ({"attributes": {"colour": {"exists": True}}}, "both red green"),
        ({"attributes": {"new": {"exists": False}}}, "green none"),
        ({"attributes": {"new": True}}, "both"),
        ({"attributes": {"screen.size": {"gte": 5.5, "lt": 7}}}, "both"),
        ({"attributes": {"screen.size": 7}}, "red"),
        ({"attributes": {"screen.size": "5.5"}}, "both"),
        ({"attributes": {"made": "2024-01-05"}}, "both red"),
        ({"attributes": {"made": {"gt": "2024-01-05"}}}, "green"),
        (
            {"attributes": {"made": {"gte": "2024-01-05T09:00:00+01:00", "lte": "2024-01-31"}}},
            "red",
        ),
        ({"attributes": {"size": [8, "m"]}}, "both red"),
        ({"attributes": {"colour": "red", "new": False}}, "red"),
    ],
)
def test_filters_find(api: Api, filters: dict[str, Any], expected: str) -> None:
    answer = api.search("lamp", "f1", filters=filters, personalize=False)
    assert sorted(item_ids(answer)) == sorted(expected.split())


def test_a_hit_shows_attributes_as_the_catalogue_has_them(api: Api) -> None:
    hits = api.search("lamp", "f2", personalize=False)["hits"]
    shown = {hit["item_id"]: hit["source"].get("attributes") for hit in hits}
    assert shown == {row["item_id"]: row.get("attributes") for row in ROWS}
    assert {hit["source"].get("brand") for hit in hits} == {"Canon", "CANON", "Ｃａｎｏｎ", None}


def test_a_filter_on_an_unknown_attribute_lists_those_there_are(api: Api) -> None:
    for name in ("color", "purchase_price"):
        body = {"query": "lamp", "session_id": "f3", "filters": {"attributes": {name: "red"}}}
        response = api("POST", "/v1/search", body)
        assert response.status == 422
        (error,) = response.body["errors"]
        assert error["field"] == f"filters.attributes.{name}"
        for attribute in ("colour", "made", "new", "screen.size", "size"):
            assert attribute in error["message"]
        assert "margin" not in error["message"]


def test_recommend_filters_by_attributes_too(api: Api) -> None:
    body = {"session_id": "f4", "filters": {"attributes": {"colour": "blue"}}}
    assert item_ids(api("POST", "/v1/recommend", body).body) == ["both"]


def test_columns_that_nobody_mapped_are_in_no_answer_and_not_in_the_index(
    api: Api, client: OpenSearch, names: IndexNames
) -> None:
    answer = json.dumps(api.search("lamp", "f5", explain=True))
    stored = json.dumps([client.search(index=names.items), client.indices.get(index=names.items)])
    for secret in PRIVATE:
        assert secret not in answer
        assert secret not in stored


def test_a_rebuild_says_what_will_be_public_before_it_fills(notes: list[str]) -> None:
    assert notes == [
        "public attributes, in hits and filters: colour (text), made (date), new (boolean), "
        "screen.size (number), size (text)",
        "attributes that are facets: attributes.colour, attributes.made, attributes.new, "
        "attributes.screen.size, attributes.size",
        "private, not in the index: margin, purchase_price, supplier_email. Name those that "
        "shoppers may see: --public NAME, or LIVE_INTENT_PUBLIC_ATTRIBUTES",
        "attribute size is a text: number 1 times ('8'), text 1 times ('M')",
    ]


def test_a_dry_run_lists_public_and_private_attributes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    file = write_json_lines(tmp_path / "rows.jsonl", ROWS)
    command = ["index", "rebuild", str(file), "--dry-run"]
    mapped = run(environment, *command)
    assert "public attributes, in hits and filters: colour (text), made (date)" in mapped.stdout
    assert "private, not in the index: margin, purchase_price, supplier_email" in mapped.stdout
    named = invoke(environment, *command, "--public", "margin", "--public", "colr")
    assert "public attributes, in hits and filters: margin (text)\n" in named.stdout
    assert "private, not in the index: colour, made" in named.stdout
    assert "named public, but no item has it: colr" in named.stdout
    everything = invoke(environment | {"LIVE_INTENT_PUBLIC_ATTRIBUTES": "*"}, *command)
    assert "supplier_email (text)" in everything.stdout
    assert "private" not in everything.stdout


def test_named_attributes_alone_are_public_for_upserts_too(
    run_rebuild: Callable[..., Any],
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_context: IndexContext,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    public = ColumnMap(public=PublicAttributes.of(["colour", "margin"]))
    file = write_json_lines(tmp_path / "rows.jsonl", ROWS)
    report = run_rebuild(CatalogueSource(file, public))
    assert report.attributes.public == {"colour": "text", "margin": "text"}
    upsert_source(fresh_context, lambda: encoder, CatalogueSource(file))
    upsert(
        fresh_context, lambda: encoder, [Item("x", "lamp", attributes={"colour": "red", "cost": 3})]
    )
    for item_id, expected in (
        ("both", {"colour": ["Red", "Blue"], "margin": "31 percent"}),
        ("x", {"colour": "red"}),
    ):
        stored = source(client, fresh_names, item_id)
        assert stored is not None
        assert stored["attributes"] == expected


def test_a_live_upsert_adds_attributes_and_loses_no_value_of_another_type(
    api: Api,
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
) -> None:
    context = index_context(client, names, cluster_settings.bundles_dir)
    item = Item("new", "lamp five", attributes={"watts": 12, "screen.size": ["huge", 40]})
    report = upsert(context, lambda: encoder, [item])
    assert report.attributes == (
        "new attribute: watts (number)",
        "attribute screen.size: 'huge' is not a number: it is shown and found, but ranges and "
        "facets leave it out until the next rebuild",
    )
    client.indices.refresh(index=names.items)

    def found(**attributes: object) -> list[str]:
        filters = {"attributes": attributes}
        return item_ids(api.search("lamp", "f6", filters=filters, personalize=False))

    assert found(watts={"gt": 10}) == ["new"]  # the service looks for it, and finds it
    assert found(**{"screen.size": "HUGE"}) == ["new"]
    assert found(**{"screen.size": {"gt": 10}}) == ["new"]
    stored = source(client, names, "new")
    assert stored is not None
    assert stored["attributes"] == {"watts": 12, "screen.size": ["huge", 40]}
