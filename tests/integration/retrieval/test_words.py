"""Words in the whole pipeline: identifiers, long queries, words that are being typed."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.index.rebuilding.rebuild import RebuildReport
from learning.data.visitors import Visitors
from learning.evaluation.offline_pipeline import EmptySources, HistoryVisitors
from plugin_config.errors import RequestRefused
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder, RetrievalOptions
from query_service.index_view import IndexViews
from query_service.pipeline import Pipeline
from query_service.preparation.preparation import Preparation
from query_service.ranking.learned.learned_reranker import LearnedReranker, RerankerConfig
from query_service.ranking.reranker import Reranker, Scoring
from query_service.retrieval.candidates.candidate_items import CandidateItems
from query_service.retrieval.legs import LEGS
from query_service.retrieval.plan import Leg, RetrievalPlan
from query_service.retrieval.search import retrieve
from query_service.schemas.search.answers import SearchResponse
from query_service.schemas.search.requests import RankRequest, SearchRequest
from query_service.settings import ServiceSettings
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index, write_catalogue

pytestmark = pytest.mark.node
Parts = tuple[IndexViews, Preparation]
# Of one item each; its title has none of them.
NUMBERS = {"sku": "KX-55 b/7", "ean": "04006381333931", "identifiers": ["M 100", "0815-4711"]}

HTML = (
    "<style>.tee {padding: 0}</style><p class='margin'>Cosy &amp; soft</p><!-- border -->"
    "<script>var hidden = 1</script>"
)


@pytest.fixture(scope="module")
def parts(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Parts]:
    """A shop of 120 items, of which `by-columns` and `by-field` have numbers."""
    folder = tmp_path_factory.mktemp("words")
    rows = [
        {"item_id": "by-columns", "title": "Kettle", "sku": NUMBERS["sku"], "ean": NUMBERS["ean"]},
        {"item_id": "by-field", "title": "Toaster", "identifiers": NUMBERS["identifiers"]},
        {"item_id": "AB-9", "title": "Kettle 4006381333931 copy", "popularity": 900},
        {"item_id": "h1", "title": "Headphones over ear"},
        {"item_id": "h2", "title": "Wireless headphones"},
        {"item_id": "tee", "title": "Jersey", "description": HTML},
    ]
    own = write_json_lines(folder / "own.jsonl", rows)
    others = write_catalogue(folder / "others.jsonl", range(115), id_prefix="n")
    catalogue = folder / "all.jsonl"
    catalogue.write_text(own.read_text("utf-8") + others.read_text("utf-8"), "utf-8")
    rebuild_index(
        index_context(client, names, cluster_settings.bundles_dir), encoder, Path(catalogue)
    )
    views = IndexViews(client, names, encoder.spec, cluster_settings.bundles_dir, poll_s=3600)
    views.refresh()
    preparation = Preparation(
        client, encoder, HistoryVisitors(Visitors({}, {})), load(ServiceSettings)
    )
    yield views, preparation
    preparation.close()


def pipeline(parts: Parts, reranker: Scoring | None) -> Pipeline:
    """Return a pipeline without visitors' behaviour."""
    return Pipeline(*parts, reranker, EmptySources(), NoQueryRecorder(),
                    options=RetrievalOptions(titles=True), deadline_ms=60_000,
                    engine_timeout_s=60)  # fmt: skip


def search(parts: Parts, query: str, reranker: Scoring | None = None) -> SearchResponse:
    request = SearchRequest(query=query, session_id="s", size=20, explain=True)
    return pipeline(parts, reranker or Reranker()).search(request)


def opposed() -> LearnedReranker:
    """Return a learned re-ranker that wants the items that the words leg lacks."""
    reranker = LearnedReranker(RerankerConfig())
    [column, *_] = reranker.features.columns_of("words")
    with torch.no_grad():
        reranker.residual.wide.weight[0, column] = -100.0
    return reranker


@pytest.mark.parametrize(
    ("query", "item_id"),
    [
        ("by-field", "by-field"),
        ("BY FIELD", "by-field"),
        ("KX-55 b/7", "by-columns"),
        ("kx55b/7", "by-columns"),
        ("4006381333931", "by-columns"),
        ("0 400638 133393 1", "by-columns"),
        ("00004006381333931"[-14:], "by-columns"),
        ("m100", "by-field"),
        ("08154711", "by-field"),
        ("ab9", "AB-9"),
    ],
)
@pytest.mark.parametrize("kind", ["fixed", "learned", "fused"])
def test_an_item_is_first_for_its_own_number(
    parts: Parts, query: str, item_id: str, kind: str
) -> None:
    reranker = {"fixed": Reranker(), "learned": opposed(), "fused": None}[kind]
    request = SearchRequest(query=query, session_id="s", size=20, explain=True)
    [first, *others] = pipeline(parts, reranker).search(request).hits
    assert first.item_id == item_id
    assert first.explanation is not None
    assert f"its number is “{query}”" in first.explanation.why
    shares = sum(share.value for share in first.explanation.shares)
    assert shares == pytest.approx(first.score, abs=1e-4)
    for hit in others:
        assert hit.explanation is not None
        assert "its number" not in hit.explanation.why


def test_a_number_among_other_words_is_no_identifier(parts: Parts) -> None:
    hit = search(parts, "toaster m100").hits[0]
    assert hit.explanation is not None
    assert "its number" not in hit.explanation.why


