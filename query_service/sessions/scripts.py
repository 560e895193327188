"""Painless scripts that change session documents in place, inside OpenSearch.

Scripts and not read-change-write, because several service processes append to one session at the
same time: each update is atomic, and a conflict is retried by OpenSearch. Everything that varies
is a parameter, so that each script is compiled once.
"""

from typing import Any

# Both lists are kept in order of time. An event or query that is already there (same id) is left
# alone, so that a client may send again. A query asked again at once only moves its time.
_APPEND = """
def source = ctx._source;
if (source.events == null) { source.events = new ArrayList(); }
if (source.queries == null) { source.queries = new ArrayList(); }
source.kind = params.kind;
if (params.user_id != '') { source.user_id = params.user_id; }
boolean changed = false;
for (def added : params.events) {
  boolean known = false;
  int at = source.events.size();
  for (int i = source.events.size() - 1; i >= 0; i--) {
    def kept = source.events.get(i);
    if (kept.event_id == added.event_id) { known = true; break; }
    if (kept.timestamp > added.timestamp) { at = i; }
  }
  if (!known) { source.events.add(at, added); changed = true; }
}
for (def added : params.queries) {
  boolean known = false;
  int at = source.queries.size();
  for (int i = source.queries.size() - 1; i >= 0; i--) {
    def kept = source.queries.get(i);
    if (kept.query_id == added.query_id) { known = true; break; }
    if (kept.timestamp > added.timestamp) { at = i; }
  }
  if (known) { continue; }
  changed = true;
  def before = at > 0 ? source.queries.get(at - 1) : null;
  if (before != null && before.query_text == added.query_text
      && before.session_id == added.session_id) {
    source.queries.set(at - 1, added);
  } else {
    source.queries.add(at, added);
  }
}
if (!changed) { ctx.op = 'none'; return; }
source.events.removeIf(e -> e.received_at < params.oldest);
source.queries.removeIf(q -> q.received_at < params.oldest);
if (source.events.size() > params.max_events) {
  source.events.subList(0, source.events.size() - params.max_events).clear();
}
if (source.queries.size() > params.max_queries) {
  source.queries.subList(0, source.queries.size() - params.max_queries).clear();
}
source.updated_at = params.now;
"""

# Which sessions a document is about, and since when it holds something: fields that a search finds.
_DESCRIBE = """
long started = params.now;
Set sessions = new TreeSet();
for (def e : source.events) {
  sessions.add(e.session_id);
  if (e.received_at < started) { started = e.received_at; }
}
for (def q : source.queries) {
  sessions.add(q.session_id);
  if (q.received_at < started) { started = q.received_at; }
}
source.started_at = started;
source.session_id = new ArrayList(sessions);
"""

_FORGET = """
def source = ctx._source;
if (source.events == null) { source.events = new ArrayList(); }
if (source.queries == null) { source.queries = new ArrayList(); }
int before = source.events.size() + source.queries.size();
source.events.removeIf(e -> e.session_id == params.session_id || e.received_at < params.oldest);
source.queries.removeIf(q -> q.session_id == params.session_id || q.received_at < params.oldest);
int after = source.events.size() + source.queries.size();
if (after == 0) { ctx.op = 'delete'; return; }
if (after == before) { ctx.op = 'none'; return; }
"""

APPEND = _APPEND + _DESCRIBE
FORGET = _FORGET + _DESCRIBE


def append_script(
    *,
    kind: str,
    user_id: str,
    events: list[dict[str, Any]],
    queries: list[dict[str, Any]],
    max_events: int,
    max_queries: int,
    oldest: int,
    now: int,
) -> dict[str, Any]:
    """Script that adds `events` and `queries`, trims to the newest, drops what is expired.

    Expired is what was received before `oldest`. Times are milliseconds since 1970.
    """
    params = {
        "kind": kind,
        "user_id": user_id,
        "events": events,
        "queries": queries,
        "max_events": max_events,
        "max_queries": max_queries,
        "oldest": oldest,
        "now": now,
    }
    return {"lang": "painless", "source": APPEND, "params": params}


def forget_script(*, session_id: str = "", oldest: int = 0, now: int) -> dict[str, Any]:
    """Script that drops one session's events and queries, and all that came before `oldest` (ms).

    The document itself goes when nothing is left in it.
    """
    params = {"session_id": session_id, "oldest": oldest, "now": now}
    return {"lang": "painless", "source": FORGET, "params": params}
