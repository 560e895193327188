"""The queries of the shop's own log that enough different visitors typed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import OpenSearch

from indexer.catalogue.words.spelling import lowered
from indexer.suggestions.personal_text import is_personal
from indexer.suggestions.suggestion import suggestion_key
from plugin_config.schema import IndexNames

PAGE = 5000  # groups of one answer
MAX_TEXT = 100  # characters of a query that is worth completing
DAY_MS = 24 * 3600 * 1000


@dataclass
class LoggedQuery:
    """A query, in the spelling that most visitors used, and the visitors who typed it.

    `visitors` holds hashes of users, or of sessions without a user; `times`: rows of the log.
    """

    spellings: Counter[str] = field(default_factory=Counter)
    visitors: set[int] = field(default_factory=set)
    times: int = 0

    @property
    def text(self) -> str:
        """The most frequent spelling."""
        return min(self.spellings, key=lambda text: (-self.spellings[text], text))


@dataclass(frozen=True)
class QueryLogReading:
    """What a reading of the log found: the queries to suggest, and how many were left out."""

    queries: tuple[LoggedQuery, ...] = ()
    too_few_visitors: int = 0
    personal: int = 0


def read_log(
    client: OpenSearch, names: IndexNames, *, min_sessions: int, since_ms: int
) -> QueryLogReading:
    """The queries in `ubi_queries` since then that `min_sessions` different sessions typed.

    The sessions of one user count as one. Left out are queries that look personal, rows without a
    session, and those of visitors who refuse that anything is learned of them. Raises
    OpenSearchException.
    """
    if not client.indices.exists(index=names.ubi_queries):
        return QueryLogReading()
    queries: dict[str, LoggedQuery] = defaultdict(LoggedQuery)
    personal: set[str] = set()
    for text, visitor, times in _pairs(client, names.ubi_queries, since_ms):
        shown = " ".join(text.split())
        if not shown or len(shown) > MAX_TEXT:
            continue
        key = suggestion_key(shown)
        if is_personal(shown):
            personal.add(key)
            continue
        queries[key].spellings[lowered(shown)] += 1
        queries[key].visitors.add(visitor)
        queries[key].times += times
    frequent = [query for query in queries.values() if len(query.visitors) >= min_sessions]
    return QueryLogReading(tuple(frequent), len(queries) - len(frequent), len(personal))


def _pairs(client: OpenSearch, index: str, since_ms: int) -> Iterator[tuple[str, int, int]]:
    """Each different pair of a query's text and who typed it, and how many times."""
    composite: dict[str, Any] = {
        "size": PAGE,
        "sources": [
            {"text": {"terms": {"field": "user_query.keyword"}}},
            {"user": {"terms": {"field": "user_id", "missing_bucket": True}}},
            {"session": {"terms": {"field": "session_id"}}},
        ],
    }
    since = {
        "bool": {
            "filter": {"range": {"timestamp": {"gte": since_ms, "format": "epoch_millis"}}},
            "must_not": {"term": {"learn": False}},
        }
    }
    while True:
        body = {"size": 0, "query": since, "aggs": {"pairs": {"composite": composite}}}
        answer = client.search(index=index, body=body, params={"request_timeout": 60})
        found = answer["aggregations"]["pairs"]
        for bucket in found["buckets"]:
            yield bucket["key"]["text"], _visitor(bucket["key"]), bucket["doc_count"]
        if "after_key" not in found:
            return
        composite["after"] = found["after_key"]


def _visitor(key: Mapping[str, str | None]) -> int:
    user = key.get("user")
    return hash(("user", user) if user else ("session", key["session"]))
