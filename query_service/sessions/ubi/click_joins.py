"""Clicks, joined to the row of the query whose hits they are on.

OpenSearch joins no rows of two indexes, so a dashboard could not say how often hits are clicked. A
thread therefore writes into the row in ubi_queries which of its hits the visitor acted on, and at
which position the first of them was. The write changes nothing when it is sent again: it adds an
item to a set, and the earliest time wins, in whatever order events come.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plugin_config.schema import IndexNames
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.document_writes import DocumentWrite
from query_service.sessions.query_log import QueryLog
from query_service.sessions.scripts import painless
from query_service.sessions.store_writer import StoreWriter
from query_service.sessions.ubi import ubi_rows
from query_service.user.actions import WEIGHTS

PURCHASE = "purchase"
CLICKS = frozenset(action for action, weight in WEIGHTS["shop"].items() if weight > 0)
NOT_THERE = 404
# A query waits 0.2 s in its own queue: by then its row is there.
INTERVAL_S = 1.0
ATTEMPTS = 2
MAX_CLICKED = 200  # hits of one row

# An answer's own list decides what a click is on: an item beside it, as of `instead`, is no hit.
_CLICK = """
def row = ctx._source;
Map answer = row.answer == null ? new HashMap() : row.answer;
long offset = answer.offset == null ? 0L : ((Number) answer.offset).longValue();
long position = params.position;
if (row.query_response_hit_ids != null) {
  List hits = row.query_response_hit_ids instanceof List
      ? row.query_response_hit_ids : [row.query_response_hit_ids];
  int index = hits.indexOf(params.item_id);
  if (index < 0) { ctx.op = 'noop'; return; }
  if (position == 0 || answer.total != null) { position = offset + index + 1; }
}
List clicked = answer.clicked_ids == null ? new ArrayList() : answer.clicked_ids;
boolean changed = false;
if (!clicked.contains(params.item_id) && clicked.size() < params.max) {
  clicked.add(params.item_id);
  answer.clicked_ids = clicked;
  answer.clicks = clicked.size();
  changed = true;
}
if (position > 0 && clicked.contains(params.item_id) && (answer.first_click_at == null
    || params.at < ((Number) answer.first_click_at).longValue())) {
  answer.first_click_at = params.at;
  answer.first_click = position;
  answer.reciprocal_rank = 1.0 / position;
  changed = true;
}
if (params.purchased && answer.purchased != true) { answer.purchased = true; changed = true; }
if (changed) { row.answer = answer; } else { ctx.op = 'noop'; }
"""


@dataclass(eq=False)
class _Click:
    """A positive action on a hit, at a time in ms since 1970."""

    row_id: str
    item_id: str
    action: str
    at: int
    position: int  # from 1; 0: the client did not say
    missed: bool = False  # its row was not there

    def write(self, alias: str) -> DocumentWrite:
        script = painless(
            _CLICK,
            item_id=self.item_id,
            position=self.position,
            at=self.at,
            purchased=self.action == PURCHASE,
            max=MAX_CLICKED,
        )
        return DocumentWrite("update", alias, self.row_id, {"script": script})


class ClickJoins:
    """Writes clicks into the rows of their queries, in a thread. Safe to use from many threads.

    A click on a list that is not in ubi_queries, as one of another engine, is dropped.
    """

    def __init__(self, names: IndexNames, writer: StoreWriter) -> None:
        self._alias = names.writing(names.ubi_queries)
        self._writer = writer
        self._clicks: QueryLog[_Click] = QueryLog(
            self._write, interval_s=INTERVAL_S, attempts=ATTEMPTS
        )

    def add(self, event: ReceivedEvent, at: int) -> None:
        """Queue an event of the time `at`, ms since 1970, if it is a click on a query's hit."""
        if event.query_id and event.item_id and event.action in CLICKS:
            row_id = ubi_rows.query_row_id(event.session_id, event.query_id)
            self._clicks.add(_Click(row_id, event.item_id, event.action, at, event.position or 0))

    def flush(self, timeout_s: float) -> bool:
        """Wait until all clicks are written; False after `timeout_s`."""
        return self._clicks.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Write all clicks and stop the thread."""
        self._clicks.close(timeout_s)

    def _write(self, clicks: Sequence[_Click]) -> list[_Click]:
        """Write `clicks`; return those to try again."""
        results = self._writer.send([click.write(self._alias) for click in clicks])
        again: list[_Click] = []
        for click, result in zip(clicks, results, strict=True):
            if result.status == NOT_THERE and not result.alias_missing:
                if not click.missed:
                    again.append(click)
                click.missed = True
            elif not result.done:
                again.append(click)
        return again
