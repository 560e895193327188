"""All suggestions of a shop: from its log, from its titles, its brands and its categories."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opensearchpy.helpers import scan

from indexer.index.context import IndexContext
from indexer.suggestions.catalogue_facets import facet_suggestions, log_share
from indexer.suggestions.item_counts import item_counts
from indexer.suggestions.logged_queries import DAY_MS, LoggedQuery, QueryLogReading, read_log
from indexer.suggestions.suggestion import Suggestion, suggestion_key
from indexer.suggestions.title_phrases import TitlePhrases
from plugin_config.schema import TITLE_EXACT

MAX_LOGGED = 20_000  # queries of the log, those of the most visitors
MAX_TITLES = 100_000  # read for phrases; of a larger catalogue, that many by chance
LOGGED, FROM_TITLES = 0.5, 0.5  # what visitors typed comes before what titles say


@dataclass(frozen=True)
class Collected:
    """The suggestions, and what was left out of the log."""

    suggestions: tuple[Suggestion, ...]
    log: QueryLogReading
    without_items: int  # queries of the log that no item of the catalogue answers


def collect(context: IndexContext, index: str) -> Collected:
    """Reads the log and the items index. Raises OpenSearchException."""
    client, settings = context.client, context.settings
    since = time.time_ns() // 1_000_000 - round(settings.suggest_days * DAY_MS)
    context.progress.start("read the log of queries")
    log = read_log(
        client, context.names, min_sessions=settings.suggest_min_sessions, since_ms=since
    )
    queries = sorted(log.queries, key=lambda query: (-len(query.visitors), query.text))
    logged = list(_of_log(context, index, queries[:MAX_LOGGED]))
    typed = {suggestion_key(suggestion.text) for suggestion in logged}
    from_titles = (
        suggestion
        for suggestion in _of_titles(context, index)
        if suggestion_key(suggestion.text) not in typed
    )
    every = (*logged, *from_titles, *facet_suggestions(client, index))
    context.progress.close()
    return Collected(every, log, min(len(queries), MAX_LOGGED) - len(logged))


def _of_log(context: IndexContext, index: str, queries: list[LoggedQuery]) -> Iterator[Suggestion]:
    largest = len(queries[0].visitors) if queries else 0
    counts = item_counts(context.client, index, (query.text for query in queries))
    for query, found in zip(queries, counts, strict=True):
        if found.count:
            weight = LOGGED + (1 - LOGGED) * log_share(len(query.visitors), largest)
            yield Suggestion("query", query.text, weight, found.count, features=found.features)


def _of_titles(context: IndexContext, index: str) -> Iterator[Suggestion]:
    context.progress.start("read titles")
    phrases = TitlePhrases()
    for title in _titles(context, index):
        phrases.add(title)
    words = phrases.words()
    counts = item_counts(context.client, index, words, features=False)
    stop_words = [word for word, found in zip(words, counts, strict=True) if not found.count]
    frequent = phrases.frequent(stop_words)
    context.progress.start("count items", len(frequent))
    largest = frequent[0][1] if frequent else 0
    found_counts = item_counts(context.client, index, (text for text, _ in frequent))
    for (text, titles), found in zip(frequent, found_counts, strict=True):
        context.progress.advance()
        if found.count:
            weight = FROM_TITLES * log_share(titles, largest)
            yield Suggestion("query", text, weight, found.count, features=found.features)


def _titles(context: IndexContext, index: str) -> Iterable[str]:
    items = int(context.client.count(index=index)["count"])
    query = {"query": {"match_all": {}}, "_source": False, "docvalue_fields": [TITLE_EXACT]}
    if (slices := -(-items // MAX_TITLES)) > 1:  # a slice is chosen by the hash of ids
        query["slice"] = {"id": 0, "max": slices}
    for hit in scan(context.client, index=index, query=query, size=5000):
        yield from hit.get("fields", {}).get(TITLE_EXACT, ())
