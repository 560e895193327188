"""The source article's worked example: 手机, after three looks at 小米 phones.

M = 200, K = 100, alpha = 0.7, beta = 0.8, R in R^300, L = 10. The share of 小米 and 红米 in the top
ten must be clearly larger with the session than without, and all of it must be phones.
"""

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
from query_service.schemas.events import ReceivedEvent
from query_service.schemas.search import Hit, SearchRequest
from query_service.service import Service
from query_service.settings import ServiceSettings
from tests.integration.rebuilding import index_context, rebuilt

DATA = Path(os.environ.get("DATASETS_DIR", "../shared/data")) / "jd_taobao_zh"
DISTRACTORS = 600  # of the 7,998 Taobao titles: enough to be wrong with, quick to encode
QUERY = "手机"
VISIT = [("view", "小米手机"), ("click", "小米手机参数"), ("view", "小米手机评价")]
XIAOMI = frozenset({"小米", "红米"})


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(
        load(EncoderSettings, encoder="multilingual", layout="concat", meaning_dims=200,
             behaviour_dims=100)
    )  # fmt: skip


@contextmanager
def service_on(
    catalogue: Path, encoder: Encoder, client: OpenSearch, names: IndexNames, tmp_path: Path
) -> Iterator[Service]:
    cluster = load(ClusterSettings, index_prefix=names.prefix, bundles_dir=tmp_path / "bundles")
    rebuilt(index_context(client, names, cluster.bundles_dir, analyzer="cjk"), encoder, catalogue)
    settings = load(ServiceSettings, default_deadline_ms=20_000, alpha=0.7, beta=0.8)
    service = Service(settings, cluster, client, encoder, Models(Reranker()))
    service.start()
    try:
        yield service
    finally:
        service.close()


def visit(service: Service, xiaomi: list[str]) -> tuple[list[Hit], list[Hit]]:
    """The hits without the session and with it."""
    before = service.pipeline.search(SearchRequest(query=QUERY, session_id="visit"))
    events = [
        ReceivedEvent(action=action, item_id=item_id, session_id="visit", text=text)
        for (action, text), item_id in zip(VISIT, xiaomi, strict=True)
    ]
    outcomes = service.record_events(events)
    assert [outcome.status for outcome in outcomes] == ["accepted"] * 3
    after = service.pipeline.search(SearchRequest(query=QUERY, session_id="visit"))
    assert after.personalized
    assert not after.degraded
    return before.hits, after.hits


def share(hits: list[Hit]) -> int:
    assert len(hits) == 10
    return sum(any(brand in hit.source["title"] for brand in XIAOMI) for hit in hits)


def test_on_real_phones(
    client: OpenSearch, fresh_names: IndexNames, encoder: Encoder, tmp_path: Path
) -> None:
    if not DATA.is_dir():
        pytest.skip(f"the data set jd_taobao_zh is not at {DATA} (set DATASETS_DIR)")
    with gzip.open(DATA / "phones.jsonl.gz", "rt", encoding="utf-8") as file:
        phones = [json.loads(line) for line in file]
    with gzip.open(DATA / "taobao_titles.jsonl.gz", "rt", encoding="utf-8") as file:
        others = [json.loads(line) for line in file][:DISTRACTORS]
    catalogue = tmp_path / "items.jsonl"
    rows = [{"item_id": p["item_id"], "title": p["title"], "category": "手机"} for p in phones]
    rows += [{"item_id": o["item_id"], "title": o["title"]} for o in others]
    catalogue.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    xiaomi = [phone["item_id"] for phone in phones if phone["title"].startswith("小米")][:3]

    with service_on(catalogue, encoder, client, fresh_names, tmp_path) as service:
        before, after = visit(service, xiaomi)
    print(f"小米/红米 of 10: {share(before)} without the session, {share(after)} with it")
    for hit in after:
        print(f"  {hit.score:.3f} {hit.source['title']}")
    assert all(hit.item_id.startswith("jd") for hit in after)
    assert share(after) >= min(share(before) + 4, 10)


def test_on_the_sample_catalogue(
    client: OpenSearch, fresh_names: IndexNames, encoder: Encoder, tmp_path: Path
) -> None:
    rows = list(sample_items())
    phones = [row for row in rows if "手机" in row["title"]]
    chosen = {row["item_id"] for row in phones}
    # Phones, and some of everything else: the whole catalogue would take a minute to encode.
    kept = [row for place, row in enumerate(rows) if row["item_id"] in chosen or place % 8 == 0]
    catalogue = tmp_path / "sample.jsonl"
    catalogue.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in kept), "utf-8")
    xiaomi = [row["item_id"] for row in phones if row["title"].startswith("小米")][:3]

    with service_on(catalogue, encoder, client, fresh_names, tmp_path) as service:
        before, after = visit(service, xiaomi)
    print(f"小米/红米 of 10: {share(before)} without the session, {share(after)} with it")
    assert all(hit.item_id in chosen for hit in after)
    assert share(after) >= min(share(before) + 4, 10)
