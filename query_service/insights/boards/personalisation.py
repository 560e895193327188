"""Personalisation: how many answers are personal, and what comes of it."""

from typing import Any

from query_service.insights.boards.measures import CLICKED, TIME, WITH_HITS, what_degraded
from query_service.insights.panel import Board, Column, Panel, Quotient, by_time


def _lists(personalized: bool) -> dict[str, Any]:
    return {
        "filter": {
            "bool": {"filter": [WITH_HITS, {"term": {"answer.personalized": personalized}}]}
        },
        "aggs": {
            "clicked": {"filter": CLICKED},
            "rank": {"sum": {"field": "answer.reciprocal_rank"}},
        },
    }


PERSONAL, GENERAL = "personal", "general"
MEASURES = {
    PERSONAL: _lists(True),
    GENERAL: _lists(False),
    "known": {
        "filter": {"exists": {"field": "answer.personalized"}},
        "aggs": {"yes": {"filter": {"term": {"answer.personalized": True}}}},
    },
}
SHARE = Column(
    "share",
    "Personalised",
    Quotient(("known", "yes", "doc_count"), ("known", "doc_count")),
    "share",
)


def _clicks(part: str) -> Quotient:
    return Quotient((part, "clicked", "doc_count"), (part, "doc_count"))


def _rank(part: str) -> Quotient:
    return Quotient((part, "rank", "value"), (part, "doc_count"))


PERSONALISATION = Board(
    "personalisation",
    "Personalisation",
    "How many answers know their visitor, and how they do beside those that do not.",
    (
        Panel(
            "personal-figures",
            "Personalised answers",
            "The lift compares visitors with a history with those without one, who differ in more "
            "than their answers: for the effect itself run an experiment.",
            "figures",
            (
                SHARE,
                Column("personal", "Click-through, personalised", _clicks(PERSONAL), "share"),
                Column("general", "Click-through, others", _clicks(GENERAL), "share"),
                Column("lift", "Lift", _clicks(PERSONAL), "change", over=_clicks(GENERAL)),
                Column("lift_mrr", "Lift of MRR", _rank(PERSONAL), "change", over=_rank(GENERAL)),
            ),
            measures=MEASURES,
        ),
        Panel(
            "personal-share",
            "Share of personalised answers",
            "An answer is personalised when its visitor has done something before.",
            "lines",
            (TIME, SHARE),
            split=by_time(),
            measures=MEASURES,
        ),
        Panel(
            "personal-clicks",
            "Click-through",
            "Of lists with hits: personalised ones, and the others.",
            "lines",
            (
                TIME,
                Column("personal", "Personalised", _clicks(PERSONAL), "share"),
                Column("general", "Others", _clicks(GENERAL), "share"),
            ),
            split=by_time(),
            measures=MEASURES,
        ),
        Panel(
            "personal-mrr",
            "MRR of the first click",
            "Of lists with hits: personalised ones, and the others.",
            "lines",
            (
                TIME,
                Column("personal", "Personalised", _rank(PERSONAL), "mean"),
                Column("general", "Others", _rank(GENERAL), "mean"),
            ),
            split=by_time(),
            measures=MEASURES,
        ),
        what_degraded(),
    ),
)
