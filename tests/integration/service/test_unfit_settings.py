"""A service whose encoder does not fit the index behind the alias."""

from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from indexer.encoder_spec import EncoderMismatch
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from query_service.index_view import IndexViews
from tests.integration.rebuilding import index_context, rebuild_index, tiny_encoder
from tests.integration.serve_process import READY_S, serve
from tests.integration.serving import Api
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
PREFIX = "query: "


def behind_alias(client: OpenSearch, names: IndexNames) -> str:
    [index] = client.indices.get_alias(name=names.items)
    return str(index)


def checks(api: Api) -> dict[str, str]:
    """The checks of a service that is ready."""
    response = api("GET", "/readyz")
    assert response.status == 200, response
    found: dict[str, str] = response.body["checks"]
    return found


def test_it_answers_from_the_old_index_until_it_is_started_with_the_new_settings(
    shop: ClusterSettings,
    environment: dict[str, str],
    client: OpenSearch,
    names: IndexNames,
    shop_catalogue: Path,
    encoder: Encoder,
    tmp_path: Path,
) -> None:
    old = behind_alias(client, names)
    context = index_context(client, names, shop.bundles_dir)
    settings = environment | {
        "LIVE_INTENT_DEVICE": "cpu",
        "LIVE_INTENT_DRAIN_S": "0",
        "LIVE_INTENT_PROCESSES": "1",
        "LIVE_INTENT_SWAP_POLL_S": "0.2",
    }
    with serve(settings, tmp_path) as running:
        api = running.api()
        assert checks(api)["index"] == f"ok: {old}"
        new = rebuild_index(
            context, tiny_encoder(device="cpu", query_prefix=PREFIX), shop_catalogue
        )
        assert behind_alias(client, names) == new
        wait_until(lambda: "newest_index" in checks(api))
        for workers in (1, 2):  # the second one has taken the place of the first
            running.wait_for_workers(workers)
            said = checks(api)
            assert said["index"] == f"ok: {old}"
            assert said["newest_index"].startswith(f"not in use: the index {new} holds vectors of ")
            assert api.search("wireless headphones", "s")["hits"]
            if workers == 1:
                running.kill_worker()
        running.end()
    with serve(settings | {"LIVE_INTENT_QUERY_PREFIX": PREFIX}, tmp_path) as running:
        api = running.api()
        wait_until(api.ready, READY_S)
        said = checks(api)
        assert said["index"] == f"ok: {new}"
        assert "newest_index" not in said
        assert api.search("wireless headphones", "s")["hits"]
        running.end()

    def views(of: Encoder) -> IndexViews:
        return IndexViews(client, names, of.spec, shop.bundles_dir, 60, fall_back=True)

    assert views(encoder).refresh().index == old  # a service that starts now with the old settings
    with pytest.raises(EncoderMismatch, match=f"none fits: {old}"):
        views(tiny_encoder(device="cpu", query_prefix="other: ")).refresh()
    client.indices.delete(index=old)
    with pytest.raises(EncoderMismatch, match=f"the index {new} holds vectors of"):
        views(encoder).refresh()
