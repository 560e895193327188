"""The person leg of a pipeline: the nearest of the matches join the window."""

from dataclasses import replace
from typing import Any

import pytest
from opensearchpy.exceptions import RequestError

from indexer.index.documents import from_float16_base64
from tests.integration.engine_plugin.visited_shop import (
    DIMS,
    MAPPING,
    VisitedShop,
    ids,
    state,
)

pytestmark = pytest.mark.node
METHOD = {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}
LEG: dict[str, Any] = {"enabled": True, "k": 5}


@pytest.fixture(scope="module")
def near(shop: VisitedShop) -> VisitedShop:
    """The shop with vectors for k-NN in the indexes `near` and `nears` (three shards)."""
    rows = [
        row | {"vector": [float(x) for x in from_float16_base64(row["vector_float16"])]}
        for row in shop.items
    ]
    made = replace(shop, items=rows)
    field = {"type": "knn_vector", "dimension": DIMS, "method": METHOD}
    mapping = {**MAPPING, "properties": MAPPING["properties"] | {"vector": field}}
    for name, shards in (("near", 1), ("nears", 3)):
        made.add_index(name, shards, mapping=mapping, knn=True)
    made.visit("late", [70, 77, 84])
    for name, leg in (("leg", LEG), ("legless", {"enabled": False})):
        made.put_pipeline(f"{made.prefix}{name}", person_leg=leg, window=10)
    return made


def test_the_nearest_matches_join_the_window(near: VisitedShop) -> None:
    everything: dict[str, Any] = {"query": {"match_all": {}}, "size": 90}
    for index in (f"{near.prefix}near", f"{near.prefix}nears"):
        without = near.search(index, "late", pipeline=f"{near.prefix}legless", **everything)
        answer = near.search(index, "late", pipeline=f"{near.prefix}leg", **everything)
        assert state(answer)["personalised"]
        assert sorted(ids(answer)) == sorted(ids(without))
        assert answer["hits"]["total"] == without["hits"]["total"]
        # Bought last, and far below the first ten of all that match alike:
        assert "i84" in ids(answer)[:3]
        assert "i84" not in ids(without)[:10]


def test_it_brings_nothing_that_the_search_does_not_match(near: VisitedShop) -> None:
    index = f"{near.prefix}near"
    lamps = {"query": {"match": {"title": "lamp"}}, "post_filter": {"term": {"brand": "Brand4"}}}
    plain, answer = (
        near.search(index, session_id, pipeline=f"{near.prefix}leg", size=90, **lamps)
        for session_id in ("", "late")
    )
    assert sorted(ids(answer)) == sorted(ids(plain))
    near.client.indices.put_alias(
        index=index, name=f"{near.prefix}cheap", body={"filter": {"range": {"price": {"lt": 30}}}}
    )
    cheap = near.search(f"{near.prefix}cheap", "late", pipeline=f"{near.prefix}leg", size=90)
    assert max(hit["_source"]["price"] for hit in cheap["hits"]["hits"]) < 30


def test_it_brings_nothing_that_terminate_after_leaves_out(near: VisitedShop) -> None:
    first: dict[str, Any] = {"query": {"match_all": {}}, "size": 90, "terminate_after": 12}
    answer = near.search(f"{near.prefix}near", "late", pipeline=f"{near.prefix}leg", **first)
    assert state(answer)["personalised"]
    assert len(ids(answer)) == answer["hits"]["total"]["value"] == 12


def test_its_settings_are_checked(near: VisitedShop) -> None:
    name = f"{near.prefix}wrong"
    for leg in ({"enabled": "yes"}, {"k": 0}, {"size": 7}, True):
        with pytest.raises(RequestError, match="person_leg"):
            near.put_pipeline(name, person_leg=leg)
