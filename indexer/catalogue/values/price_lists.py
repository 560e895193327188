"""Prices of an item in several currencies or lists, by the list's name."""

import json
import re
from collections.abc import Mapping
from typing import Any

from indexer.catalogue.values.numbers import DecimalSign
from indexer.catalogue.values.prices import read_price
from indexer.catalogue.values.text import ValueProblem, is_blank, shown

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
MAX_LISTS = 50  # of one item
_CURRENCY = re.compile("[A-Z]{3}")


def read_prices(value: Any, sign: DecimalSign = "") -> dict[str, float]:
    """Prices by list, from an object or its JSON; a blank price is left out.

    Raises ValueProblem for another value, a name with other characters than letters, digits, "_"
    and "-", or a price that can't be read.
    """
    if is_blank(value):
        return {}
    lists = _object(value)
    if len(lists) > MAX_LISTS:
        raise ValueProblem(f"prices has {len(lists)} price lists, at most {MAX_LISTS} are allowed")
    prices: dict[str, float] = {}
    for name, given in lists.items():
        if not NAME.fullmatch(name):
            raise ValueProblem(
                f"prices has a price list {shown(name)}; a name has 1 to 32 letters, digits, _ or -"
            )
        amount, currency = read_price(given, sign)
        if currency and _CURRENCY.fullmatch(name) and currency != name:
            raise ValueProblem(f"prices.{name} {shown(given)} is in {currency}")
        if amount is not None:
            prices[name] = amount
    return prices


def removed_prices(value: Any) -> list[str]:
    """Names whose price is blank: a change removes these."""
    try:
        return [name for name, given in _object(value).items() if is_blank(given)]
    except ValueProblem:
        return []


def currency_of_list(name: str) -> str:
    """The currency that a list is named by; "" where its name says none."""
    return name if _CURRENCY.fullmatch(name) else ""


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None if is_blank(value) else value
    if not isinstance(value, Mapping):
        raise ValueProblem(
            f'prices {shown(value)} is not an object; it is written {{"EUR": 9.5, "b2b": 8}}'
        )
    return {str(name).strip(): given for name, given in value.items()}
