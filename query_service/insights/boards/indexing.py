"""Indexing history: rebuilds, how long they took, and what the gate said."""

from typing import Any

from query_service.insights.panel import Board, Column, Panel, Unit

NEWEST = 50
OUTCOMES = {
    "swapped": "Swapped in", "unchanged": "Unchanged, stayed", "refused": "Refused by the gate",
    "failed": "Failed", "activated": "Activated by hand", "rolled back": "Rolled back",
}  # fmt: skip


def _field(name: str, label: str, unit: Unit = "count") -> Column:
    return Column(name, label, ("_source", name), unit)


def _ended(outcome: str) -> dict[str, Any]:
    return {"filter": {"term": {"outcome": outcome}}}


WHEN = _field("timestamp", "When", "time")
INDEXING = Board(
    "indexing",
    "Indexing history",
    "Rebuilds of the items index, and other moves of its alias.",
    (
        Panel(
            "rebuild-figures",
            "Rebuilds",
            "Refused: by the gate before the swap; searches went on with the index before.",
            "figures",
            (
                Column("swapped", "Swapped in", ("swapped", "doc_count")),
                Column("refused", "Refused", ("refused", "doc_count")),
                Column("failed", "Failed", ("failed", "doc_count")),
                Column("seconds", "Mean time", ("swapped", "seconds", "value"), "seconds"),
                Column("rejects", "Rejected rows", ("rejects", "value")),
            ),
            store="rebuilds",
            measures={
                "swapped": _ended("swapped") | {"aggs": {"seconds": {"avg": {"field": "seconds"}}}},
                "refused": _ended("refused"),
                "failed": _ended("failed"),
                "rejects": {"sum": {"field": "rejects"}},
            },
        ),
        Panel(
            "rebuild-items",
            "Items",
            "Of the catalogue, at each rebuild, and the rows that were rejected.",
            "lines",
            (WHEN, _field("items", "Items"), _field("rejects", "Rejected rows")),
            store="rebuilds",
            documents=NEWEST,
        ),
        Panel(
            "rebuild-seconds",
            "Duration",
            "Of each rebuild, from the survey to the swap.",
            "lines",
            (WHEN, _field("seconds", "Seconds", "seconds")),
            store="rebuilds",
            documents=NEWEST,
        ),
        Panel(
            "rebuilds",
            "History",
            "The newest first. A roll-back moves the alias and rebuilds nothing.",
            "table",
            (
                WHEN,
                _field("items", "Items"),
                Column("outcome", "Outcome", ("_source", "outcome"), "text", names=OUTCOMES),
                _field("rejects", "Rejected"),
                _field("seconds", "Time", "seconds"),
                _field("reused", "Reused"),
                _field("checks_failed", "Failed checks", "text"),
                _field("index", "Index", "text"),
            ),
            store="rebuilds",
            documents=NEWEST,
        ),
    ),
)
