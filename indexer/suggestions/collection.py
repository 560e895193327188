"""All suggestions of a shop: from its log, from its titles, its brands and its categories."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy.helpers import scan

from indexer.index.context import IndexContext
from indexer.suggestions.catalogue_facets import facet_suggestions, log_share
from indexer.suggestions.item_counts import item_counts
from indexer.suggestions.known_counts import KnownCounts
from indexer.suggestions.logged_queries import DAY_MS, LoggedQuery, QueryLogReading, read_log
from indexer.suggestions.suggestion import OWN, Suggestion, suggestion_key
from indexer.suggestions.title_phrases import TitlePhrases
from plugin_config.analysis.index_languages import IndexLanguages
from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields, fields_of

MAX_LOGGED = 20_000  # queries of the log, those of the most visitors
MAX_TITLES = 100_000  # read for phrases; of a larger catalogue, that many by chance
LOGGED, FROM_TITLES = 0.5, 0.5  # what visitors typed comes before what titles say


@dataclass(frozen=True)
class Collected:
    """The suggestions, and what was left out of the log."""

    suggestions: tuple[Suggestion, ...]
    log: QueryLogReading
    without_items: int  # queries of the log that no item of the catalogue answers
    counted: Mapping[str, Any]  # what the next collection knows its counts by, in `_meta`


def collect(context: IndexContext, index: str, languages: IndexLanguages) -> Collected:
    """Reads the log and the items index with its languages. Raises OpenSearchException."""
    client, settings = context.client, context.settings
    since = time.time_ns() // 1_000_000 - round(settings.suggest_days * DAY_MS)
    context.progress.start("read the log of queries")
    log = read_log(
        client, context.names, min_sessions=settings.suggest_min_sessions, since_ms=since
    )
    queries = sorted(log.queries, key=lambda query: (-len(query.visitors), query.text))
    fields = _fields(languages)
    known = KnownCounts.of(context, index, localized=len(fields) > 1)
    logged = list(_of_log(context, index, queries[:MAX_LOGGED], fields, known))
    typed = {suggestion_key(suggestion.text) for suggestion in logged}
    stop_words: list[str] = []
    from_titles = (
        suggestion
        for texts, codes in fields.items()
        for suggestion in _of_titles(
            context, index, known, fields=texts, languages=codes, stop_words=stop_words
        )
        if suggestion_key(suggestion.text) not in typed
    )
    every = (*logged, *from_titles, *facet_suggestions(client, index, fields))
    context.progress.close()
    without_items = min(len(queries), MAX_LOGGED) - len(logged)
    return Collected(every, log, without_items, known.to_meta(stop_words))


def _fields(languages: IndexLanguages) -> dict[TextFields, tuple[str, ...]]:
    """The fields of texts, and the languages of each; () in an index without languages."""
    if not languages.analyzers:
        return {OWN_TEXTS: ()}
    own = (OWN, *(code for code in languages.analyzers if code not in languages.localized))
    return {OWN_TEXTS: own, **{fields_of(code): (code,) for code in languages.localized}}


def _of_log(
    context: IndexContext,
    index: str,
    queries: list[LoggedQuery],
    fields: Mapping[TextFields, tuple[str, ...]],
    known: KnownCounts,
) -> Iterator[Suggestion]:
    """The queries of the log, each for the languages in which it has items."""
    largest = len(queries[0].visitors) if queries else 0
    texts = [query.text for query in queries]
    counts = [
        item_counts(context.client, index, texts, fields=each, known=known.of_texts)
        for each in fields
    ]
    for query, *found in zip(queries, *counts, strict=True):
        best = max(found, key=lambda each: each.count)
        if best.count:
            weight = LOGGED + (1 - LOGGED) * log_share(len(query.visitors), largest)
            languages = [
                code
                for each, codes in zip(found, fields.values(), strict=True)
                for code in codes
                if each.count
            ]
            yield Suggestion(
                "query", query.text, weight, best.count,
                features=best.features, languages=tuple(languages),
            )  # fmt: skip


def _of_titles(
    context: IndexContext,
    index: str,
    known: KnownCounts,
    *,
    fields: TextFields,
    languages: tuple[str, ...],
    stop_words: list[str],
) -> Iterator[Suggestion]:
    """Those of the titles; words that are in titles and find no item are added to `stop_words`."""
    context.progress.start("read titles")
    phrases = TitlePhrases()
    for title in _titles(context, index, fields.title_exact):
        phrases.add(title)
    without_items = known.without_items
    if without_items is None:
        words = phrases.words()
        counts = item_counts(context.client, index, words, features=False, fields=fields)
        pairs = zip(words, counts, strict=True)
        without_items = tuple(word for word, found in pairs if not found.count)
    stop_words += without_items
    frequent = phrases.frequent(without_items)
    context.progress.start("count items", len(frequent))
    largest = frequent[0][1] if frequent else 0
    texts = (text for text, _ in frequent)
    found_counts = item_counts(context.client, index, texts, fields=fields, known=known.of_texts)
    for (text, titles), found in zip(frequent, found_counts, strict=True):
        context.progress.advance()
        if found.count:
            weight = FROM_TITLES * log_share(titles, largest)
            yield Suggestion(
                "query", text, weight, found.count, features=found.features, languages=languages
            )


def _titles(context: IndexContext, index: str, field: str) -> Iterable[str]:
    items = int(context.client.count(index=index)["count"])
    query = {"query": {"match_all": {}}, "_source": False, "docvalue_fields": [field]}
    if (slices := -(-items // MAX_TITLES)) > 1:  # a slice is chosen by the hash of ids
        query["slice"] = {"id": 0, "max": slices}
    for hit in scan(context.client, index=index, query=query, size=5000):
        yield from hit.get("fields", {}).get(field, ())
