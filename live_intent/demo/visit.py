"""The demo's scripted visit: a search, three clicks, and the same search again beside it."""

import json
import shutil
import unicodedata
import urllib.error
import urllib.request
import uuid
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from plugin_config.errors import LiveIntentError

Hit = Mapping[str, Any]
SHOWN = 10  # hits printed of each list
DEPTH = 100  # hits among which the visitor clicks, as somebody who scrolls
CLICKS = 3
DEADLINE_MS = 20_000  # long enough that a busy machine does not degrade the answer
LEAST_WIDTH, MOST_WIDTH = 96, 160  # columns of the terminal


class VisitError(LiveIntentError):
    """The service did not answer as the visit expects."""


@dataclass(frozen=True)
class Visit:
    """What the visitor searches for, and which hits the visitor clicks on."""

    query: str
    visitor: str  # for the headline
    likes: Callable[[Mapping[str, Any]], bool]  # takes a hit's source


def _leaf(source: Mapping[str, Any]) -> str:
    paths = source.get("category") or [""]
    return max(paths, key=len).split(" > ")[-1] if isinstance(paths, list) else str(paths)


FOR_A_CHILD = Visit(
    query="headphones",
    visitor="a visitor who looks for a child",
    likes=lambda source: _leaf(source) == "Kids headphones",
)
WORKED_EXAMPLE = Visit(
    query="手机",
    visitor="a visitor who likes 小米",
    likes=lambda source: source.get("brand") == "小米" and _leaf(source) == "Smartphones",
)


class Site:
    """The query service as a visitor's browser sees it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Without a proxy: the service is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, timeout_s: float = 5.0) -> int:
        """Return the status of a GET; 0 when nothing answers."""
        try:
            with self._opener.open(self.url + path, timeout=timeout_s) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON and return the parsed response. Raises VisitError."""
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise VisitError(f"{path} answered {error.code}: {error.read().decode()}") from error
        except OSError as error:
            raise VisitError(f"{self.url}{path} can't be reached: {error}") from error


def play(site: Site, visit: Visit, echo: Callable[[str], None]) -> tuple[list[Hit], list[Hit]]:
    """Play the visit, print both lists, and return their SHOWN first hits, before and after.

    Raises VisitError when an answer is an error, has no hit to click on, or ignores the clicks.
    """
    session_id = f"demo-{uuid.uuid4().hex[:12]}"
    echo(f"\nA visit ({visit.visitor}), session {session_id}")
    before = _search(site, visit, session_id, DEPTH)
    echo(f"  search   {visit.query}")
    liked = [hit for hit in before["hits"] if visit.likes(hit["source"])][:CLICKS]
    if not liked:
        raise VisitError(f"nothing to click on among the first {DEPTH} hits: rebuild the index")
    for hit in liked:
        event = {
            "action": "click",
            "item_id": hit["item_id"],
            "session_id": session_id,
            "query_id": before["query_id"],
            "position": hit["position"],
        }
        site.post("/v1/events", {"events": [event]})
        echo(f"  click    no. {hit['position']}: {hit['source']['title']}")
    after = _search(site, visit, session_id, SHOWN)
    if not after["personalized"]:
        reasons = "; ".join(f"{step['stage']}: {step['reason']}" for step in after["degraded"])
        raise VisitError(
            f"the second answer does not know of the clicks ({reasons or 'no reason'})"
        )
    echo(f"  search   {visit.query}   (answered in {after['timing_ms']['total']:.0f} ms)\n")
    for line in side_by_side(before["hits"][:SHOWN], after["hits"]):
        echo(line)
    return before["hits"][:SHOWN], after["hits"]


def _search(site: Site, visit: Visit, session_id: str, size: int) -> Any:
    body = {
        "query": visit.query,
        "session_id": session_id,
        "size": size,
        "explain": True,
        "deadline_ms": DEADLINE_MS,
    }
    return site.post("/v1/search", body)


def side_by_side(
    before: Sequence[Hit], after: Sequence[Hit], columns: int | None = None
) -> list[str]:
    """Return both lists as lines of text: each title, and under it the explanation of its rank.

    In the second list `(up)` marks a hit that has risen, `(new)` one that the first has not.
    """
    columns = columns or shutil.get_terminal_size((120, 40)).columns
    width = (min(max(columns, LEAST_WIDTH), MOST_WIDTH) - 3) // 2
    ranks = {hit["item_id"]: rank for rank, hit in enumerate(before)}
    lines = [
        f"{_fit('before the clicks', width)} | after the clicks",
        f"{'-' * width}-+-{'-' * width}",
    ]
    for rank in range(max(len(before), len(after))):
        left, right = ("", ""), ("", "")
        if rank < len(before):
            left = _cell(before[rank], rank, "")
        if rank < len(after):
            earlier = ranks.get(after[rank]["item_id"])
            mark = "(new) " if earlier is None else "(up) " if earlier > rank else ""
            right = _cell(after[rank], rank, mark)
        lines += [
            f"{_fit(left_text, width)} | {_fit(right_text, width)}".rstrip()
            for left_text, right_text in zip(left, right, strict=True)
        ]
    return lines


def _cell(hit: Hit, rank: int, mark: str) -> tuple[str, str]:
    why = (hit.get("explanation") or {}).get("why", "")
    return f"{rank + 1:2}. {mark}{hit['source']['title']}", f"    {why}"


def _fit(text: str, width: int) -> str:
    """Cut or pad the text to `width` columns; a Chinese character takes two."""
    wide = (2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    ends = list(accumulate(wide, initial=0))  # ends[n]: columns of the first n characters
    if ends[-1] <= width:
        return text + " " * (width - ends[-1])
    count = bisect(ends, width - 1) - 1
    return text[:count] + "…" + " " * (width - 1 - ends[count])
