"""Painless scripts that change session documents in place, inside OpenSearch.

Scripts, and not read-change-write: several service processes append to one session at the same
time. Each update is atomic, and OpenSearch retries a conflict. Everything that varies is a
parameter, so that OpenSearch compiles each script once. Times are milliseconds since 1970.

`erased_at` of a document is its tombstone: what happened until then is not taken in, and gone.
`split_at` of a session: what happened until then belongs to no user. A row of a session has the
`user_id` of the user that it belongs to; `joining` says that the user's document may lack some.
"""

from typing import Any

_LISTS = """
def source = ctx._source;
if (source.events == null) { source.events = new ArrayList(); }
if (source.queries == null) { source.queries = new ArrayList(); }
"""

# Where `added` belongs in rows that are sorted by time; -1 if a row has its id already.
_STAYS = """
boolean stays(def source) {
  return source.erased_at != null || source.split_at != null || source.consent != null;
}
"""

_FUNCTIONS = """
int insertionIndex(List rows, def added, String idField) {
  int index = rows.size();
  for (int i = rows.size() - 1; i >= 0; i--) {
    def row = rows.get(i);
    if (row.get(idField) == added.get(idField)) { return -1; }
    if (row.timestamp > added.timestamp) { index = i; }
  }
  return index;
}
void trim(List rows, long oldest, int maxRows) {
  rows.removeIf(row -> row.received_at < oldest);
  if (rows.size() > maxRows) { rows.subList(0, rows.size() - maxRows).clear(); }
}
def withoutUser(def row, long splitAt) {
  if (row.user_id == null || row.timestamp > splitAt) { return row; }
  Map copy = new HashMap(row);
  copy.remove('user_id');
  return copy;
}
"""

# An event or query that is already there is left alone, so that a client may send it again.
# A query that the session has already replaces that one, in any letter case: only its time moves.
# So does one that goes on with what the visitor was typing ten seconds before.
# A session with a row of a user joins that user: so do its rows that belong to nobody. One of them
# that is written late, as a query is, joins too, where it happened before a row of the user.
_APPEND = """
if (source.consent != null && !(source.consent.personalize && source.consent.store)) {
  ctx.op = 'none';
  return;
}
source.kind = params.kind;
long erasedAt = source.erased_at == null ? -1L : ((Number) source.erased_at).longValue();
long splitAt = source.split_at == null ? -1L : ((Number) source.split_at).longValue();
boolean ofSession = params.kind == 'session';
boolean joins = params.user_id != '' && params.user_at > erasedAt
    && (!ofSession || params.user_at > splitAt);
boolean changed = false;
if (joins && source.user_id != params.user_id) { source.user_id = params.user_id; changed = true; }
for (def event : params.events) {
  if (event.timestamp <= erasedAt) { continue; }
  // No newer than what a full list has dropped: the dropped event itself, or one as old.
  if (source.events.size() >= params.max_events && params.max_events > 0
      && event.timestamp <= source.events.get(0).timestamp) { continue; }
  int index = insertionIndex(source.events, event, 'event_id');
  if (index >= 0) { source.events.add(index, withoutUser(event, splitAt)); changed = true; }
}
for (def query : params.queries) {
  if (query.timestamp <= erasedAt) { continue; }
  int index = insertionIndex(source.queries, query, 'query_id');
  if (index < 0) { continue; }
  changed = true;
  for (int i = source.queries.size() - 1; i >= 0; i--) {
    def other = source.queries.get(i);
    boolean completed = query.typed == true && other.typed == true
        && query.timestamp >= other.timestamp && query.timestamp - other.timestamp <= 10000L
        && query.query_text.toLowerCase().startsWith(other.query_text.toLowerCase());
    if (other.session_id != query.session_id
        || !(completed || other.query_text.equalsIgnoreCase(query.query_text))) { continue; }
    if (i >= index) { index = -1; break; }
    source.queries.remove(i);
    index--;
  }
  if (index >= 0) { source.queries.add(index, withoutUser(query, splitAt)); }
}
if (ofSession && source.user_id != null) {
  long named = joins ? Long.MAX_VALUE : -1L;
  for (def rows : [source.events, source.queries]) {
    for (def row : rows) {
      if (row.user_id == source.user_id && row.timestamp > named) { named = row.timestamp; }
    }
  }
  for (def rows : [source.events, source.queries]) {
    for (def row : rows) {
      if (row.user_id == null && row.timestamp > splitAt && row.timestamp <= named) {
        row.user_id = source.user_id;
        source.joining = true;
        changed = true;
      }
    }
  }
}
boolean empty = source.events.size() + source.queries.size() == 0;
if (!changed || (empty && !stays(source))) {
  ctx.op = 'none';
  return;
}
trim(source.events, params.oldest, params.max_events);
trim(source.queries, params.oldest, params.max_queries);
source.updated_at = params.now;
"""

