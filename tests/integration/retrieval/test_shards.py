"""An index of several shards answers as one of one shard: hits, order, scores, counts, pages."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.suggestions.build import build_suggestions
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving_index

pytestmark = pytest.mark.node
ITEMS, SHARDS = 300, (1, 3, 5)
TEXT = (
    "desk floor table lamp light oak steel glass brass round small large modern garden wall paper "
    "linen shade chair stool sofa leather cushion rug wool cotton kitchen bath mirror frame clock"
)
WORDS = TEXT.split()
KINDS = ("Lighting", "Furniture", "Textiles", "Decoration")
Answer = dict[str, Any]
FACETS = ["brand", "category", "attributes.maker", "attributes.watts", "price", "available"]
CHOSEN = {"brand": ["Acme", "Bolt"], "category": "Lighting"}
SEARCHES: dict[str, Answer] = {
    "one word": {"query": "lamp"},
    "words": {"query": "small oak desk lamp"},
    "misspelt": {"query": "kitchn miror"},
    "corrected": {"query": "cushoin"},
    "words that no item has together": {"query": "leather clock xylophone"},
    "number": {"query": "item-007"},
    "facets": {"query": "glass table", "facets": FACETS},
    "facets that filters refine": {"query": "glass table", "filters": CHOSEN, "facets": FACETS},
    "price": {"query": "lamp", "sort": "price"},
    "name": {"query": "lamp", "sort": {"by": "name", "order": "desc"}},
    "second page": {"query": "lamp glass", "from": 20, "size": 40},
    "products": {"query": "lamp", "collapse": True, "facets": FACETS},
}


def rows() -> list[dict[str, Any]]:
    """Items of random words, lengths, prices and popularities, with more makers than are shown."""
    rng = random.Random(13)
    return [
        {
            "item_id": f"item-{n:03}",
            "title": " ".join(rng.sample(WORDS, rng.randint(3, 9))),
            "description": " ".join(rng.choices(WORDS, k=rng.randint(5, 40))),
            "brand": ("Acme", "Bolt", "Cube")[n % 3],
            "category": [KINDS[n % 4], "Indoors"],
            "price": rng.randint(1, 60),
            "popularity": round(rng.lognormvariate(3, 2), 3),
            "available": n % 9 > 0,
            "group_id": f"product-{n // 2}" if n < 100 else None,
            "attributes": {"maker": f"maker {int(rng.paretovariate(0.7)) % 300}", "watts": n % 13},
        }
        for n in range(ITEMS)
    ]


@pytest.fixture(scope="module")
def apis(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[int, Api]]:
    """The same catalogue, in an index of one shard and of several, each served."""
    catalogue = write_json_lines(tmp_path_factory.mktemp("items") / "items.jsonl", rows())
    with ExitStack() as stack:
        served = {}
        for number in SHARDS:
            served[number] = stack.enter_context(
                shop_of(client, names, cluster_settings, encoder, catalogue, number)
            )
        for api in served.values():
            for action, item_id in (("click", "item-011"), ("add_to_cart", "item-202")):
                assert api.event(action, item_id, "visitor").status == 200
        yield served


def shop_of(
    client: OpenSearch,
    names: IndexNames,
    cluster: ClusterSettings,
    encoder: Encoder,
    catalogue: Path,
    shards: int,
) -> Any:
    own = IndexNames(f"{names.prefix}{shards}-")
    context = index_context(client, own, cluster.bundles_dir, shards=shards)
    index = rebuild_index(context, encoder, catalogue)
    settings = client.indices.get_settings(index=index, flat_settings=True)[index]["settings"]
    assert settings["index.number_of_shards"] == str(shards)
    build_suggestions(context)
    # As many as there are items: which of the nearest a graph misses differs from one to another.
    every = {"candidates_per_leg": ITEMS}
    return serving_index(cluster.model_copy(update={"index_prefix": own.prefix}), encoder, **every)


def test_searches_answer_alike_whatever_the_number_of_shards(apis: dict[int, Api]) -> None:
    for session_id in ("nobody", "visitor"):
        for what, request in SEARCHES.items():
            # Stored queries would be history, whose weights depend on the time between them.
            body = request | {"explain": True, "store": False}
            answers = {n: api.search(session_id=session_id, **body) for n, api in apis.items()}
            assert answers[1]["hits"] or answers[1]["did_you_mean"], what
            for number, answer in answers.items():
                assert comparable(answer) == comparable(answers[1]), (what, session_id, number)


def test_recommendations_and_given_items_are_ranked_alike(apis: dict[int, Api]) -> None:
    given = {"item_ids": [f"item-{n:03}" for n in range(0, 90, 3)], "query": "glass lamp"}
    for path, body in (("recommend", {}), ("recommend", {"facets": FACETS}), ("rank", given)):
        for session_id in ("nobody", "visitor"):
            asked = {"session_id": session_id, "deadline_ms": 20_000, **body}
            answers = {n: api("POST", f"/v1/{path}", asked).body for n, api in apis.items()}
            for number, answer in answers.items():
                assert comparable(answer) == comparable(answers[1]), (path, session_id, number)


@pytest.mark.parametrize("sort", [None, "price"])
def test_pages_below_few_candidates_are_alike(
    names: IndexNames, cluster_settings: ClusterSettings, encoder: Encoder, sort: str | None
) -> None:
    fields = {"session_id": "pages", "query": "lamp oak", "size": 45, "sort": sort}
    below: dict[int, list[str]] = {}
    for number in SHARDS:
        own = cluster_settings.model_copy(update={"index_prefix": f"{names.prefix}{number}-"})
        with serving_index(own, encoder, candidates_per_leg=20) as api:
            answer = api.search(**fields)
            hits = answer["hits"]
            while answer["next_cursor"]:
                answer = api.search(cursor=answer["next_cursor"], **fields)
                hits += answer["hits"]
        ids = [hit["item_id"] for hit in hits]
        assert len(ids) == len(set(ids)) == answer["total"]["value"] > 100
        below[number] = [hit["item_id"] for hit in hits if not hit["reranked"]]
    for found in below.values():
        common = set(found) & set(below[1])
        assert len(common) > 80
        assert [i for i in found if i in common] == [i for i in below[1] if i in common]


def test_suggestions_are_alike(apis: dict[int, Api]) -> None:
    for prefix in ("la", "small o", "kitchen mi", "lether"):
        for fields in ({}, {"filters": {"brand": "Acme"}}):
            body = {"prefix": prefix, "session_id": "visitor", "deadline_ms": 20_000, **fields}
            answers = {n: api("POST", "/v1/suggest", body).body for n, api in apis.items()}
            assert answers[1]["suggestions"]
            for number, answer in answers.items():
                assert answer["suggestions"] == answers[1]["suggestions"], (prefix, number)


def comparable(answer: Answer) -> Answer:
    """What must be alike: an answer without ids, times and cursors, its numbers approximate."""
    own = ("query_id", "timing_ms", "next_cursor", "index")
    return approximate({name: part for name, part in answer.items() if name not in own})


def approximate(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: approximate(each) for name, each in part.items()}
    if isinstance(part, list):
        return [approximate(each) for each in part]
    return pytest.approx(part, abs=1e-3) if isinstance(part, float) else part
