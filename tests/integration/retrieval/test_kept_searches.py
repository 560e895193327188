"""Responses to searches stay in memory as long as the index is the same, no longer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from opensearchpy import OpenSearch

from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.kept_searches import KeptSearches
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import PERSON, WORDS, RetrievalPlan
from query_service.retrieval.search import Retrieved, retrieve, search_bodies

pytestmark = pytest.mark.node
ITEMS = 30
LAMPS = RetrievalPlan(LEGS, "lamp")


class Asked:
    """What `KeptSearches` had and asked for."""

    def __init__(self, kept: KeptSearches) -> None:
        self.found = self.asked = 0
        kept.on_lookup = self.heard

    def heard(self, found: int, asked: int) -> None:
        self.found, self.asked = found, asked


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def searched(client: OpenSearch, index: str) -> int:
    """How many searches the index has answered."""
    stats = client.indices.stats(index=index)["_all"]["total"]["search"]
    return int(stats["query_total"])


def lamps(
    client: OpenSearch, index: str, kept: KeptSearches, plan: RetrievalPlan = LAMPS
) -> Retrieved:
    return retrieve(client, index, plan, 128, CandidateItems(client, 100), kept=kept)


def test_a_search_is_kept_until_a_write_can_be_seen(client: OpenSearch, index: str) -> None:
    kept = KeptSearches(100)
    asked = Asked(kept)
    first = lamps(client, index, kept)  # the index's state is not known yet
    lamps(client, index, kept)
    assert (asked.found, asked.asked) == (0, 1)
    again = lamps(client, index, kept)
    assert (asked.found, asked.asked) == (1, 0)
    assert again.candidates.ids == first.candidates.ids
    assert np.array_equal(again.candidates.leg_scores, first.candidates.leg_scores, equal_nan=True)
    assert again.total == first.total

    client.update(index=index, id="i7", body={"doc": {"price": 700}}, refresh=True)
    changed = lamps(client, index, kept).candidates
    assert changed.price[changed.ids.index("i7")] == 700

    for _ in range(3):
        lamps(client, index, kept)
    client.delete(index=index, id="i7", refresh=True)
    gone = lamps(client, index, kept)
    assert "i7" not in gone.candidates.ids
    assert gone.total == ITEMS - 1

    for _ in range(3):
        lamps(client, index, kept)
    source = client.get(index=index, id="i8")["_source"]
    client.index(index=index, id="new", body=source | {"item_id": "new"}, refresh=True)
    assert "new" in lamps(client, index, kept).candidates.ids


def test_what_one_visitor_wants_is_asked_for_each_time(client: OpenSearch, index: str) -> None:
    kept = KeptSearches(100)
    asked = Asked(kept)
    vectors = np.eye(128, dtype=np.float32)
    plan = replace(LAMPS, query_vector=vectors[0], preference="one", timeout_s=5.0)
    for R in vectors[1:4]:
        lamps(client, index, kept, replace(plan, R=R))
    assert (asked.found, asked.asked) == (2, 0)  # words and meaning
    own = lamps(client, index, kept, replace(plan, R=vectors[5], preference="two", timeout_s=9.0))
    assert (asked.found, asked.asked) == (2, 0)
    plain = lamps(client, index, KeptSearches(), replace(plan, R=vectors[5]))
    assert np.allclose(own.candidates.leg_scores, plain.candidates.leg_scores, equal_nan=True)

    excluded = replace(plan, exclude=("i3",))  # by what this visitor acted on
    asked.found = asked.asked = -1
    assert "i3" not in lamps(client, index, kept, excluded).candidates.ids
    assert (asked.found, asked.asked) == (-1, -1)


def test_filters_and_words_are_kept_apart(client: OpenSearch, index: str) -> None:
    kept = KeptSearches(100)
    cheap = replace(LAMPS, request_filters=({"range": {"price": {"lt": 5}}},))
    for _ in range(3):
        assert lamps(client, index, kept).total == ITEMS
        assert lamps(client, index, kept, cheap).total == 5
        assert lamps(client, index, kept, replace(LAMPS, query_text="lamp 3")).total == ITEMS


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_any_number_of_kept_searches_gives_the_same_candidates(
    client: OpenSearch, index: str, count: int
) -> None:
    kept = KeptSearches(count)
    for n in range(4):
        retrieved = lamps(client, index, kept, replace(LAMPS, query_text=f"lamp {n % 2}"))
        assert retrieved.candidates.ids[0] == f"i{n % 2}"


def test_further_searches_of_a_request_are_kept_too(client: OpenSearch, index: str) -> None:
    kept = KeptSearches(100)
    lamps(client, index, kept)
    snapshot = lamps(client, index, kept).snapshot
    assert snapshot is not None
    body = {"query": {"match": {"title": "lamp"}}, "size": 1}

    before = searched(client, index)
    assert snapshot.search(body, {}) == snapshot.search(body, {"request_timeout": 3})
    assert searched(client, index) == before + 1


def test_a_search_sent_before_the_others_is_asked_once_and_kept(
    client: OpenSearch, index: str, pool: ThreadPoolExecutor
) -> None:
    kept, fields = KeptSearches(100), CandidateItems(client, 100)
    vectors = np.eye(128, dtype=np.float32)
    other = replace(LAMPS, query_text="lamp 5")
    retrieve(client, index, other, 128, fields, kept=kept)  # the state is known from now on
    whole = replace(LAMPS, query_vector=vectors[0], R=vectors[1])
    expected = retrieve(client, index, whole, 128, fields)

    before = searched(client, index)
    started = kept.start(pool, client, index, LAMPS, search_bodies(LAMPS))
    assert started is not None
    assert list(started.keys) == [WORDS]
    found = retrieve(client, index, whole, 128, fields, kept=kept, started=started)
    assert searched(client, index) == before + 4  # each leg, and the state
    assert (found.candidates.ids, found.total) == (expected.candidates.ids, expected.total)
    scores = (found.candidates.leg_scores, expected.candidates.leg_scores)
    assert np.array_equal(*scores, equal_nan=True)

    before = searched(client, index)
    assert kept.start(pool, client, index, LAMPS, search_bodies(LAMPS)) is None
    retrieve(client, index, whole, 128, fields, kept=kept)
    assert searched(client, index) == before + 2  # the person leg, and the state


def test_a_search_that_was_sent_for_another_plan_is_not_taken(
    client: OpenSearch, index: str, pool: ThreadPoolExecutor
) -> None:
    kept, fields = KeptSearches(100), CandidateItems(client, 100)
    started = kept.start(pool, client, index, LAMPS, search_bodies(LAMPS))
    cheap = replace(LAMPS, request_filters=({"range": {"price": {"lt": 5}}},))
    found = retrieve(client, index, cheap, 128, fields, kept=kept, started=started)
    assert (found.total, len(found.candidates)) == (5, 5)


def test_what_is_the_visitor_s_own_is_never_sent_before(
    client: OpenSearch, index: str, pool: ThreadPoolExecutor
) -> None:
    R = np.eye(128, dtype=np.float32)[0]
    plan = replace(LAMPS, R=R)
    started = KeptSearches(100).start(pool, client, index, plan, search_bodies(plan))
    assert started is not None
    assert PERSON not in started.keys
    assert KeptSearches().start(pool, client, index, plan, search_bodies(plan)) is None


def test_a_write_after_a_search_was_sent_leaves_it_out_of_what_is_kept(
    client: OpenSearch, index: str, pool: ThreadPoolExecutor
) -> None:
    kept = KeptSearches(100)
    for _ in range(2):
        lamps(client, index, kept, replace(LAMPS, query_text="lamp 5"))
    started = kept.start(pool, client, index, LAMPS, search_bodies(LAMPS))
    assert started is not None
    started.responses.result()
    client.update(index=index, id="i7", body={"doc": {"title": "chair"}}, refresh=True)
    lamps(client, index, kept, replace(LAMPS, query_text="lamp 5"))  # hears of the new state
    fields = CandidateItems(client, 100)
    retrieve(client, index, LAMPS, 128, fields, kept=kept, started=started)
    assert lamps(client, index, kept).total == ITEMS - 1


def test_an_index_that_is_gone_is_noticed(client: OpenSearch, index: str) -> None:
    kept = KeptSearches(100)
    for _ in range(3):
        lamps(client, index, kept)
    client.indices.delete(index=index)
    with pytest.raises(IndexGone):
        lamps(client, index, kept)
