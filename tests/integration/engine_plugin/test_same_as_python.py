"""The plugin's `_search` is ranked as the query service's re-ranker ranks the same candidates."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch

from indexer.bundle.projections import fit_projections
from indexer.encoder.encoder import Encoder
from indexer.index.documents import float16_base64, from_float16_base64
from plugin_config.settings import ClusterSettings
from query_service.ranking.rerank_input import rerank_input
from query_service.ranking.reranker import Reranker
from query_service.retrieval.candidates.candidate_fields import FEATURE_FIELDS, CandidateFields
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import WORDS
from query_service.sessions.store import SessionStore
from query_service.user.decay_time import decay_time
from query_service.user.intent import Intent
from query_service.user.user_vector import build
from tests.integration.engine_plugin.served_shop import ServedShop, served_shop
from tests.integration.rebuilding import tiny_encoder

pytestmark = pytest.mark.node
LAYOUTS = ("sum", "concat", "learned item halves")
CLOSE = 1e-4  # of a score; the vectors that the intake stores are float16


@pytest.fixture(scope="module", params=LAYOUTS)
def shop(
    request: pytest.FixtureRequest,
    client: OpenSearch,
    cluster_settings: ClusterSettings,
    shop_catalogue: Path,
) -> Iterator[ServedShop]:
    name = "encoder" if request.param == "sum" else "concat_encoder"
    encoder: Encoder = request.getfixturevalue(name)
    if request.param == LAYOUTS[2]:
        encoder = with_item_halves(encoder)
    with served_shop(client, cluster_settings, encoder, shop_catalogue) as shop:
        visit(shop)
        yield shop


def with_item_halves(encoder: Encoder) -> Encoder:
    """An encoder whose items have residuals, as `learn user-model` makes them."""
    texts = [f"Acme {kind} {n}" for kind in ("shoes", "lamp", "jacket") for n in range(30)]
    M, K = encoder.spec.meaning_dims, encoder.spec.behaviour_dims
    fitted = fit_projections(encoder.encode_queries(texts), M, K)
    random = np.random.default_rng(5).normal(0, 0.2, (30, K)).astype(np.float32)
    halves = type(fitted)(fitted.P_M, fitted.P_K, tuple(f"i{n}" for n in range(30)), random)
    own = tiny_encoder(device="cpu")
    own.halves = halves
    own.spec = own.spec.with_halves(M, K, halves.fingerprint)
    return own


def visit(shop: ServedShop) -> None:
    """Sessions of several kinds, through the service's own intake; each space has its own."""
    buyer, asker, hater, ann = (own(shop, name) for name in ("buyer", "asker", "hater", "ann"))
    for action, item in (("view", "i2"), ("click", "i7"), ("purchase", "i12"), ("dislike", "i3")):
        shop.api.event(action, item, buyer)
    shop.api.event("purchase", "i22", own(shop, "before"), user_id=ann)
    shop.api.event("remove_from_cart", "i8", buyer, user_id=ann)
    shop.api.event("click", "nowhere", buyer)
    shop.api.event("comment", "i17", buyer, text="too bright for my desk")
    for text in ("desk lamp", "rain jacket"):
        shop.api.search(text, buyer)
        shop.api.search(text, asker)
    shop.api.event("dislike", "i4", hater)
    for session_id in (buyer, asker, hater):
        shop.written(session_id)


def own(shop: ServedShop, name: str) -> str:
    """The name of a session, or user, of this shop alone."""
    return f"{name}-{shop.bundle.vector_space}"


CASES: dict[str, dict[str, Any]] = {
    "events and queries": {"session": "buyer"},
    "a user too": {"session": "buyer", "user": "ann"},
    "queries alone": {"session": "asker"},
    "one negative action": {"session": "hater"},
    "no vector of the query": {"session": "buyer", "encoded": False},
    "one word": {"session": "buyer", "text": "lamp"},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_scores_and_order_are_those_of_python(shop: ServedShop, case: dict[str, Any]) -> None:
    session_id = own(shop, case["session"])
    user_id = own(shop, case["user"]) if "user" in case else ""
    text = case.get("text", "acme desk lamp")
    encoded = case.get("encoded", True)
    vector = shop.encoder.encode_query(text) if encoded else None
    live: dict[str, Any] = {"query_terms": len(text.split()), "explain": True}
    if user_id:
        live["user_id"] = user_id
    if vector is not None:
        live["query_vector"] = float16_base64(vector)
        vector = from_float16_base64(live["query_vector"])
    body = {"query": {"match": {"title": text}}, "size": 60}
    answer = shop.search(session_id, live_intent=live, **body)
    assert answer["ext"]["live_intent"]["personalised"], answer["ext"]
    expected = python_scores(shop, session_id, user_id, vector, body, text)
    hits = answer["hits"]["hits"]
    assert len(hits) == len(expected) > 11
    np.testing.assert_allclose(
        [hit["_score"] for hit in hits],
        [expected[hit["_id"]] for hit in hits],
        rtol=CLOSE,
        atol=CLOSE,
    )
    ranked = [expected[hit["_id"]] for hit in hits]
    assert all(one >= other - CLOSE * (1 + abs(other)) for one, other in itertools.pairwise(ranked))


def python_scores(
    shop: ServedShop, session_id: str, user_id: str, vector: Any, body: Any, text: str
) -> dict[str, float]:
    """The score of each hit of the plain search by the query service's re-ranker."""
    plain = shop.search(**body, docvalue_fields=["item_id", *FEATURE_FIELDS])["hits"]["hits"]
    fields = [CandidateFields.of(hit["fields"], "") for hit in plain]
    leg_scores = np.full((len(plain), len(LEGS)), np.nan, np.float32)
    words = [leg.name for leg in LEGS].index(WORDS)
    leg_scores[:, words] = [hit["_score"] for hit in plain]
    candidates = Candidates(
        ids=tuple(hit["_id"] for hit in plain), legs=LEGS, leg_scores=leg_scores,
        vectors=np.stack([np.frombuffer(each.vector, "<f2").astype("f4") for each in fields]),
        has_words=np.ones(len(plain), dtype=bool),
        popularity=np.array([each.popularity for each in fields], np.float32),
        price=np.array([each.price for each in fields], np.float32),
        brands=tuple(each.brand for each in fields),
        categories=tuple(each.category for each in fields),
        titles=("",) * len(plain), identified=np.zeros(len(plain), dtype=bool),
        groups=("",) * len(plain),
    )  # fmt: skip
    store = SessionStore(shop.client, shop.names)
    visitor = store.read(session_id, user_id)
    store.close()
    now = decay_time(visitor, max(event.timestamp for event in (*visitor.events, *visitor.queries)))
    built = build(visitor, shop.bundle, now=now, query_vector=vector)
    known = built if built.known and built.knows_behaviour else None
    inputs = rerank_input(shop.bundle, candidates, Intent(visitor, text, vector, known))
    total = Reranker().score(inputs).total.tolist()
    return dict(zip(candidates.ids, total, strict=True))
