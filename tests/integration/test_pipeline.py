"""What is added in one place works in the whole pipeline: a leg, and a feature of the re-ranker."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from opensearchpy import OpenSearch

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from learning.data.visitors import Visitors
from learning.evaluation.offline_pipeline import EmptySources, HistoryVisitors, NoQueryRecorder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.context import RetrievalOptions
from query_service.index_view import IndexViews
from query_service.pipeline import Pipeline
from query_service.preparation import Preparation
from query_service.ranking.feature_matrix import FeatureSet
from query_service.ranking.features import FEATURES, Feature
from query_service.ranking.learned_reranker import LearnedReranker, RerankerConfig
from query_service.ranking.reranker import Reranker, Scoring
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import Leg, RetrievalPlan
from query_service.schemas.search import SearchRequest
from query_service.settings import ServiceSettings
from tests.integration.rebuilding import TINY, index_context, rebuilt, tiny_model
from tests.integration.serving import write_items

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def parts(
    client: OpenSearch, names: IndexNames, cluster_settings: ClusterSettings, tmp_path_factory: Any
) -> Iterator[tuple[IndexViews, Preparation]]:
    folder = tmp_path_factory.mktemp("pipeline")
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model(), device="cpu", **TINY))
    catalogue = write_items(folder / "items.jsonl")
    rebuilt(index_context(client, names, folder), encoder, catalogue)
    views = IndexViews(client, names, encoder.spec, folder, poll_s=3600)
    views.refresh()
    visitors = HistoryVisitors(Visitors({}, {}))
    preparation = Preparation(client, encoder, visitors, load(ServiceSettings))
    yield views, preparation
    preparation.close()


def pipeline(
    parts: tuple[IndexViews, Preparation], reranker: Scoring | None, *legs: Leg
) -> Pipeline:
    options = RetrievalOptions(legs=(*LEGS, *legs), titles=True)
    return Pipeline(*parts, reranker, EmptySources(), NoQueryRecorder(), options=options,
                    deadline_ms=20_000, engine_timeout_s=20)  # fmt: skip


def cheapest(plan: RetrievalPlan) -> Mapping[str, Any]:
    cheap = {"range": {"price": {"lte": 6}}}
    return {"constant_score": {"filter": {"bool": {"filter": [cheap, *plan.filters]}}}}


@pytest.mark.parametrize("reranker", [Reranker(), None], ids=["re-ranker", "fused order"])
def test_a_leg_is_added_in_one_place(parts: Any, reranker: Scoring | None) -> None:
    added = Leg("cheapest", cheapest, weight=5.0, share="item")
    request = SearchRequest(query="desk lamp", session_id="s", size=20, explain=True)
    before = pipeline(parts, reranker).search(request)
    answer = pipeline(parts, reranker, added).search(request)
    assert {hit.item_id for hit in answer.hits[:2]} == {"i0", "i1"}  # at 5 and 6
    assert not {"i0", "i1"} & {hit.item_id for hit in before.hits[:2]}
    assert "cheapest" in answer.stages_run
    for hit in answer.hits:
        assert hit.explanation is not None
        assert (hit.explanation.legs["cheapest"] is not None) == (hit.item_id in ("i0", "i1"))
        shares = sum(share.value for share in hit.explanation.shares)
        assert shares == pytest.approx(hit.score, abs=1e-4)


def test_a_feature_is_added_in_one_place(parts: Any) -> None:
    price = Feature("price", "price", lambda source: source.inputs.candidates.price)
    features = FeatureSet((price, *FEATURES))
    config = RerankerConfig(columns=features.columns, pairs=features.pairs)
    reranker = LearnedReranker(config, features=features)
    assert "price" in reranker.groups
    [_, z_score] = features.columns_of("price")
    with torch.no_grad():
        reranker.residual.wide.weight[0, z_score] = -100.0  # cheap ones first
    request = SearchRequest(query="desk lamp", session_id="s", size=100)

    def prices(model: LearnedReranker) -> list[float]:
        hits = pipeline(parts, model).search(request).hits
        return [5.0 + int(hit.item_id[1:]) for hit in hits]

    assert prices(reranker) == sorted(prices(reranker))
    assert np.any(np.diff(prices(reranker.without("price"))) < 0)
