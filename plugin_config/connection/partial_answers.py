"""Answers of the engine that lack a part: a shard that did not answer, or one that was stopped.

The engine answers 200 with the hits of the other shards. No search of a request may pass for whole
then, so the client notes each such answer (`NOTES`), whichever code asked.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

# Where to note why an answer to the request that this thread works on lacks a part; None: nowhere.
NOTES: ContextVar[list[str] | None] = ContextVar("partial_answers", default=None)


def missing_part(response: Mapping[str, Any]) -> str:
    """Why the response to a search is not whole; "" when it is.

    A shard that is on no node counts as not successful, and not as failed either.
    """
    if response.get("timed_out"):
        return "timed out in the engine; what it had found until then is used"
    shards = response.get("_shards", {})
    total = int(shards.get("total", 0))
    if missing := total - int(shards.get("successful", total)):
        return f"{missing} of {total} shards did not answer"
    return ""


def note(response: object) -> None:
    """Note an answer to a single search that is not whole. Those in one `_msearch` are no such."""
    notes = NOTES.get()
    if notes is None or not isinstance(response, Mapping) or "hits" not in response:
        return
    if reason := missing_part(response):
        notes.append(reason)
