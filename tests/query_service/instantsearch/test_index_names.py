"""Names of the index and its replicas."""

import pytest

from plugin_config.errors import SettingsError
from query_service.instantsearch.index_names import IndexNamesSpoken, IndexUnknown
from query_service.schemas.search.sort import SortBy

NAMES = IndexNamesSpoken.of("shop", "cheapest=price:asc, loved = popularity")


@pytest.mark.parametrize(
    ("name", "by", "order"),
    [
        ("shop_price_asc", "price", "asc"),
        ("shop_price_desc", "price", "desc"),
        ("shop/sort/price:desc", "price", "desc"),
        ("shop/sort/attributes.screen size:asc", "attributes.screen size", "asc"),
        ("shop_newest", "newest", None),
        ("cheapest", "price", "asc"),
        ("loved", "popularity", None),
    ],
)
def test_a_replica_is_an_order(name: str, by: str, order: str | None) -> None:
    assert NAMES.order(name) == SortBy.model_validate({"by": by, "order": order})


def test_the_index_itself_is_by_relevance() -> None:
    assert NAMES.order("shop") is None


@pytest.mark.parametrize("name", ["", "items", "shops", "shop_", "shop/sort/", "shop_" + "x" * 600])
def test_another_index_does_not_exist(name: str) -> None:
    with pytest.raises(IndexUnknown):
        NAMES.order(name)


@pytest.mark.parametrize("replicas", ["cheapest", "=price", "cheapest=", "cheapest=price:up"])
def test_a_setting_that_names_no_order_stops_the_start(replicas: str) -> None:
    with pytest.raises(SettingsError, match="LIVE_INTENT_INSTANTSEARCH_REPLICAS"):
        IndexNamesSpoken.of("shop", replicas)
