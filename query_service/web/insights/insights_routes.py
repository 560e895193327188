"""The page /insights: one dashboard at a time, over a time range."""

import time
from functools import cache
from typing import TypeVar

from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.errors import ClusterUnavailable
from query_service.insights.boards.all_boards import BOARDS
from query_service.insights.boards.measures import simulated
from query_service.insights.insights import Insights
from query_service.insights.panel import Board
from query_service.insights.panel_answers import RANGES, TimeRange
from query_service.web import errors
from query_service.web.insights.shown_panel import ShownPanel
from query_service.web.pages import page_response

WEEK = RANGES[1]
Choice = TypeVar("Choice", Board, TimeRange)


def insights_routes(insights: Insights) -> Blueprint:
    """GET /insights of one catalogue."""
    routes = Blueprint("insights", __name__)

    @routes.get("/insights")
    def page() -> Response:
        if request.path.endswith("/"):  # its relative links would break
            return Response(status=308, headers={"Location": "../insights"})
        board = _chosen(request.args.get("board"), BOARDS, "board")
        time_range = _chosen(request.args.get("range", WEEK.key), RANGES, "range")
        panels, simulated_rows, problem = [], 0, ""
        try:
            answers = insights.read(
                [*board.panels, simulated()], time_range.query(time.time()), engine_time_left()
            )
        except ClusterUnavailable:
            problem = (
                "OpenSearch does not answer, or not in time. Try again, or a shorter time range."
            )
        else:
            panels = [ShownPanel.of(answer) for answer in answers[:-1]]
            simulated_rows = int(sum(float(row[0] or 0) for row in answers[-1].rows))
        text = _template().render(
            board=board, boards=BOARDS, time_range=time_range, ranges=RANGES, panels=panels,
            simulated=simulated_rows, least=insights.least_sessions, problem=problem,
        )  # fmt: skip
        response = page_response(text.encode(), "html")
        response.status_code = 503 if problem else 200
        return response

    return routes


def _chosen(key: str | None, choices: tuple[Choice, ...], what: str) -> Choice:
    """The one with the key, the first without one. Raises ApiProblem."""
    if key is None:
        return choices[0]
    for choice in choices:
        if choice.key == key:
            return choice
    known = ", ".join(choice.key for choice in choices)
    raise errors.ApiProblem(404, f"There is no {what} {key[:50]!r}. There are: {known}.")


@cache
def _template() -> Template:
    loader = PackageLoader("query_service.web", "page/insights")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("insights.html")
