"""What `live-intent config apply` does to a real cluster."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from plugin_config.analysis.index_languages import IndexLanguages
from plugin_config.analysis.text_analysis import TextAnalysis
from plugin_config.analysis.text_fields import language_analyses
from plugin_config.errors import ConfigMismatch
from plugin_config.provisioning.provisioning import apply, ensure_indexes
from plugin_config.schema import VECTOR, IndexNames, VectorField, items_mapping, load_template

NOW = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)
UBI = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "ubi_sample"


def test_it_creates_everything_and_then_has_nothing_to_do(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    planned = apply(client, fresh_names, dry_run=True)
    assert {change.kind for change in planned} == {"created"}
    assert not client.indices.exists(index=fresh_names.sessions)
    assert apply(client, fresh_names) == planned
    assert {change.name for change in planned if change.target == "index"} == {
        fresh_names.sessions,
        fresh_names.ubi_queries,
        fresh_names.ubi_events,
        fresh_names.rules,
        fresh_names.rebuilds,
        fresh_names.experiments,
        fresh_names.keys,
        fresh_names.engine_models,
    }
    assert apply(client, fresh_names) == []
    ensure_indexes(client, fresh_names)


def test_changeable_parameters_are_updated_in_place(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    apply(client, fresh_names)
    index = fresh_names.ubi_events
    client.indices.put_mapping(
        index=index,
        body={"properties": {"client_id": {"type": "keyword", "ignore_above": 9}}},
    )
    client.indices.put_settings(index=index, body={"index.refresh_interval": "9s"})
    template = fresh_names.template("sessions")
    body = client.indices.get_index_template(name=template)["index_templates"][0]["index_template"]
    del body["template"]["mappings"]["properties"]["kind"]
    client.indices.put_index_template(name=template, body=body)

    planned = apply(client, fresh_names, dry_run=True)
    assert sorted(str(change) for change in planned) == [
        f"updated: index {index}\n    client_id.ignore_above: 9 -> 512",
        f"updated: index {index}\n    index.refresh_interval: 9s -> 5s",
        f"updated: template {template}\n"
        "    template.mappings.properties.kind.type: (none) -> keyword",
    ]
    assert apply(client, fresh_names) == planned
    assert apply(client, fresh_names) == []


def test_an_older_index_gets_new_fields_and_sub_fields(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    older = {
        "dynamic": "true",
        "properties": {
            "user_query": {"type": "text"},
            "session_id": {"type": "keyword", "ignore_above": 512},
            "event_attributes": {
                "dynamic": "false",
                "properties": {"object": {"dynamic": "false", "properties": {}}},
            },
        },
    }
    client.indices.create(index=fresh_names.ubi_events, body={"mappings": older})
    adopted = apply(client, fresh_names, adopt=[fresh_names.ubi_events])
    changes = [c for c in adopted if c.name == fresh_names.ubi_events]
    assert {c.kind for c in changes} == {"updated"}
    assert any("event_attributes.object.object_id: (none) -> keyword" in c.details for c in changes)
    assert apply(client, fresh_names) == []


def test_other_differences_say_that_a_rebuild_is_due(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    index = fresh_names.new_items_index(NOW)
    body = items_mapping(VectorField(4), "english", {"analyzer": "english"})
    body["mappings"]["properties"]["price"] = {"type": "keyword"}
    client.indices.create(index=index, body=body | {"aliases": {fresh_names.items: {}}})
    assert apply(client, fresh_names, dry_run=True)[-4:] != []
    for _ in range(2):
        due = [c for c in apply(client, fresh_names) if c.kind == "rebuild due"]
        assert [c.name for c in due] == [index]
        assert due[0].details == (
            "price.type: keyword -> float",
            "run: live-intent index rebuild CATALOGUE",
        )
    [other] = [c for c in apply(client, fresh_names, analyzer="cjk") if c.kind == "rebuild due"]
    assert "title.analyzer: words_english -> words_cjk" in other.details


def test_an_index_of_an_earlier_version_says_that_a_rebuild_is_due(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    index = fresh_names.new_items_index(NOW)
    body = items_mapping(VectorField(4), "english", {"analyzer": "english"})
    del body["settings"]["index.analysis"]
    properties = body["mappings"]["properties"]
    properties["title"] = {"type": "text", "analyzer": "english"}
    properties["description"] = {"type": "text", "analyzer": "english"}
    for name in ("brand", "category"):
        properties[name] = {"type": "keyword"}
    properties["item_id"] = {"type": "keyword"}
    del properties["identifiers"], properties["description_text"]
    client.indices.create(index=index, body=body | {"aliases": {fresh_names.items: {}}})
    for _ in range(2):
        [due] = [change for change in apply(client, fresh_names) if change.kind == "rebuild due"]
        assert "title.analyzer: english -> words_english" in due.details
        assert "analysis: another version" in due.details


def test_an_index_keeps_its_own_analyzer(client: OpenSearch, fresh_names: IndexNames) -> None:
    body = items_mapping(VectorField(4), "cjk", {"analyzer": "cjk"})
    index = fresh_names.new_items_index(NOW)
    client.indices.create(index=index, body=body | {"aliases": {fresh_names.items: {}}})
    apply(client, fresh_names)
    assert apply(client, fresh_names) == []


def test_an_index_keeps_its_languages(client: OpenSearch, fresh_names: IndexNames) -> None:
    languages = IndexLanguages({"de": "german", "en": "", "pt-BR": "brazilian", "he": "standard"})
    parts = {"german": ("leder", "sofa")}
    analyses = language_analyses(languages, TextAnalysis("english"), parts)
    meta = {"analyzer": "english", **languages.to_meta()}
    body = items_mapping(VectorField(4), "english", meta, languages=analyses)
    index = fresh_names.new_items_index(NOW)
    client.indices.create(index=index, body=body | {"aliases": {fresh_names.items: {}}})
    apply(client, fresh_names)
    assert apply(client, fresh_names) == []


def test_an_index_without_languages_has_no_fields_of_any() -> None:
    body = items_mapping(VectorField(4), "english", {})
    own = load_template("items")["template"]
    assert body["settings"] == own["settings"]
    assert body["mappings"]["properties"].keys() - own["mappings"]["properties"].keys() == {VECTOR}
    assert body["mappings"]["_source"] == own["mappings"]["_source"]


def test_an_unknown_analyzer_is_refused_before_anything_is_written(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    with pytest.raises(ConfigMismatch, match=r"does not know the analyzer 'smartcn'.*install"):
        apply(client, fresh_names, analyzer="smartcn")
    assert not client.indices.exists(index=fresh_names.sessions)


@pytest.mark.parametrize(
    ("analyzer", "title", "query"),
    [
        ("english", "running shoes", "shoe run"),
        ("cjk", "小米手机", "手机"),
        ("standard", "a b", "b"),
    ],
)
def test_items_are_found_by_word_and_by_vector(
    client: OpenSearch, names: IndexNames, analyzer: str, title: str, query: str
) -> None:
    apply(client, names)  # the template says english: the index's own analyzer wins
    index = f"{names.prefix}items-{analyzer}"
    meta = {"fingerprint": "0123456789abcdef", "layout": "sum"}
    client.indices.create(index=index, body=items_mapping(VectorField(2), analyzer, meta))
    item = {
        "item_id": "1",
        "title": title,
        "category": ["Phones", "Phones > Smartphones"],
        "attributes": {"colour": "red", "size.cm": [1, "two"]},
        "keys": {"brand": ["acme"]},
        "popularity": 3.0,
        "popularity_rank": 3.0,
        "features": ["brand:x"],
        "vector": [0.6, -0.8],
        "vector_float16": "zTgzuw==",
    }
    client.index(index=index, id="1", body=item, params={"refresh": "true"})
    by_word = client.search(index=index, body={"query": {"match": {"title": query}}})
    assert by_word["hits"]["total"]["value"] == 1
    assert "vector" not in by_word["hits"]["hits"][0]["_source"]
    realtime = client.get(index=index, id="1", params={"_source_includes": "vector*"})
    assert realtime["_source"] == {"vector_float16": "zTgzuw=="}
    by_vector = client.search(
        index=index,
        body={
            "query": {"knn": {"vector": {"vector": [0.6, -0.8], "k": 1}}},
            "docvalue_fields": ["vector_float16", "features"],
            "_source": False,
        },
    )["hits"]["hits"][0]
    assert by_vector["_score"] == pytest.approx(2.0)  # 1 + inner product
    assert by_vector["fields"] == {"vector_float16": ["zTgzuw"], "features": ["brand:x"]}
    filtered = client.count(index=index, body={"query": {"term": {"keys.brand": "acme"}}})
    assert filtered["count"] == 1
    stored = client.get(index=index, id="1")["_source"]
    assert stored["attributes"] == {"colour": "red", "size.cm": [1, "two"]}
    assert "keys" not in stored
    meta = client.indices.get_mapping(index=index)[index]["mappings"]["_meta"]["live_intent"]
    assert meta["fingerprint"] == "0123456789abcdef"
    assert meta["hnsw"]["engine"] == "lucene"
    with pytest.raises(RequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=index, body={"item_id": "2", "colour": "red"})


def test_published_ubi_data_is_indexed_unchanged(
    client: OpenSearch, fresh_names: IndexNames
) -> None:
    files = list(UBI.glob("*.ndjson.gz"))
    if not files:
        pytest.skip(f"no UBI sample in {UBI}: set DATASETS_DIR")
    ensure_indexes(client, fresh_names)
    lines = []
    with gzip.open(files[0], "rt", encoding="utf-8") as source:
        for line in source:
            row = json.loads(line)
            if set(row) == {"index"}:
                row["index"]["_index"] = fresh_names.prefix + row["index"]["_index"]
            lines.append(row)
    answer = client.bulk(body=lines, params={"refresh": "true"})
    assert not answer["errors"]
    counts = [
        client.count(index=name)["count"]
        for name in (fresh_names.ubi_queries, fresh_names.ubi_events)
    ]
    assert counts == [473, 3448]
    clicks = {
        "size": 0,
        "query": {"exists": {"field": "event_attributes.object.object_id"}},
        "aggs": {"sessions": {"cardinality": {"field": "session_id"}}},
    }
    response = client.search(index=fresh_names.ubi_events, body=clicks)
    assert response["aggregations"]["sessions"]["value"] > 0
