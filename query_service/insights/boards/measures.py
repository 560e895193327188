"""Aggregations and columns that several dashboards share."""

from typing import Any

from query_service.insights.panel import Column, Panel, Path, Quotient, by_value

TIME = Column("time", "Time", ("key",), "time")
SIMULATED = "live-intent-simulated"  # the application of the sample's visits
COUNT: Path = ("doc_count",)
# Lists without a query are rows too, where a setting keeps them.
SEARCHED: dict[str, Any] = {"exists": {"field": "user_query"}}
WITH_HITS: dict[str, Any] = {"range": {"answer.shown": {"gt": 0}}}
CLICKED: dict[str, Any] = {"exists": {"field": "answer.clicks"}}
WITHOUT_HITS: dict[str, Any] = {"term": {"answer.total": 0}}

# Of the lists with hits: those of which one was clicked, and the sum of 1 / position of the first.
LISTS: dict[str, Any] = {
    "lists": {
        "filter": WITH_HITS,
        "aggs": {
            "clicked": {"filter": CLICKED},
            "unclicked": {"filter": {"bool": {"must_not": CLICKED}}},
            "rank": {"sum": {"field": "answer.reciprocal_rank"}},
            "bought": {"filter": {"term": {"answer.purchased": True}}},
        },
    }
}
# Of the searches of which the number of hits is known: those without any.
ANSWERED: dict[str, Any] = {
    "answered": {
        "filter": {"exists": {"field": "answer.total"}},
        "aggs": {"empty": {"filter": WITHOUT_HITS}},
    }
}
# A further page of a list is no search of its own.
SEARCHES: dict[str, Any] = {
    "searches": {"filter": {"bool": {"must_not": {"range": {"answer.offset": {"gt": 0}}}}}},
}
VISITS: dict[str, Any] = {"visits": {"cardinality": {"field": "session_id"}}}
DEGRADED: dict[str, Any] = {
    "known": {
        "filter": {"exists": {"field": "answer.took_ms"}},
        "aggs": {"degraded": {"filter": {"exists": {"field": "answer.degraded"}}}},
    }
}


def of_lists(part: str) -> Quotient:
    """The share of the lists with hits; `rank`: the mean."""
    tail = "value" if part == "rank" else "doc_count"
    return Quotient(("lists", part, tail), ("lists", "doc_count"))


CLICK_THROUGH = Column("click_through", "Click-through", of_lists("clicked"), "share")
MRR = Column("mrr", "MRR", of_lists("rank"), "mean")
ABANDONED = Column("abandoned", "Abandoned", of_lists("unclicked"), "share")
BOUGHT = Column("bought", "With a purchase", of_lists("bought"), "share")
EMPTY = Column(
    "empty", "Zero results",
    Quotient(("answered", "empty", "doc_count"), ("answered", "doc_count")), "share",
)  # fmt: skip
ALL_SEARCHES = Column("searches", "Searches", ("searches", "doc_count"))
ALL_VISITS = Column("visits", "Sessions", ("visits", "value"))
DEGRADED_SHARE = Column(
    "degraded", "Degraded", Quotient(("known", "degraded", "doc_count"), ("known", "doc_count")),
    "share",
)  # fmt: skip


def what_degraded() -> Panel:
    """What answers had to do without."""
    return Panel(
        "what-degraded",
        "What degraded",
        "Answers that had to do without a stage, by the stage.",
        "table",
        (Column("stage", "Stage", ("key",), "text"), Column("answers", "Answers", COUNT)),
        split=by_value("answer.degraded", 20),
    )


def simulated() -> Panel:
    """How many rows simulated visits left: a page says so."""
    return Panel(
        "simulated",
        "Simulated",
        "Rows of simulated visits.",
        "figures",
        (Column("rows", "Rows", COUNT),),
        only={"term": {"application": SIMULATED}},
    )
