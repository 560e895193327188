"""The demo's scripted visit: a search, three clicks, the same search again, side by side."""

import json
import shutil
import unicodedata
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin_config.errors import LiveIntentError

Hit = Mapping[str, Any]
SHOWN = 10  # hits a list
LOOKED_AT = 100  # hits among which the visitor clicks: somebody who scrolls
CLICKS = 3
DEADLINE_MS = 20_000  # a busy machine shall show the method, not what is done in a hurry
LEAST_WIDTH, MOST_WIDTH = 96, 160  # columns of the terminal


class VisitError(LiveIntentError):
    """The service did not answer as the visit expects."""


@dataclass(frozen=True)
class Visit:
    """What is searched for, and which hits this visitor likes."""

    query: str
    told: str  # what the visitor is after, for the headline
    likes: Callable[[Mapping[str, Any]], bool]  # of a hit's source


def _leaf(source: Mapping[str, Any]) -> str:
    paths = source.get("category") or [""]
    return max(paths, key=len).split(" > ")[-1] if isinstance(paths, list) else str(paths)


FOR_A_CHILD = Visit(
    query="headphones",
    told="a visitor who looks for a child",
    likes=lambda source: _leaf(source) == "Kids headphones",
)
WORKED_EXAMPLE = Visit(
    query="手机",
    told="a visitor who likes 小米",
    likes=lambda source: source.get("brand") == "小米" and _leaf(source) == "Smartphones",
)


class Site:
    """The query service as a visitor's browser sees it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # Never through a proxy: the service is on this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, timeout_s: float = 5.0) -> int:
        """The status of a GET; 0 when nothing answers."""
        try:
            with self._opener.open(self.url + path, timeout=timeout_s) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to a POST of JSON. Raises VisitError."""
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise VisitError(f"{path} answered {error.code}: {error.read().decode()}") from error
        except OSError as error:
            raise VisitError(f"{self.url}{path} can't be reached: {error}") from error


def play(site: Site, visit: Visit, echo: Callable[[str], None]) -> tuple[list[Hit], list[Hit]]:
    """Play the visit, print both lists, and return their first hits, before and after.

    Raises VisitError.
    """
    session_id = f"demo-{uuid.uuid4().hex[:12]}"
    echo(f"\nA visit ({visit.told}), session {session_id}")
    before = _search(site, visit, session_id, LOOKED_AT)
    echo(f"  search   {visit.query}")
    liked = [hit for hit in before["hits"] if visit.likes(hit["source"])][:CLICKS]
    if not liked:
        raise VisitError(f"nothing to click on among the first {LOOKED_AT} hits: rebuild the index")
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
    """Both lists as lines of text: titles, and under each one why it is there.

    An arrow tells whether a hit has risen or is new in the second list.
    """
    columns = columns or shutil.get_terminal_size((120, 40)).columns
    width = (min(max(columns, LEAST_WIDTH), MOST_WIDTH) - 3) // 2
    places = {hit["item_id"]: place for place, hit in enumerate(before)}
    lines = [
        f"{_fit('before the clicks', width)} | after the clicks",
        f"{'-' * width}-+-{'-' * width}",
    ]
    for place in range(max(len(before), len(after))):
        left = _cell(before[place], place, "") if place < len(before) else ("", "")
        right = ("", "")
        if place < len(after):
            was = places.get(after[place]["item_id"])
            mark = "(new) " if was is None else "(up) " if was > place else ""
            right = _cell(after[place], place, mark)
        lines += [
            f"{_fit(one, width)} | {_fit(two, width)}".rstrip()
            for one, two in zip(left, right, strict=True)
        ]
    return lines


def _cell(hit: Hit, place: int, mark: str) -> tuple[str, str]:
    why = (hit.get("explanation") or {}).get("why", "")
    return f"{place + 1:2}. {mark}{hit['source']['title']}", f"    {why}"


def _fit(text: str, width: int) -> str:
    """The text cut or filled to `width` columns; a Chinese sign takes two."""
    shown: list[str] = []
    used = 0
    for sign in text:
        takes = 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if used + takes > width:
            while used > width - 1:
                used -= 2 if unicodedata.east_asian_width(shown.pop()) in "WF" else 1
            return "".join(shown) + "…" + " " * (width - used - 1)
        shown.append(sign)
        used += takes
    return text + " " * (width - used)