# The document stays where it has a tombstone or a choice of the visitor.
_FORGET = """
int before = source.events.size() + source.queries.size();
for (def rows : [source.events, source.queries]) {
  rows.removeIf(
    row -> (row.session_id == params.session_id && row.timestamp <= params.until)
      || row.received_at < params.oldest
  );
}
int after = source.events.size() + source.queries.size();
if (after == before) { ctx.op = 'none'; return; }
if (after == 0 && !stays(source)) { ctx.op = 'delete'; return; }
"""

_FORGET_QUERIES = """
int before = source.queries.size();
source.queries.removeIf(row -> params.texts.contains(row.query_text));
if (source.queries.size() == before) { ctx.op = 'none'; return; }
if (source.events.size() + source.queries.size() == 0 && !stays(source)) {
  ctx.op = 'delete';
  return;
}
"""

_ERASE = """
long until = params.until;
if (source.erased_at != null) {
  long earlier = ((Number) source.erased_at).longValue();
  if (earlier >= until) { until = params.begins ? earlier + 1 : earlier; }
}
source.kind = params.kind;
source.erased_at = until;
long last = until;
boolean ofUser = params.kind == 'user';
for (def rows : [source.events, source.queries]) {
  rows.removeIf(row -> row.timestamp <= last);
  for (def row : rows) { if (row.user_id != null) { ofUser = true; } }
}
if (!ofUser || source.events.size() + source.queries.size() == 0) { source.remove('user_id'); }
for (def name : ['joining', 'consent', 'consent_at']) { source.remove(name); }
source.updated_at = params.now;
"""

_SPLIT = """
source.kind = 'session';
source.split_at = params.until;
source.remove('user_id');
source.remove('joining');
for (def rows : [source.events, source.queries]) { for (def row : rows) { row.remove('user_id'); } }
source.updated_at = params.now;
"""

_CONSENT = """
source.kind = 'session';
source.consent = params.consent;
source.consent_at = params.now;
if (!(params.consent.personalize && params.consent.store)) { source.remove('joining'); }
source.updated_at = params.now;
"""

# Events and queries are not indexed. These fields are, so that a search finds the document by the
# sessions in it and by the time of its oldest row.
_DESCRIBE = """
long started = params.now;
Set sessionIds = new TreeSet();
for (def rows : [source.events, source.queries]) {
  for (def row : rows) {
    sessionIds.add(row.session_id);
    if (row.received_at < started) { started = row.received_at; }
  }
}
source.started_at = started;
source.session_id = new ArrayList(sessionIds);
"""

# Adds `events` and `queries`, drops rows received before `oldest` and all but the newest
# `max_events` and `max_queries`. `user_id` and `user_at`: whose session it was at what time. Also
# takes `kind` and `now`.
APPEND = _STAYS + _FUNCTIONS + _LISTS + _APPEND + _DESCRIBE
# Drops the rows of `session_id` until `until` and those received before `oldest`; deletes a
# document that has none left. Also takes `now`.
FORGET = _STAYS + _LISTS + _FORGET + _DESCRIBE
# Drops the queries with one of these `texts`; deletes a document that has nothing left. Also takes
# `now`.
FORGET_QUERIES = _STAYS + _LISTS + _FORGET_QUERIES + _DESCRIBE
# Drops all rows until `until`, and sets the tombstone. `begins`: to a time of its own, by which
# ERASED knows it. Also takes `kind` and `now`.
ERASE = _LISTS + _ERASE + _DESCRIBE
# Ends what ERASE began with the tombstone `began`: from `now` on the document takes rows in again.
ERASED = """
def source = ctx._source;
if (source.erased_at != params.began) { ctx.op = 'none'; return; }
source.erased_at = params.now;
"""
# Sets the visitor's choice `consent` at `now`.
CONSENT = _LISTS + _CONSENT + _DESCRIBE
# Says of a row of UBI that nothing is learned from it.
NOT_LEARNED = "ctx._source.learn = false;"
# Takes what happened in the session until `until` from its user. Also takes `now`.
SPLIT = _LISTS + _SPLIT + _DESCRIBE
# Says that the document of the user `user_id` has all rows of the session.
JOINED = """
if (ctx._source.user_id != params.user_id) { ctx.op = 'none'; return; }
ctx._source.remove('joining');
"""
# Takes a row of UBI from its user.
WITHOUT_USER = "ctx._source.remove('user_id');"


def painless(source: str, **params: Any) -> dict[str, Any]:
    """The `script` of an update request."""
    return {"lang": "painless", "source": source, "params": params}
