"""The benchmark of recommendations, on a small catalogue and invented sessions."""

from collections import Counter
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from benchmarks.relevance.movielens import ask_all, measures
from benchmarks.relevance.ratings import RatedSession, Rating
from benchmarks.served import remove
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from tests.integration.rebuilding import index_context, rebuild_index, tiny_model, write_catalogue


def session(*early: str, targets: set[str]) -> RatedSession:
    rated = tuple(Rating("u", item, 5.0, 1000.0 + n) for n, item in enumerate(early))
    return RatedSession("u", rated, frozenset(targets))


def test_measures_of_lists_of_different_lengths() -> None:
    held_out = [session("x", targets={"a", "b"}), session("x", targets={"z"})]
    values = measures([["a", "c", "b"], []], held_out)
    assert values["Recall@10"].tolist() == [1.0, 0.0]
    assert values["NDCG@10"][0] == pytest.approx(1.5 / (1 + 0.6309), abs=1e-3)


def test_only_a_benchmarks_own_indexes_are_removed() -> None:
    with pytest.raises(ValueError, match="no benchmark's"):
        remove(OpenSearch(), IndexNames("shop-"))


@pytest.mark.node
def test_who_liked_phones_is_recommended_phones(
    client: OpenSearch, names: IndexNames, cluster_settings: ClusterSettings, tmp_path: Path
) -> None:
    cluster = cluster_settings.model_copy(update={"state_dir": tmp_path})
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model()))
    # Every fifth item is a phone. No item is popular: only behaviour can rank phones first.
    catalogue = write_catalogue(tmp_path / "items.jsonl", range(100), popularity=0)
    rebuild_index(index_context(client, names, cluster.bundles_dir), encoder, catalogue)
    service = Service(load(ServiceSettings), cluster, client, encoder, Models(Reranker()))
    service.start()
    phones = {str(n) for n in range(0, 100, 5)}
    try:
        figures = ask_all(
            service,
            [session("0", "20", "5", targets=phones - {"0", "20", "5"})],
            Counter({str(n): 100 - n for n in range(100)}),
            "feed",
        )
    finally:
        service.close()
    assert figures["sessions"] == 1
    assert figures["degraded"] == 0
    # 17 phones are relevant: 10 are 0.59 of them. Two of the most popular ten are phones.
    assert figures["rows"]["recommend"]["NDCG@10"].startswith("1.0000")
    assert float(figures["rows"]["popularity"]["Recall@10"].split()[0]) < 0.2
    assert figures["recommend_minus_popularity"]["Recall@10"].startswith("0.")
