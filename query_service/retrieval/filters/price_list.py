"""The prices that a request means."""

from collections.abc import Mapping
from typing import Any

from indexer.catalogue.values.price_lists import currency_of_list
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.schema import PRICES
from query_service.retrieval.filters.filters import MAX_LISTED, FilterProblem
from query_service.schemas.problems import FieldError


def priced(attributes: AttributeSchema, price_list: str | None) -> AttributeSchema:
    """The index's attributes with the prices of a list; None: the items' own.

    Raises FilterProblem, which lists the price lists that exist.
    """
    if price_list is None:
        return attributes
    lists = attributes.price_lists
    if lists is None or price_list not in lists:
        if lists is None:
            message = "the index has no price lists: run live-intent index rebuild CATALOGUE"
        elif not lists:
            message = "no item has a price list: give items `prices`"
        else:
            message = (
                f"there is no price list {price_list}. There are: {', '.join(lists[:MAX_LISTED])}"
            )
        raise FilterProblem([FieldError(field="price_list", message=message)])
    return attributes.priced_by(price_list)


def with_price_of(price_list: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """An item's source with that list's price, or none; a list named by a currency has it."""
    price = source.get(PRICES, {}).get(price_list)
    priced = {name: value for name, value in source.items() if name != "price"}
    if price is None:
        priced.pop("currency", None)
        return priced
    currency = currency_of_list(price_list)
    return priced | {"price": price} | ({"currency": currency} if currency else {})
