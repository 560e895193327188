"""What is not personalised keeps the engine's order and says why; a wrong request is a 400."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from opensearchpy.exceptions import RequestError

from tests.integration.engine_plugin.visited_shop import MAPPING, VisitedShop, ids, state
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node

KEPT = {
    "sorted": {"sort": [{"price": "desc"}]},
    "collapsed": {"collapse": {"field": "brand"}},
    "search_after": {"sort": [{"_score": "desc"}, {"price": "asc"}], "search_after": [1.2, 5]},
    "no_hits": {"size": 0},
}


@pytest.mark.parametrize("reason", KEPT)
def test_an_order_that_has_to_stay(shop: VisitedShop, reason: str) -> None:
    body: Mapping[str, Any] = KEPT[reason]
    for index in (shop.one, shop.three):
        plain, ours = shop.search(index, **body), shop.search(index, "lamps", **body)
        assert ours["hits"] == plain["hits"]
        said = state(ours)
        assert (said["personalised"], said["reason"]) == (False, reason)
        assert said["message"]


def test_a_sort_by_score_is_personalised(shop: VisitedShop) -> None:
    expected = ids(shop.search(shop.one, "lamps"))
    assert ids(shop.search(shop.one, "lamps", sort=["_score"])) == expected
    upwards = shop.search(shop.one, "lamps", sort=[{"_score": "asc"}])
    assert state(upwards)["reason"] == "sorted"


def test_a_scroll_keeps_its_order(shop: VisitedShop) -> None:
    params = {"scroll": "1m"}
    plain = shop.search(shop.one, params=params, size=5)
    ours = shop.search(shop.one, "lamps", params=params, size=5)
    assert ids(ours) == ids(plain)
    assert state(ours)["reason"] == "scroll"
    for answer in (plain, ours):
        shop.client.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]})


def test_sessions_that_are_not_known_enough(shop: VisitedShop) -> None:
    plain = ids(shop.search(shop.one))
    shop.visit("empty", [])
    refused = {"consent": {"track": True, "personalize": False}}
    shop.visit("refused", [4, 12], **refused)
    shop.visit("damaged", [4], events=[{"event_id": "x", "received_at": "soon"}])
    reasons = {
        "nobody": "unknown_session",
        "😀" * 512: "unknown_session",  # the longest id, as Python counts
        "empty": "nothing_known",
        "refused": "consent",
        "damaged": "session_unreadable",
    }
    for session_id, reason in reasons.items():
        answer = shop.search(shop.one, session_id)
        assert (ids(answer), state(answer)["reason"]) == (plain, reason)


def test_indexes_that_do_not_fit(shop: VisitedShop) -> None:
    absent = shop.add_index("absent", model=False)
    other = shop.add_index("other", model=False)
    shop.put_model(other, vector_space="f" * 16)
    damaged = shop.add_index("damaged", model=False)
    shop.client.index(index=f"{shop.prefix}engine-models", id=damaged, body={"format": 1})
    foreign = shop.add_index("foreign", mapping={"properties": MAPPING["properties"]})
    fields = dict(MAPPING["properties"], brand={"type": "text"})
    unfit = shop.add_index("unfit", mapping={**MAPPING, "properties": fields})
    reasons = {
        absent: "no_model",
        other: "other_space",
        damaged: "model_unreadable",
        foreign: "other_index",
        unfit: "other_fields",
        f"{absent},{other}": "several_indexes",
        f"{shop.prefix}nowhere*": "no_index",
    }
    for index, reason in reasons.items():
        answer = shop.search(index, "lamps")
        assert ids(answer) == ids(shop.search(index))
        assert state(answer)["reason"] == reason
    shop.put_model(absent)  # counts within seconds
    wait_until(lambda: state(shop.search(absent, "lamps"))["personalised"])


def test_a_pipeline_of_other_indexes_finds_nobody(shop: VisitedShop) -> None:
    name = f"{shop.prefix}elsewhere"
    shop.put_pipeline(name, sessions_index=f"{shop.prefix}none")
    assert state(shop.search(shop.one, "lamps", pipeline=name))["reason"] == "unknown_session"
    shop.put_pipeline(name, models_index=f"{shop.prefix}none")
    assert state(shop.search(shop.one, "lamps", pipeline=name))["reason"] == "no_model"
    with pytest.raises(RequestError, match=r"window.* is 7.*whole number from 10 to 1000"):
        shop.put_pipeline(name, window=7)
    with pytest.raises(RequestError, match=r"unknown field \[timeout\].*allowed are.*timeout_ms"):
        shop.put_pipeline(name, timeout=7)
    with pytest.raises(RequestError, match=r"models_index.* is null, and must be a text"):
        shop.put_pipeline(name, models_index=None)


WRONG: list[tuple[Any, str]] = [
    ("lamps", 'is "lamps", and must be an object with explain, query_terms'),
    (["lamps"], r"is \[lamps\], and must be an object"),
    (None, "is null, and must be an object"),
    ({}, r"has no \[session_id\]: give a text"),
    ({"session_id": 7}, "session_id\\] is 7, and must be a text"),
    ({"session_id": "😀" * 513}, "is .😀{49}\\.\\.\\., and must be a text of 1 to 512"),
    ({"session_id": ""}, 'session_id\\] is "", and must be a text'),
    ({"session": "lamps"}, r"unknown field \[session\] with the value .lamps.: allowed are"),
    ({"user_id": 7}, "user_id"),
    ({"query_vector": "no base64!"}, "query_vector\\] is .no base64!., and must be base64"),
    ({"query_vector": "AAA="}, r"live_intent.query_vector\] does not fit: .* 16 finite float16"),
    ({"query_vector": "AHwAfA=="}, "finite"),
    ({"query_terms": -1}, "whole number from 0"),
    ({"query_terms": "2"}, "whole number from 0"),
    ({"scenario": "museum"}, 'is "museum", and must be one of feed, shop, video'),
    ({"weights": [1]}, "must be an object"),
    ({"weights": {"words": "2"}}, "weights.words\\] is .2., and must be a number from 0"),
    ({"weights": {"wrods": 2}}, r"unknown field \[wrods\].*allowed are affinity, attention"),
    ({"weights": {"words": -1}}, r"ext.live_intent.weights.words\] is -1, and must be a number"),
    ({"weights": {"words": 1e300}}, r"weights.words\] is 1.0E300, and must be .* to 1000"),
    ({"weights": {"temperature": 0}}, r"weights.temperature\] is 0, and must be .* from 0.001"),
    ({"window": 9}, "whole number from 10 to 1000"),
    ({"window": 1001}, "whole number from 10 to 1000"),
    ({"window": 20.5}, "whole number"),
    ({"explain": "true"}, "true or false"),
]


@pytest.mark.parametrize(("ext", "message"), WRONG, ids=lambda each: json.dumps(each)[:40])
def test_a_wrong_ext_is_refused_with_what_is_allowed(
    shop: VisitedShop, ext: Any, message: str
) -> None:
    if isinstance(ext, dict) and ext and "session" not in ext:
        ext = {"session_id": "lamps"} | ext
    with pytest.raises(RequestError, match=message) as raised:
        shop.search(shop.one, ext={"live_intent": ext})
    assert raised.value.status_code == 400


def test_wrong_weights_are_refused_where_the_order_stays_too(shop: VisitedShop) -> None:
    with pytest.raises(RequestError, match=r"weights.words.* is -1, and must be"):
        shop.search(shop.one, "lamps", sort=["price"], live_intent={"weights": {"words": -1}})
