"""Exposure: which brands, categories and items are shown."""

from typing import Any

from query_service.insights.boards.measures import COUNT, LISTS, TIME, WITH_HITS, of_lists
from query_service.insights.panel import Board, Column, Panel, Quotient, by_time, by_value

MEASURES: dict[str, Any] = {
    "shown": {"sum": {"field": "answer.shown"}},
    "long_tail": {"sum": {"field": "answer.long_tail"}},
    "newcomers": {"sum": {"field": "answer.newcomers"}},
}
SHOWN = ("shown", "value")
LONG_TAIL = Column("long_tail", "Long tail", Quotient(("long_tail", "value"), SHOWN), "share")
NEWCOMERS = Column("newcomers", "Newcomers", Quotient(("newcomers", "value"), SHOWN), "share")
ITEMS: dict[str, Any] = {"items": {"cardinality": {"field": "query_response_hit_ids"}}}
LISTS_SHOWING = Column("lists", "Lists", COUNT)
CLICKED_OF = Column("clicked", "Clicked", of_lists("clicked"), "share")


def _of_lists(key: str, title: str, what: str, field: str) -> Panel:
    return Panel(
        key,
        title,
        f"Lists that show {what}, and how many of these lists were clicked.",
        "table",
        (Column("value", title.split(maxsplit=1)[0], ("key",), "text"), LISTS_SHOWING, CLICKED_OF),
        split=by_value(field, 20),
        measures=LISTS,
        only=WITH_HITS,
    )


EXPOSURE = Board(
    "exposure",
    "Exposure",
    "Who is shown, over the lists that visitors saw.",
    (
        Panel(
            "exposure-figures",
            "Shown items",
            "Long tail: items less popular than the catalogue's geometric mean. Newcomers: items "
            "without any popularity.",
            "figures",
            (
                Column("shown", "Hits shown", SHOWN),
                Column("items", "Different items", ("items", "value")),
                LONG_TAIL,
                NEWCOMERS,
            ),
            measures=MEASURES | ITEMS,
        ),
        Panel(
            "exposure-tail",
            "Long tail and newcomers",
            "Their share of the hits shown.",
            "lines",
            (TIME, LONG_TAIL, NEWCOMERS),
            split=by_time(),
            measures=MEASURES,
        ),
        _of_lists("exposure-brands", "Brand exposure", "an item of the brand", "answer.brands"),
        _of_lists(
            "exposure-categories",
            "Category exposure",
            "an item below the category",
            "answer.categories",
        ),
        Panel(
            "exposure-items",
            "Most shown items",
            "Lists that the item was in.",
            "table",
            (Column("item", "Item", ("key",), "text"), LISTS_SHOWING),
            split=by_value("query_response_hit_ids", 20),
        ),
        Panel(
            "clicked-items",
            "Most clicked items",
            "Lists in which the item was clicked or bought.",
            "table",
            (Column("item", "Item", ("key",), "text"), LISTS_SHOWING),
            split=by_value("answer.clicked_ids", 20),
        ),
    ),
)
