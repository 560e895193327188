"""A plain `_search` through the pipeline: what a session does to its hits, and what stays."""

import time
from typing import Any

import numpy as np
import pytest

from indexer.index.documents import float16_base64, from_float16_base64
from tests.integration.engine_plugin.visited_shop import VisitedShop, ids, scores, state

pytestmark = pytest.mark.node


def test_a_session_changes_the_order_of_the_same_hits(shop: VisitedShop) -> None:
    plain = shop.search(shop.one, size=60)
    ours = shop.search(shop.one, "lamps", size=60)
    assert "ext" not in plain
    assert ids(ours) != ids(plain)
    assert sorted(ids(ours)) == sorted(ids(plain))
    assert ours["hits"]["total"] == plain["hits"]["total"]
    assert ids(ours)[0] == "i12"  # bought
    assert state(ours) == {
        "personalised": True, "events": 3, "queries": 0, "left_out": 0, "window": 200,
    }  # fmt: skip
    assert ids(shop.search(shop.one, "chairs", size=60)) != ids(ours)
    assert ours["hits"]["max_score"] == pytest.approx(scores(ours).max())


def test_a_click_counts_in_the_next_search(shop: VisitedShop) -> None:
    shop.visit("clicks", [40])
    before = ids(shop.search(shop.one, "clicks"))
    shop.visit("clicks", [40, 24, 24])  # not refreshed: read in real time
    after = shop.search(shop.one, "clicks")
    assert state(after)["events"] == 3
    assert ids(after)[0] == "i24" != before[0]


def test_a_known_user_brings_earlier_sessions(shop: VisitedShop) -> None:
    shop.visit("user-1", [4, 12], "user")
    answer = shop.search(shop.one, "new", live_intent={"user_id": "user-1"})
    assert state(answer)["events"] == 2
    assert ids(answer)[0] == "i12"


def test_scores_are_explained_by_their_parts(shop: VisitedShop) -> None:
    live = {"explain": True}
    answer = shop.search(shop.one, "lamps", explain=True, size=20, live_intent=live)
    for hit, shares in zip(answer["hits"]["hits"], state(answer)["hits"], strict=True):
        parts = [shares[part] for part in ("words", "meaning", "person", "events", "popularity")]
        assert shares["_id"] == hit["_id"]
        assert sum(parts) == pytest.approx(hit["_score"], abs=1e-5)
        explanation = hit["_explanation"]
        assert explanation["value"] == pytest.approx(hit["_score"])
        assert [d["value"] for d in explanation["details"]] == pytest.approx(parts)
        assert "title:" in str(explanation["details"][0])
    top = state(answer)["hits"][0]
    assert min(top["person"], top["events"]) > 0


def test_the_query_vector_and_weights_of_a_request_count(shop: VisitedShop) -> None:
    wanted = from_float16_base64(shop.items[84]["vector_float16"])
    live = {
        "query_vector": float16_base64(np.asarray(wanted, dtype=np.float32)),
        "weights": {"meaning": 9, "person": 0},
    }
    answer = shop.search(shop.one, "lamps", live_intent=live, size=60)
    assert ids(answer)[0] == "i84"


def test_pages_fit_together_and_go_on_below_the_window(shop: VisitedShop) -> None:
    whole = ids(shop.search(shop.one, "lamps", size=60, live_intent={"window": 10}))
    plain = ids(shop.search(shop.one, size=60))
    assert sorted(whole[:10]) == sorted(plain[:10])
    assert whole[:10] != plain[:10]
    assert whole[10:] == plain[10:]
    for index in (shop.one, shop.three):
        once = shop.search(index, "lamps", size=60, live_intent={"window": 12})
        pages: list[str] = []
        for start in range(0, 60, 7):
            page = {"from": start, "size": min(7, 60 - start)}
            pages += ids(shop.search(index, "lamps", live_intent={"window": 12}, **page))
        assert pages == ids(once)
        assert sorted(scores(once), reverse=True) == list(scores(once))


def test_the_rest_of_the_answer_is_the_engines(shop: VisitedShop) -> None:
    body: dict[str, Any] = {
        "aggs": {
            "brands": {
                "terms": {"field": "brand"},
                "aggs": {"best": {"top_hits": {"size": 2, "_source": False}}},
            }
        },
        "highlight": {"fields": {"title": {}}},
        "post_filter": {"terms": {"brand": ["Brand1", "Brand2"]}},
        "min_score": 0.5,
        "profile": True,
    }
    for index in (shop.one, shop.three):
        plain, ours = shop.search(index, **body), shop.search(index, "lamps", **body)
        assert state(ours)["personalised"]
        assert ours["aggregations"] == plain["aggregations"]
        assert ours["hits"]["total"] == plain["hits"]["total"]
        assert len(ours["profile"]["shards"]) == len(plain["profile"]["shards"])
        assert all("<em>" in hit["highlight"]["title"][0] for hit in ours["hits"]["hits"])