def test_given_items_are_ranked_by_their_number_too(parts: Parts) -> None:
    request = RankRequest(item_ids=["n1", "by-field", "n2"], query="m 100", session_id="s")
    assert pipeline(parts, Reranker()).rank(request).hits[0].item_id == "by-field"


@pytest.mark.parametrize(("setting", "found"), [("auto", True), ("off", False)])
def test_a_rebuild_splits_german_compounds_where_the_setting_says_so(
    run_rebuild: Callable[..., RebuildReport],
    client: OpenSearch,
    tmp_path: Path,
    setting: str,
    found: bool,
) -> None:
    texts = ("Ledersofa braun", "Sofa grau", "Leder Tasche")
    rows = [{"item_id": str(number), "title": text} for number, text in enumerate(texts)]
    catalogue = write_json_lines(tmp_path / "items.jsonl", rows)
    report = run_rebuild(catalogue, analyzer="german", decompound=setting)
    client.indices.refresh(index=report.index)
    body = {"query": {"match": {"title": "sofa"}}}
    hits = client.search(index=report.index, body=body)["hits"]["hits"]
    assert ("0" in [hit["_id"] for hit in hits]) == found
    analysis = client.indices.get_settings(index=report.index)[report.index]["settings"]["index"]
    assert ("compounds" in analysis["analysis"]["filter"]) == found


LONG = {
    "words": " ".join(f"w{n}" for n in range(110)) + " headphones 2x4 in",
    "han": "".join(chr(0x4E00 + 7 * n) for n in range(300)) + " headphones",
    "emoji": "".join(chr(0x1F400 + n) for n in range(300)) + " headphones",
    "misspelt": " ".join(f"keyboar{chr(97 + n % 26)}{n}" for n in range(45))
    + " headphones 5 gallon",
    "thai": " ".join("ภาษาไทย" + chr(0xE01 + n) * 7 for n in range(30)) + " headphones",
}


@pytest.mark.parametrize("kind", LONG)
def test_a_long_query_is_cut_by_information_and_the_answer_says_so(parts: Parts, kind: str) -> None:
    response = search(parts, LONG[kind])
    assert not response.degraded
    assert response.query_cut is not None
    assert response.query_cut.terms_left_out > 0
    assert "headphones" in response.query_cut.searched.split()
    assert {"h1", "h2"} <= {hit.item_id for hit in response.hits}


@pytest.mark.parametrize("query", ["headphones " + "x" * 500, "headphones, " * 42])
def test_a_query_of_few_words_is_searched_whole_however_long(parts: Parts, query: str) -> None:
    response = search(parts, query.strip())
    assert not response.degraded
    assert {"h1", "h2"} <= {hit.item_id for hit in response.hits}


def test_a_short_query_is_searched_whole(parts: Parts) -> None:
    assert search(parts, "red phone model 3").query_cut is None


@pytest.mark.parametrize("query", ["headph", "Headph", "headphone", "wireless headph", "héadph"])
def test_the_beginning_of_a_word_finds_it(parts: Parts, query: str) -> None:
    hits = [h for h in search(parts, query).hits if h.explanation and h.explanation.legs["words"]]
    assert {"h1", "h2"} == {hit.item_id for hit in hits}


def test_a_word_of_the_catalogue_is_no_beginning(parts: Parts) -> None:
    assert search(parts, "red phone").total.value == search(parts, "red phones").total.value


@pytest.mark.parametrize("query", ["padding", "margin", "border", "hidden", "amp"])
def test_words_of_markup_find_nothing(parts: Parts, query: str) -> None:
    hits = search(parts, query).hits
    assert not [h for h in hits if h.item_id == "tee" and h.explanation.legs["words"]]  # type: ignore[union-attr]


def test_words_of_a_description_s_text_find_it_and_the_source_keeps_its_html(
    parts: Parts, client: OpenSearch, names: IndexNames
) -> None:
    [first, *_] = search(parts, "cosy soft").hits
    assert first.item_id == "tee"
    source = client.get(index=names.items, id="tee")["_source"]
    assert source["description"] == HTML
    assert "description_text" not in source


def too_many(plan: RetrievalPlan) -> Mapping[str, Any]:
    """Return a query of more clauses than the engine allows."""
    terms = [{"term": {"title": f"w{number}"}} for number in range(2000)]
    return {"bool": {"should": terms}}


def malformed(plan: RetrievalPlan) -> Mapping[str, Any]:
    """Return a query with a value that its field can't have."""
    return {"range": {"updated_at": {"gte": "no date"}}}


@pytest.mark.parametrize("query", [too_many, malformed])
def test_a_query_that_the_engine_refuses_is_no_outage(
    parts: Parts, client: OpenSearch, query: Callable[[RetrievalPlan], Mapping[str, Any]]
) -> None:
    index = parts[0].current().index
    refused = RetrievalPlan((Leg("refused", query, 1.0, "query"),), "phone")
    with pytest.raises(RequestRefused, match="refuses every search"):
        retrieve(client, index, refused, 128, CandidateItems(client))
    beside = RetrievalPlan((Leg("refused", query, 1.0, "query"), *LEGS), "phone")
    retrieved = retrieve(client, index, beside, 128, CandidateItems(client))
    assert list(retrieved.failed) == ["refused"]


def test_a_query_is_normalised_at_the_door() -> None:
    decomposed = unicodedata.normalize("NFD", "갤럭시 café")
    assert SearchRequest(query=decomposed, session_id="s").query == "갤럭시 café"
    assert RankRequest(item_ids=["1"], query=decomposed, session_id="s").query == "갤럭시 café"
