"""The source article's worked example: 手机, after three looks at 小米 phones.

M = 200, K = 100, alpha = 0.7, beta = 0.8, R in R^300, L = 10. The share of 小米 and 红米 in the top
ten must be clearly larger with the session than without, and all ten must be phones.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from live_intent.sample.catalogue import sample_items
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.schemas.search.answers import Hit
from query_service.schemas.search.requests import SearchRequest
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from tests.integration.json_lines import read_json_lines, write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index

DISTRACTORS = 600  # of the 7,998 Taobao titles: enough wrong answers, quick to encode
QUERY = "手机"
VISIT = [("view", "小米手机"), ("click", "小米手机参数"), ("view", "小米手机评价")]
XIAOMI = frozenset({"小米", "红米"})
Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(
        load(EncoderSettings, encoder="multilingual", layout="concat", meaning_dims=200,
             behaviour_dims=100)
    )  # fmt: skip


@pytest.fixture
def visit(
    client: OpenSearch,
    fresh_names: IndexNames,
    fresh_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path: Path,
) -> Callable[[Rows], tuple[list[Hit], list[Hit]]]:
    """Index these rows; return the hits before and after a visit to the first three 小米 phones."""

    def run(rows: Rows) -> tuple[list[Hit], list[Hit]]:
        catalogue = write_json_lines(tmp_path / "items.jsonl", rows)
        context = index_context(client, fresh_names, fresh_settings.bundles_dir, analyzer="cjk")
        rebuild_index(context, encoder, catalogue)
        xiaomi = [row["item_id"] for row in rows if row["title"].startswith("小米")][:3]
        events = [
            ReceivedEvent(action=action, item_id=item_id, session_id="visit", text=text)
            for (action, text), item_id in zip(VISIT, xiaomi, strict=True)
        ]
        settings = load(ServiceSettings, default_deadline_ms=20_000, alpha=0.7, beta=0.8)
        service = Service(settings, fresh_settings, client, encoder, Models(Reranker()))
        service.start()
        try:
            before = service.pipeline.search(SearchRequest(query=QUERY, session_id="visit"))
            outcomes = service.record_events(events)
            after = service.pipeline.search(SearchRequest(query=QUERY, session_id="visit"))
        finally:
            service.close()
        assert [outcome.status for outcome in outcomes] == ["accepted"] * 3
        assert after.personalized
        assert not after.degraded
        return before.hits, after.hits

    return run


def xiaomi_share(hits: list[Hit]) -> int:
    """Return how many of the ten hits are of the brand."""
    assert len(hits) == 10
    return sum(any(brand in hit.source["title"] for brand in XIAOMI) for hit in hits)


def assert_visit_raises_xiaomi(before: list[Hit], after: list[Hit]) -> None:
    without, with_session = xiaomi_share(before), xiaomi_share(after)
    print(f"小米/红米 of 10: {without} without the session, {with_session} with it")
    assert with_session >= min(without + 4, 10)


def test_on_real_phones_the_visit_raises_the_brand_s_share(visit, dataset) -> None:
    phones = read_json_lines(dataset("jd_taobao_zh/phones.jsonl.gz"))
    others = read_json_lines(dataset("jd_taobao_zh/taobao_titles.jsonl.gz"))[:DISTRACTORS]
    rows = [{"item_id": p["item_id"], "title": p["title"], "category": "手机"} for p in phones]
    rows += [{"item_id": o["item_id"], "title": o["title"]} for o in others]

    before, after = visit(rows)
    for hit in after:
        print(f"  {hit.score:.3f} {hit.source['title']}")
    assert all(hit.item_id.startswith("jd") for hit in after)
    assert_visit_raises_xiaomi(before, after)


def test_on_the_sample_catalogue_the_visit_raises_the_brand_s_share(visit) -> None:
    # Phones, and an eighth of all items: the whole catalogue would take a minute to encode.
    rows = [row for n, row in enumerate(sample_items()) if "手机" in row["title"] or n % 8 == 0]
    phones = {row["item_id"] for row in rows if "手机" in row["title"]}

    before, after = visit(rows)
    assert all(hit.item_id in phones for hit in after)
    assert_visit_raises_xiaomi(before, after)
