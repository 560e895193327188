"""Prices of exports: the one that counts, where there is a regular one and one for a sale."""

from datetime import UTC, datetime, timedelta
from typing import Any

from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.values.prices import read_price
from indexer.catalogue.values.text import ValueProblem, is_blank, is_no_value
from indexer.catalogue.values.times import to_time


def higher_price(before: Any, price: Any, rules: ReadingRules) -> float | None:
    """The number of the price `before`, where it is higher than `price`; None: there is none."""
    try:
        number, now = (read_price(value, rules.decimal_sign)[0] for value in (before, price))
    except ValueProblem:
        return None
    return number if number is not None and now is not None and number > now else None


def sale_price(
    regular: Any, sale: Any, period: tuple[Any, Any], rules: ReadingRules
) -> tuple[Any, float | None]:
    """The price that counts now, as it is written, and the regular one where it is higher.

    `period`: from when to when the sale is; a blank or unreadable end leaves it open.
    """
    try:
        has_sale = read_price(sale, rules.decimal_sign)[0] is not None
    except ValueProblem:
        has_sale = False
    if not has_sale or not _is_now(period, rules):
        return (regular if not is_blank(regular) else None), None
    return sale, higher_price(regular, sale, rules)


def _is_now(period: tuple[Any, Any], rules: ReadingRules) -> bool:
    now = datetime.now(UTC)
    begins, ends = (_time(value, rules) for value in period)
    if ends is not None and not (ends.hour or ends.minute or ends.second):
        ends += timedelta(days=1)  # a date: the sale goes on that day
    return (begins is None or begins <= now) and (ends is None or now < ends)


def _time(value: Any, rules: ReadingRules) -> datetime | None:
    try:
        return None if is_no_value(value) else to_time(value, "a sale's date", rules.date_order)
    except ValueProblem:
        return None
