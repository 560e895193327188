"""Search quality: what visitors search for, and whether they click."""

from query_service.insights.boards.measures import (
    ABANDONED,
    ALL_SEARCHES,
    ALL_VISITS,
    ANSWERED,
    BOUGHT,
    CLICK_THROUGH,
    CLICKED,
    EMPTY,
    LISTS,
    MRR,
    SEARCHED,
    SEARCHES,
    TIME,
    VISITS,
    WITH_HITS,
    WITHOUT_HITS,
)
from query_service.insights.panel import SESSIONS, Board, Column, Panel, by_time, by_value

QUERY = Column("query", "Query", ("key",), "text")
BY_SESSIONS = Column("sessions", "Sessions", (SESSIONS, "value"))
TIMES = Column("times", "Searches", ("doc_count",))
TEXT = "user_query.keyword"
MOST = 20

SEARCH_QUALITY = Board(
    "search",
    "Search quality",
    "What visitors search for, and whether they click on what they are shown.",
    (
        Panel(
            "search-figures",
            "All searches",
            "Click-through: lists with hits of which at least one was clicked or bought. MRR: the "
            "mean of 1 / position of the first click, 0 without one. Abandoned: no hit was clicked "
            "until now.",
            "figures",
            (ALL_SEARCHES, ALL_VISITS, CLICK_THROUGH, MRR, EMPTY, ABANDONED, BOUGHT),
            measures=SEARCHES | VISITS | LISTS | ANSWERED,
            only=SEARCHED,
        ),
        Panel(
            "searches",
            "Searches",
            "Searches, and the sessions that they come from.",
            "lines",
            (TIME, ALL_SEARCHES, ALL_VISITS),
            split=by_time(),
            measures=SEARCHES | VISITS,
            only=SEARCHED,
        ),
        Panel(
            "clicks",
            "Click-through and MRR",
            "Of lists with hits: how many were clicked, and how high the first click was.",
            "lines",
            (TIME, CLICK_THROUGH, MRR),
            split=by_time(),
            measures=LISTS,
            only=SEARCHED,
        ),
        Panel(
            "failures",
            "Zero results and abandoned",
            "Searches without a hit, and lists with hits of which none was clicked.",
            "lines",
            (TIME, EMPTY, ABANDONED),
            split=by_time(),
            measures=LISTS | ANSWERED,
            only=SEARCHED,
        ),
        Panel(
            "top-queries",
            "Top queries",
            "By the sessions that searched for them.",
            "table",
            (QUERY, BY_SESSIONS, TIMES, CLICK_THROUGH, MRR),
            split=by_value(TEXT, MOST, of_sessions=True),
            measures=LISTS,
            private=True,
        ),
        Panel(
            "queries-without-results",
            "Queries without results",
            "By the sessions that found nothing: a synonym or a rule may help them.",
            "table",
            (QUERY, BY_SESSIONS, TIMES),
            split=by_value(TEXT, MOST, of_sessions=True),
            only=WITHOUT_HITS,
            private=True,
        ),
        Panel(
            "abandoned-queries",
            "Abandoned queries",
            "By the sessions that saw hits and clicked on none.",
            "table",
            (QUERY, BY_SESSIONS, TIMES),
            split=by_value(TEXT, MOST, of_sessions=True),
            only={"bool": {"filter": [WITH_HITS], "must_not": [CLICKED]}},
            private=True,
        ),
    ),
)
