"""Hits by meaning alone: near enough to the query, marked, counted; none for nonsense."""

from collections.abc import Iterator

import pytest

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def api(client, names, cluster_settings: ClusterSettings, shop_catalogue) -> Iterator[Api]:
    """The shop of 60 items with the default encoder: the small one knows no meaning."""
    encoder = load_encoder(load(EncoderSettings))
    rebuild_index(
        index_context(client, names, cluster_settings.bundles_dir), encoder, shop_catalogue
    )
    batching = BatchingEncoder(encoder)
    settings = load(ServiceSettings, default_deadline_ms=20_000)
    with serving(create_app(settings, cluster_settings, batching)) as api:
        yield api
    batching.close()


@pytest.mark.parametrize("query", ["xqzvwk", "qwrtzpsd", "blorpta zibenu", "ňřžšč", "fgh jkl"])
def test_a_query_that_means_nothing_has_no_hits(api: Api, query: str) -> None:
    answer = api.search(query, "nonsense")
    assert (answer["hits"], answer["total"]["value"], answer["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("query", "kind"), [("sneakers", "running shoes"), ("espresso", "coffee machine")]
)
def test_a_query_in_other_words_finds_items_by_meaning_and_says_so(
    api: Api, query: str, kind: str
) -> None:
    answer = api.search(query, "meaning", explain=True)
    assert answer["total"]["by_meaning"] == answer["total"]["value"] > 0
    for hit in answer["hits"][:3]:
        assert kind in hit["source"]["title"]
        assert hit["by_meaning"]
        assert hit["explanation"]["why"].startswith(f"close in meaning to “{query}”")


def test_a_narrow_filter_is_not_filled_up_with_what_is_far(api: Api) -> None:
    answer = api.search("desk lamp", "narrow", size=50, filters={"brand": "Acme"})
    titles = [hit["source"]["title"] for hit in answer["hits"] if not hit["by_meaning"]]
    assert len(titles) == 4
    assert all("lamp" in title for title in titles)
    assert answer["total"]["value"] == len(answer["hits"]) < 20
    assert not any("shoes" in hit["source"]["title"] for hit in answer["hits"] if hit["by_meaning"])
