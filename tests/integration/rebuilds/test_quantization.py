"""Quantised vectors: settings, what the cluster lacks, and that a change is due a rebuild."""

import json

import pytest
from opensearchpy.exceptions import RequestError

from indexer.catalogue.items import items_of_file
from plugin_config.errors import ConfigMismatch, SettingsError
from plugin_config.provisioning.provisioning import apply
from plugin_config.quantization import QUANTIZATIONS
from plugin_config.schema import VECTOR, VectorField
from tests.integration.command_line import invoke, process_environment
from tests.integration.rebuilding import alias_target, indexes

pytestmark = pytest.mark.node


def test_an_index_of_quantised_vectors_finds_an_item_s_own_vector_first(
    run_rebuild, client, fresh_names, encoder, catalogue
):
    index = run_rebuild(catalogue, encoder=encoder, quantization="int7").index
    mapping = client.indices.get_mapping(index=index)[index]["mappings"]
    parameters = mapping["properties"][VECTOR]["method"]["parameters"]
    assert parameters["encoder"] == {"name": "sq", "parameters": {"bits": 7}}
    assert mapping["_meta"]["live_intent"]["hnsw"]["quantization"] == "int7"
    items = items_of_file(catalogue)[:40]
    vectors = encoder.encode_items([item.text for item in items])
    first = 0
    for item, vector in zip(items, vectors, strict=True):
        knn = {"knn": {VECTOR: {"vector": vector.tolist(), "k": 3}}}
        hits = client.search(index=index, body={"size": 3, "query": knn})["hits"]["hits"]
        first += item.item_id in [hit["_id"] for hit in hits]
        assert hits[0]["_score"] == pytest.approx(2.0, abs=0.1)  # 1 + the inner product
    assert first >= 36


def test_another_quantisation_takes_the_vectors_over_and_encodes_nothing(run_rebuild, catalogue):
    run_rebuild(catalogue)
    report = run_rebuild(catalogue, quantization="int7")
    assert (report.reused, report.encoded) == (300, 0)


def test_config_apply_says_that_a_rebuild_is_due(
    run_rebuild, client, fresh_names, node_url, catalogue
):
    index = run_rebuild(catalogue).index
    wanted = {"engine": "faiss", "quantization": "fp16"}
    due = [c for c in apply(client, fresh_names, vectors=wanted) if c.kind == "rebuild due"]
    assert [change.name for change in due] == [index]
    assert due[0].details[:2] == ("vector.engine: lucene -> faiss",
                                  "vector.quantization: none -> fp16")  # fmt: skip
    same = {"engine": "lucene", "quantization": "none"}
    assert apply(client, fresh_names, vectors=same) == []
    environment = process_environment(
        opensearch_url=node_url, index_prefix=fresh_names.prefix, quantization="int7"
    )
    out = invoke(environment, "config", "apply", "--dry-run").output
    assert "vector.quantization: none -> int7" in out
    assert "live-intent index rebuild CATALOGUE" in out


def test_faiss_is_refused_before_anything_is_made_where_a_node_has_no_library_of_it(
    run_rebuild, client, fresh_names, catalogue
):
    nodes = client.nodes.info(metric="os")["nodes"].values()
    if {node["build_type"] for node in nodes} != {"zip"}:
        pytest.skip("the node's distribution has the native libraries")
    for quantization in ("none", "fp16", "disk-32x"):
        with pytest.raises(ConfigMismatch, match="no native library of faiss") as raised:
            run_rebuild(catalogue, engine="faiss", quantization=quantization)
        assert f"LIVE_INTENT_QUANTIZATION={quantization}" in str(raised.value)
    assert indexes(client, fresh_names) == []
    assert alias_target(client, fresh_names) is None


@pytest.mark.parametrize(
    ("engine", "quantization"), [("lucene", "fp16"), ("lucene", "disk-8x"), ("faiss", "int7")]
)
def test_a_quantisation_that_the_engine_lacks_is_refused_with_those_that_it_has(
    run_rebuild, catalogue, engine, quantization
):
    with pytest.raises(SettingsError) as raised:
        run_rebuild(catalogue, engine=engine, quantization=quantization)
    assert f"LIVE_INTENT_QUANTIZATION={quantization}" in str(raised.value)
    assert "lucene: none, int7; faiss: none, fp16, disk-8x, disk-16x, disk-32x" in str(raised.value)


@pytest.mark.parametrize(
    ("engine", "quantization"),
    [(engine, name) for name, each in QUANTIZATIONS.items() for engine in each.engines],
)
def test_the_engine_takes_the_mapping_of_every_quantisation(
    client, fresh_names, engine, quantization
):
    """The mapping alone: a node without the libraries would end with the first vector."""
    index = f"{fresh_names.prefix}mapping"
    version = client.info()["version"]["number"]
    field = VectorField(16, engine, quantization=quantization, version=version).mapping
    body = {"settings": {"index.knn": True}, "mappings": {"properties": {VECTOR: field}}}
    try:
        client.indices.create(index=index, body=body)
    except RequestError as error:
        pytest.fail(json.dumps(error.info))
    finally:
        client.indices.delete(index=index, ignore=[404])


def test_a_mapping_has_what_the_cluster_s_version_wants():
    def encoder(version):
        field = VectorField(16, "faiss", quantization="fp16", version=version)
        return field.mapping["method"]["parameters"]["encoder"]

    assert encoder("3.5.0") == {"name": "sq", "parameters": {"type": "fp16"}}
    later = {"name": "sq", "parameters": {"type": "fp16", "bits": 16}}
    assert encoder("3.6.0") == encoder("3.7.1") == encoder("4.0.0-SNAPSHOT") == later


def test_bits_of_a_quantisation_are_those_of_its_name():
    assert {name: each.bits for name, each in QUANTIZATIONS.items()} == {
        "none": 32, "int7": 8, "fp16": 16, "disk-8x": 4, "disk-16x": 2, "disk-32x": 1
    }  # fmt: skip
