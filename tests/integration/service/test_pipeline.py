"""A leg or a feature of the re-ranker, once declared, works in the whole pipeline."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from learning.data.visitors import Visitors
from learning.evaluation.offline_pipeline import EmptySources, HistoryVisitors
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder, RetrievalOptions
from query_service.index_view import IndexViews
from query_service.pipeline import Pipeline
from query_service.preparation.preparation import Preparation
from query_service.ranking.learned.feature_matrix import FeatureSet
from query_service.ranking.learned.features import FEATURES, Feature
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.learned.learned_scale import LearnedScale, Segment
from query_service.ranking.learned.residual import RerankerConfig
from query_service.ranking.reranker import Reranker, Scoring
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import Leg, RetrievalPlan
from query_service.schemas.search.requests import RankRequest, SearchRequest
from query_service.settings import ServiceSettings

pytestmark = pytest.mark.node


Parts = tuple[IndexViews, Preparation]


@pytest.fixture(scope="module")
def parts(
    client: OpenSearch, names: IndexNames, shop: ClusterSettings, encoder: Encoder
) -> Iterator[Parts]:
    """The index view and the preparation of requests, for visitors without a history."""
    views = IndexViews(client, names, encoder.spec, shop.bundles_dir, poll_s=3600)
    views.refresh()
    visitors = HistoryVisitors(Visitors({}, {}))
    preparation = Preparation(client, encoder, visitors, load(ServiceSettings))
    yield views, preparation
    preparation.close()


def pipeline(parts: Parts, reranker: Scoring | None, *legs: Leg) -> Pipeline:
    """Return a pipeline with these legs beside the usual ones."""
    options = RetrievalOptions(legs=(*LEGS, *legs), titles=True)
    return Pipeline(*parts, reranker, EmptySources(), NoQueryRecorder(), options=options,
                    deadline_ms=20_000, engine_timeout_s=20)  # fmt: skip


def cheapest(plan: RetrievalPlan) -> Mapping[str, Any]:
    """Return the query of a leg that scores all cheap items alike."""
    cheap = {"range": {"price": {"lte": 6}}}
    return {"constant_score": {"filter": {"bool": {"filter": [cheap, *plan.filters]}}}}


@pytest.mark.parametrize("reranker", [Reranker(), None], ids=["re-ranker", "fused order"])
def test_a_new_leg_retrieves_ranks_and_explains(parts: Parts, reranker: Scoring | None) -> None:
    leg = Leg("cheapest", cheapest, weight=5.0, share="item")
    request = SearchRequest(query="desk lamp", session_id="s", size=20, explain=True)
    before = pipeline(parts, reranker).search(request)
    answer = pipeline(parts, reranker, leg).search(request)
    assert {hit.item_id for hit in answer.hits[:2]} == {"i0", "i1"}  # at 5 and 6
    assert not {"i0", "i1"} & {hit.item_id for hit in before.hits[:2]}
    assert "cheapest" in answer.stages_run
    for hit in answer.hits:
        assert hit.explanation is not None
        assert (hit.explanation.legs["cheapest"] is not None) == (hit.item_id in ("i0", "i1"))
        shares = sum(share.value for share in hit.explanation.shares)
        assert shares == pytest.approx(hit.score, abs=1e-4)


def test_a_new_feature_ranks_and_can_be_ablated(parts: Parts) -> None:
    price = Feature("price", "price", lambda source: source.inputs.candidates.price)
    features = FeatureSet((price, *FEATURES))
    config = RerankerConfig(columns=features.columns, pairs=features.pairs)
    reranker = LearnedReranker(config, features=features)
    assert "price" in reranker.groups
    [_, z_score] = features.columns_of("price")
    with torch.no_grad():
        reranker.residual.wide.weight[0, z_score] = -100.0  # cheap ones first
    request = SearchRequest(query="lamp", session_id="s", size=100)

    def prices(model: LearnedReranker) -> list[float]:
        hits = pipeline(parts, model).search(request).hits
        return [5.0 + int(hit.item_id[1:]) for hit in hits]

    assert prices(reranker) == sorted(prices(reranker))
    assert np.any(np.diff(prices(reranker.without("price"))) < 0)


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_what_is_learned_of_searches_orders_given_items_for_a_query_too(
    parts: Parts, scale: float
) -> None:
    segment = Segment("search", "precise", history=False)
    reranker = LearnedReranker(RerankerConfig(scales=(LearnedScale(segment, scale),)))
    with torch.no_grad():
        reranker.residual.wide.weight.normal_(generator=torch.Generator().manual_seed(3))
    search = SearchRequest(query="desk lamp", session_id="s", size=20, explain=True)
    found = pipeline(parts, reranker).search(search)
    item_ids = [hit.item_id for hit in found.hits]
    request = RankRequest(query="desk lamp", session_id="s", item_ids=item_ids, explain=True)

    def order(scoring: Scoring) -> list[str]:
        return [hit.item_id for hit in pipeline(parts, scoring).rank(request).hits]

    assert (order(reranker) == order(Reranker())) is (scale == 0)
    for hit in (*found.hits, *pipeline(parts, reranker).rank(request).hits):
        assert hit.explanation is not None
        kinds = [share.kind for share in hit.explanation.shares]
        assert ("model" in kinds) is (scale == 1)
