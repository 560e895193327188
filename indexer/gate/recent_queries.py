"""The recent queries of the shop's log, those of most visitors first."""

import time
from dataclasses import dataclass

from indexer.index.context import IndexContext
from indexer.suggestions.logged_queries import DAY_MS, read_log


@dataclass(frozen=True)
class RecentQuery:
    """A query. `shown`: whether enough different sessions typed it to be shown to others."""

    text: str
    times: int
    shown: bool


def recent_queries(context: IndexContext, most: int, days: float) -> list[RecentQuery]:
    """Up to `most` queries of the last `days`, the most frequent first.

    Those that look personal are left out. Raises OpenSearchException.
    """
    if not most:
        return []
    since_ms = time.time_ns() // 1_000_000 - int(days * DAY_MS)
    log = read_log(context.client, context.names, min_sessions=1, since_ms=since_ms)
    least = context.settings.suggest_min_sessions
    queries = [RecentQuery(q.text, q.times, len(q.visitors) >= least) for q in log.queries]
    return sorted(queries, key=lambda query: (-query.times, query.text))[:most]
