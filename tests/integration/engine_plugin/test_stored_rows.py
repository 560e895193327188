"""What the intake stores with events and queries for the plugin inside OpenSearch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import ModelBundle
from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.sessions.documents import VECTORS, document_id, text_vector
from query_service.user.user_vector import build
from query_service.user.visitor import Event, Visitor
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving_index

pytestmark = pytest.mark.node
FINE = 2e-3  # of float16


@dataclass(frozen=True)
class Shop:
    """A served index of each layout in turn, and the documents of its sessions."""

    api: Api
    bundle: ModelBundle
    client: OpenSearch
    names: IndexNames

    def document(self, name: str, kind: str = "session") -> dict[str, Any]:
        self.api("GET", f"/v1/sessions/{name}")  # writes the waiting queries
        stored = self.client.get(index=self.names.sessions, id=document_id(kind, name))
        source: dict[str, Any] = stored["_source"]
        return source


@pytest.fixture(scope="module", params=["encoder", "concat_encoder"], ids=["sum", "concat"])
def shop(
    request: pytest.FixtureRequest,
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    shop_catalogue: Any,
) -> Iterator[Shop]:
    encoder: Encoder = request.getfixturevalue(request.param)
    context = index_context(client, names, cluster_settings.bundles_dir)
    index = rebuild_index(context, encoder, shop_catalogue)
    bundle = ModelBundle.load(cluster_settings.bundles_dir / index)
    with serving_index(cluster_settings, encoder) as api:
        yield Shop(api, bundle, client, names)


def test_an_event_brings_what_its_attributes_add_to_d_a(shop: Shop) -> None:
    session_id = f"events-{shop.bundle.spec.layout}"
    for action, item in (("purchase", "i2"), ("dislike", "i7"), ("view", "unknown")):
        shop.api.event(action, item, session_id, user_id=f"user-{session_id}")
    document = shop.document(session_id)
    rows = document["events"]
    assert [("attribute_vector" in row) for row in rows] == [True, True, False]
    assert rows[0]["vector_space"] == shop.bundle.vector_space
    events = tuple(
        Event(
            row["action"], row["item_id"], row["timestamp"] / 1000, session_id,
            features=tuple(row["features"]), vector=text_vector(row["vector"]),
        )
        for row in rows[:2]
    )  # fmt: skip
    now = rows[-1]["timestamp"] / 1000
    fused = build(Visitor(session_id, "", events), shop.bundle, now=now)
    total = sum(
        weight * text_vector(row["attribute_vector"])
        for weight, row in zip(fused.event_weights, rows, strict=False)
    )
    np.testing.assert_allclose(total / np.linalg.norm(total), fused.D_a.vector, atol=FINE)
    user = shop.document(f"user-{session_id}", "user")
    assert user["events"][0]["attribute_vector"] == rows[0]["attribute_vector"]


def test_a_query_brings_its_meaning_and_the_space_of_it(shop: Shop) -> None:
    session_id = f"queries-{shop.bundle.spec.layout}"
    shop.api.search("desk lamp", session_id)
    asked = {"session_id": session_id, "user_query": "red shoes", "query_id": "their-own"}
    assert shop.api("POST", "/ubi_queries", asked).status == 200
    rows = shop.document(session_id)["queries"]
    assert [row["query_text"] for row in rows] == ["desk lamp", "red shoes"]
    for row in rows:
        assert row["vector_space"] == shop.bundle.vector_space
        assert row["fingerprint"] == shop.bundle.spec.fingerprint
        expected = shop.bundle.meaning(text_vector(row["vector"]))
        if shop.bundle.projections is None:
            assert "meaning" not in row
        else:
            np.testing.assert_allclose(text_vector(row["meaning"]), expected, atol=FINE)


def test_a_join_copies_it_and_exports_show_lengths_alone(shop: Shop) -> None:
    session_id = f"joined-{shop.bundle.spec.layout}"
    shop.api.event("like", "i3", session_id)
    shop.api.search("coffee machine", session_id)
    joined = {"session_id": session_id, "user_id": f"user-{session_id}"}
    assert shop.api("POST", "/v1/joins", joined).status == 200
    [session, user] = shop.document(session_id), shop.document(f"user-{session_id}", "user")
    for kind in ("events", "queries"):
        [one], [other] = session[kind], user[kind]
        assert {name: one.get(name) for name in VECTORS} == {n: other.get(n) for n in VECTORS}
    exported = shop.api("GET", f"/v1/sessions/{session_id}").body["session"]
    behaviour_dims = shop.bundle.W_ua.W.shape[1]
    assert exported["events"][0]["attribute_vector_length"] == behaviour_dims
    assert not set(VECTORS) & {*exported["events"][0], *exported["queries"][0]}


def test_rows_of_before_are_read_as_they_were(shop: Shop) -> None:
    session_id = f"older-{shop.bundle.spec.layout}"
    shop.api.event("purchase", "i2", session_id)
    with_them = shop.api.search("acme", session_id, explain=True)
    document = shop.document(session_id)
    for row in (*document["events"], *document["queries"]):
        for name in ("attribute_vector", "meaning"):
            row.pop(name, None)
    document["queries"] = []
    alias = shop.names.writing(shop.names.sessions)
    shop.client.index(index=alias, id=document_id("session", session_id), body=document)
    without = shop.api.search("acme", session_id, explain=True)
    assert without["personalized"]
    assert [hit["item_id"] for hit in without["hits"]] == [
        hit["item_id"] for hit in with_them["hits"]
    ]
