"""The same order whatever the shards, segments and deletions of an index."""

import numpy as np
import pytest

from query_service.ranking.reranker import RerankerWeights
from tests.integration.engine_plugin.visited_shop import VisitedShop, ids, scores, state

pytestmark = pytest.mark.node
DFS = {"search_type": "dfs_query_then_fetch"}


def test_three_shards_answer_as_one(shop: VisitedShop) -> None:
    for window in (200, 30, 12):
        live = {"window": window}
        one = shop.search(shop.one, "lamps", size=60, live_intent=live)
        three = shop.search(shop.three, "lamps", size=60, live_intent=live, params=DFS)
        assert ids(three)[:window] == ids(one)[:window]
        np.testing.assert_allclose(scores(three), scores(one), rtol=1e-5)
        assert state(three) == state(one)


def test_shards_are_normalised_as_one_list(shop: VisitedShop) -> None:
    """Each shard has its own BM25, so the words' shares differ from those of one shard alone."""
    live = {"explain": True}
    answer = shop.search(shop.three, "lamps", size=60, explain=True, live_intent=live)
    shares = state(answer)["hits"]
    assert len({hit["_shard"] for hit in answer["hits"]["hits"]}) == 3
    best = max(row["words"] for row in shares)
    assert best == pytest.approx(RerankerWeights().words)
    assert sum(row["words"] == pytest.approx(best) for row in shares) == 1  # of all, not of each
    assert sum(row["person"] == 0 for row in shares) == 1
    for row, hit in zip(shares, answer["hits"]["hits"], strict=True):
        assert hit["_explanation"]["value"] == pytest.approx(row["score"])


def test_a_pipeline_without_the_processor_between_the_phases_ranks_alike(
    shop: VisitedShop,
) -> None:
    whole = shop.client.transport.perform_request("GET", f"/_search/pipeline/{shop.pipeline}")
    body = {k: v for k, v in whole[shop.pipeline].items() if k != "phase_results_processors"}
    name = f"{shop.prefix}two"
    shop.client.transport.perform_request("PUT", f"/_search/pipeline/{name}", body=body)
    for index in (shop.one, shop.three):
        expected = shop.search(index, "lamps", size=30)
        answer = shop.search(index, "lamps", size=30, pipeline=name, explain=True)
        assert ids(answer) == ids(expected)
        np.testing.assert_allclose(scores(answer), scores(expected), rtol=1e-6)
        for hit in answer["hits"]["hits"]:
            assert hit["_explanation"]["value"] == pytest.approx(hit["_score"])


def test_a_pipeline_that_has_the_processor_twice_ranks_once(shop: VisitedShop) -> None:
    whole = shop.client.transport.perform_request("GET", f"/_search/pipeline/{shop.pipeline}")
    twice = {kind: processors * 2 for kind, processors in whole[shop.pipeline].items()}
    name = f"{shop.prefix}twice"
    shop.client.transport.perform_request("PUT", f"/_search/pipeline/{name}", body=twice)
    for index in (shop.one, shop.three):
        expected = shop.search(index, "lamps", size=30)
        answer = shop.search(index, "lamps", size=30, pipeline=name)
        assert ids(answer) == ids(expected)
        assert answer["ext"] == expected["ext"]


def test_shards_without_a_hit_are_no_trouble(shop: VisitedShop) -> None:
    query = {"match": {"title": "w48x0"}}
    for params in ({}, DFS):
        answer = shop.search(shop.three, "lamps", query=query, params=params)
        assert ids(answer) == ["i48", *ids(answer)[1:]]
        assert state(answer)["personalised"]
        nothing = shop.search(shop.three, "lamps", query={"match": {"title": "no"}}, params=params)
        assert ids(nothing) == []
        assert nothing["_shards"]["failed"] == 0
    filtered = {"bool": {"must": {"match": {"title": "lamp"}}, "filter": {"term": {"brand": "x"}}}}
    assert ids(shop.search(shop.three, "lamps", query=filtered)) == []


def test_a_field_that_the_request_derives_counts_in_the_first_round(shop: VisitedShop) -> None:
    dear = {"script_score": {"query": {"term": {"dear": True}}, "script": {"source": "1 + _score"}}}
    derived = {"dear": {"type": "boolean", "script": {"source": "emit(doc['price'].value > 40)"}}}
    one, three = (
        shop.search(index, "lamps", query=dear, derived=derived, size=60, explain=True, params=DFS)
        for index in (shop.one, shop.three)
    )
    assert ids(three)
    np.testing.assert_allclose(scores(three), scores(one), rtol=1e-5)
    for hit in three["hits"]["hits"]:
        assert hit["_explanation"]["value"] == pytest.approx(hit["_score"])


def test_segments_and_concurrent_search_answer_alike(shop: VisitedShop) -> None:
    expected = shop.search(shop.one, "lamps", size=60)
    segments = shop.client.cat.segments(index=shop.segments, format="json")
    assert len(segments) >= 8
    for mode in ("all", "none"):
        setting = {"index.search.concurrent_segment_search.mode": mode}
        shop.client.indices.put_settings(index=shop.segments, body=setting)
        answer = shop.search(
            shop.segments, "lamps", size=60,
            aggs={"best": {"top_hits": {"size": 1}}},
        )  # fmt: skip
        np.testing.assert_allclose(scores(answer), scores(expected), rtol=1e-5)
        assert ids(answer) == ids(expected)


def test_deleted_documents_are_gone_and_ties_are_stable(shop: VisitedShop) -> None:
    index = shop.add_index("deleted", bulks=4)
    before = ids(shop.search(index, "lamps", size=60))
    shop.client.delete(index=index, id=before[0], params={"refresh": "true"})
    answer = shop.search(index, "lamps", size=60)
    assert before[0] not in ids(answer)
    assert len(ids(answer)) == len(before) - 1
    # All items alike: the order of the engine stays, time after time.
    alike = shop.add_index("alike", 3, model=False)
    shop.put_model(alike, ranking=dict.fromkeys(ranking_names(shop), 0.0) | {"temperature": 0.1})
    plain = ids(shop.search(alike, query={"match_all": {}}, size=90))
    for _ in range(3):
        assert ids(shop.search(alike, "lamps", query={"match_all": {}}, size=90)) == plain


def ranking_names(shop: VisitedShop) -> list[str]:
    """The names of the re-ranker's weights."""
    stored = shop.client.get(index=f"{shop.prefix}engine-models", id=shop.one)
    return list(stored["_source"]["ranking"])
