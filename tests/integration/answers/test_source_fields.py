"""`fields`: only some of the source of each hit."""

from collections.abc import Iterator

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings, load
from query_service.serving.batching import BatchingEncoder
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import write_catalogue
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def shop_catalogue(tmp_path_factory: pytest.TempPathFactory):
    """Thirty items with three attributes, one with a name of two words."""
    path = tmp_path_factory.mktemp("fields") / "items.jsonl"
    attributes = {"colour": "red", "screen size": 5, "a.b": True}
    return write_catalogue(path, range(30), attributes=attributes)


@pytest.fixture(scope="module")
def api(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    batching = BatchingEncoder(encoder)
    with serving(create_app(load(ServiceSettings), shop, batching)) as api:
        yield api
    batching.close()


def sources(api: Api, path: str, **fields: object) -> list[dict[str, object]]:
    body = {"session_id": "fields", "deadline_ms": 20_000, **fields}
    if path == "/v1/search":
        body["query"] = "desk lamp"
    response = api("POST", path, body)
    assert response.status == 200, response
    assert response.body["hits"]
    assert all(hit["item_id"] for hit in response.body["hits"])
    return [hit["source"] for hit in response.body["hits"]]


@pytest.mark.parametrize("path", ["/v1/search", "/v1/recommend"])
@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ([], set()),
        (["title", "price"], {"title", "price"}),
        (["description"], set()),  # these items have none
        (["item_id", "attributes"], {"item_id", "attributes"}),
    ],
)
def test_a_hit_shows_the_fields_that_the_request_names(
    api: Api, path: str, fields: list[str], keys: set[str]
) -> None:
    for source in sources(api, path, fields=fields):
        assert source.keys() == keys


def test_single_attributes_can_be_shown(api: Api) -> None:
    for source in sources(api, "/v1/search", fields=["attributes.screen  size", "attributes.a.b"]):
        assert source == {"attributes": {"screen size": 5, "a.b": True}}


def test_without_fields_the_whole_public_source_is_shown(api: Api) -> None:
    whole = {"item_id", "title", "brand", "category", "price", "available", "popularity",
             "attributes"}  # fmt: skip
    for source in [*sources(api, "/v1/search"), *sources(api, "/v1/recommend", fields=None)]:
        assert source.keys() == whole


@pytest.mark.parametrize(
    ("fields", "field", "named"),
    [
        (["title", "prise"], "fields.1", "There are: price, item_id, title"),
        (["vector"], "fields.0", "there is no field 'vector'"),
        (["features"], "fields.0", "attributes.colour"),
        (["attributes.color"], "fields.0", "There are: attributes.colour"),
        (["keys.brand"], "fields.0", "there is no field 'keys.brand'"),
        ([""], "fields.0", "at least 1 character"),
        ("title", "fields", "list"),
        (["title"] * 101, "fields", "at most 100"),
    ],
)
def test_an_unknown_field_is_refused_with_those_there_are(
    api: Api, fields: object, field: str, named: str
) -> None:
    for path, query in (("/v1/search", {"query": "lamp"}), ("/v1/recommend", {})):
        response = api("POST", path, {"session_id": "s", "fields": fields, **query})
        assert response.status == 422
        assert response.body["errors"][0]["field"] == field
        assert named in response.body["errors"][0]["message"]
