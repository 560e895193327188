"""Service health, from the rows of searches."""

from typing import Any

from query_service.insights.boards.measures import (
    COUNT,
    DEGRADED,
    DEGRADED_SHARE,
    TIME,
    what_degraded,
)
from query_service.insights.panel import Board, Column, Panel, by_time, by_value

PERCENTS = (50, 95, 99)
LATENCY: dict[str, Any] = {
    "ms": {"percentiles": {"field": "answer.took_ms", "percents": list(PERCENTS)}}
}
PERCENTILES = tuple(
    Column(f"p{percent}", f"p{percent}", ("ms", "values", f"{percent}.0"), "ms")
    for percent in PERCENTS
)

HEALTH = Board(
    "health",
    "Service health",
    "How quick and how whole answers are. A search that ended with an error left no row: the "
    "service's metrics count those.",
    (
        Panel(
            "health-figures",
            "Answers",
            "Latency from the request's arrival to its answer. Degraded: the answer did without a "
            "stage.",
            "figures",
            (Column("answers", "Answers", COUNT), *PERCENTILES, DEGRADED_SHARE),
            measures=LATENCY | DEGRADED,
        ),
        Panel(
            "latency",
            "Latency",
            "Percentiles of the answers of each interval.",
            "lines",
            (TIME, *PERCENTILES),
            split=by_time(),
            measures=LATENCY,
        ),
        Panel(
            "degraded",
            "Degraded answers",
            "Their share of the answers of each interval.",
            "lines",
            (TIME, DEGRADED_SHARE),
            split=by_time(),
            measures=DEGRADED,
        ),
        what_degraded(),
        Panel(
            "applications",
            "Where rows come from",
            "The application that wrote them: this service, a shop's own engine, simulated visits.",
            "table",
            (Column("application", "Application", ("key",), "text"), Column("rows", "Rows", COUNT)),
            split=by_value("application", 10),
        ),
    ),
)
