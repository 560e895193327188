"""The candidates' fields stay in memory as long as the documents are the same, no longer."""

import pytest
from opensearchpy import OpenSearch

from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.search import retrieve

pytestmark = pytest.mark.node
ITEMS = 30
LAMPS = RetrievalPlan(LEGS, "lamp", titles=True)


def lamps(client: OpenSearch, index: str, items: CandidateItems) -> Candidates:
    return retrieve(client, index, LAMPS, 128, items).candidates


def price_of(item_id: str, candidates: Candidates) -> float:
    return float(candidates.price[candidates.ids.index(item_id)])


def searches_of(client: OpenSearch, index: str) -> int:
    return int(client.indices.stats(index=index)["_all"]["total"]["search"]["query_total"])


def test_fields_are_read_once_until_the_document_changes(client: OpenSearch, index: str) -> None:
    items = CandidateItems(client, kept=10 * ITEMS)
    first = lamps(client, index, items)
    before = searches_of(client, index)
    again = lamps(client, index, items)
    assert searches_of(client, index) == before + 1  # the leg alone
    assert (again.ids, again.titles) == (first.ids, first.titles)
    assert (again.vectors == first.vectors).all()

    client.update(index=index, id="i7", body={"doc": {"price": 700}}, refresh=True)
    changed = lamps(client, index, items)
    assert price_of("i7", changed) == 700
    assert price_of("i8", changed) == 8
    assert searches_of(client, index) == before + 3  # the leg, and one item

    client.delete(index=index, id="i7", refresh=True)
    client.index(index=index, id="i8", body={"item_id": "i8", "title": "lamp"}, refresh=True)
    ids = lamps(client, index, items).ids
    assert "i7" not in ids
    assert "i8" not in ids  # it has no vector now


@pytest.mark.parametrize("kept", [0, 1, 10])
def test_any_number_of_kept_items_gives_the_same_candidates(
    client: OpenSearch, index: str, kept: int
) -> None:
    items = CandidateItems(client, kept)
    for _ in range(3):
        candidates = lamps(client, index, items)
        assert len(candidates) == ITEMS
        assert all(
            price_of(item_id, candidates) == float(item_id[1:]) for item_id in candidates.ids
        )