def test_a_rescorer_of_the_request_runs_before_ours(shop: VisitedShop) -> None:
    rare = {"match": {"title": "w48x0"}}
    own = {"window_size": 50, "query": {"rescore_query": rare, "rescore_query_weight": 9}}
    answer = shop.search(shop.one, "lamps", rescore=own, live_intent={"explain": True})
    assert state(answer)["personalised"]
    words = {row["_id"]: row["words"] for row in state(answer)["hits"]}
    assert max(words, key=lambda each: words[each]) == "i48"


def test_searches_of_other_forms(shop: VisitedShop) -> None:
    expected = ids(shop.search(shop.one, "lamps"))
    query = {"match": {"title": "red lamp"}}
    ext = {"live_intent": {"session_id": "lamps"}}
    default = {"index.search.default_pipeline": shop.pipeline}
    shop.client.indices.put_settings(index=shop.one, body=default)
    try:
        shop.client.indices.put_alias(index=shop.one, name=f"{shop.prefix}alias")
        by_alias = shop.client.search(
            index=f"{shop.prefix}alias", body={"query": query, "ext": ext}
        )
        assert ids(by_alias) == expected
        lines: list[dict[str, Any]] = [{"index": shop.one}, {"query": query, "ext": ext}]
        lines += [{"index": shop.one}, {"query": query}]
        first, second = shop.client.msearch(body=lines)["responses"]
        assert ids(first) == expected
        assert "ext" not in second
        source = {"query": {"match": {"title": "{{words}}"}}, "ext": ext}
        template = {"source": source, "params": {"words": "red lamp"}}
        assert ids(shop.client.search_template(index=shop.one, body=template)) == expected
    finally:
        shop.client.indices.put_settings(
            index=shop.one, body={"index.search.default_pipeline": "_none"}
        )
    pit = shop.client.create_pit(index=shop.one, params={"keep_alive": "1m"})["pit_id"]
    frozen = shop.client.search(
        body={"query": query, "ext": ext, "pit": {"id": pit, "keep_alive": "1m"}},
        params={"search_pipeline": shop.pipeline},
    )
    shop.client.delete_pit(body={"pit_id": [pit]})
    assert ids(frozen) == expected
    adhoc = shop.client.transport.perform_request("GET", f"/_search/pipeline/{shop.pipeline}")[
        shop.pipeline
    ]
    inline = {"query": query, "ext": ext, "search_pipeline": adhoc}
    assert ids(shop.client.search(index=shop.one, body=inline)) == expected


def test_it_takes_part_without_a_pipeline(shop: VisitedShop) -> None:
    ours = {
        "session_id": "lamps",
        "sessions_index": f"{shop.prefix}sessions",
        "models_index": f"{shop.prefix}engine-models",
    }
    query = {"match": {"title": "red lamp"}}

    def search(**fields: Any) -> dict[str, Any]:
        rescore = {"window_size": 200, "live_intent": ours | fields}
        answer: dict[str, Any] = shop.client.search(
            index=shop.one, body={"query": query, "rescore": rescore, "explain": True}
        )
        return answer

    answer = search()
    expected = shop.search(shop.one, "lamps")
    assert ids(answer) == ids(expected)
    np.testing.assert_allclose(scores(answer), scores(expected), rtol=1e-5)
    assert "live_intent, sum of:" in str(answer["hits"]["hits"][0]["_explanation"])
    assert ids(search(session_id="unknown")) == ids(shop.search(shop.one))


def test_the_words_of_a_query_are_counted_once(shop: VisitedShop) -> None:
    """Several fields, filters and synonyms of one query are not more terms of it."""
    fields = {"multi_match": {"query": "red lamp", "fields": ["title", "brand"]}}
    filtered = {"bool": {"must": fields, "filter": {"term": {"brand": "Brand1"}}}}
    for query, terms in ((fields, 2), (filtered, 2), ({"match": {"title": "lamp"}}, 1)):
        counted = shop.search(shop.one, "lamps", query=query)
        given = shop.search(shop.one, "lamps", query=query, live_intent={"query_terms": terms})
        np.testing.assert_allclose(scores(counted), scores(given), rtol=1e-6)
    browsing = shop.search(shop.one, "lamps", query={"match_all": {}})
    given = shop.search(shop.one, "lamps", query={"match_all": {}}, live_intent={"query_terms": 0})
    assert ids(browsing) == ids(given)


def test_what_a_session_lacks_is_left_out_and_counted(shop: VisitedShop) -> None:
    now = int(time.time() * 1000)
    other = shop.event("mixed", 4, now - 9000) | {"vector_space": "f" * 16}
    without = {k: v for k, v in shop.event("mixed", 8, now - 8000).items() if k != "vector"}
    events = [other, without, shop.event("mixed", 12, now - 7000)]
    query = {
        "query_id": "q", "query_text": "x", "timestamp": now - 6000, "received_at": now - 6000,
        "session_id": "mixed", "vector": shop.items[0]["vector_float16"], "fingerprint": "older",
    }  # fmt: skip
    shop.visit("mixed", [], events=events, queries=[query])
    said = state(shop.search(shop.one, "mixed"))
    assert (said["events"], said["queries"], said["left_out"]) == (1, 0, 3)
