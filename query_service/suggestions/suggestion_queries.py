"""What the engine is asked for suggestions: stored ones, items, and counts under filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.catalogue.words.terms import CJK_LETTER, terms
from indexer.index.attribute_schema import AttributeSchema
from indexer.suggestions.suggestion import OWN, items_query
from plugin_config.analysis.text_fields import TextFields
from query_service.retrieval.filters.filters import Clauses
from query_service.retrieval.shards import BY_SCORE, Shards
from query_service.suggestions.typed_prefix import SHORTEST_MISSPELT, TWO_MISTAKES, TypedPrefix

STORED, MISSPELT_STORED = 50, 20  # suggestions that are put in order for the session
# As in a search, not the first letter.
MISSPELT = {
    "fuzziness": f"AUTO:{SHORTEST_MISSPELT},{TWO_MISTAKES}",
    "prefix_length": 1,
    "max_expansions": 30,
}
Search = dict[str, Any]


def stored_search(
    prefix: TypedPrefix, filters: Sequence[Mapping[str, Any]], *, misspelt: bool = False
) -> Search:
    """The stored suggestions that complete a prefix, the heaviest first."""
    body: Search = {
        "size": MISSPELT_STORED if misspelt else STORED,
        "track_total_hits": False,
        "query": {"match_all": {}},
        "sort": [{"weight": "desc"}],
    }
    clauses: list[Mapping[str, Any]] = [*filters]
    words: list[str] = []
    for part in prefix.parts:
        if CJK_LETTER.search(part):
            clauses.append({"match_phrase": {"text": part}})
        else:
            words.append(part)
    if words:
        clauses.append(_words(words, misspelt=misspelt))
    if clauses:
        body["query"] = {"bool": {"filter": clauses}}
    return body


def _words(words: Sequence[str], *, misspelt: bool) -> dict[str, Any]:
    match: dict[str, Any] = {"query": " ".join(words), "operator": "and"}
    return {"match": {"text": match | (MISSPELT if misspelt else {})}}


def for_language(attributes: AttributeSchema) -> Clauses:
    """The clause of stored suggestions for the request's language; [] without languages."""
    if not attributes.languages.analyzers:
        return []
    named = {"term": {"languages": attributes.language or OWN}}
    for_all = {"bool": {"must_not": [{"exists": {"field": "languages"}}]}}
    return [{"bool": {"should": [named, for_all]}}]


def items_search(
    prefix: TypedPrefix,
    filters: Sequence[Mapping[str, Any]],
    size: int,
    texts: TextFields,
    shards: Shards,
) -> Search:
    """Items whose titles have the typed words, the last one as a beginning."""
    clauses: Clauses = []
    for part in prefix.parts:
        clauses += _beginnings(part, texts) if part == prefix.parts[-1] else _complete(part, texts)
    should = [
        shards.popularity(),
        {"constant_score": {"filter": {"term": {"available": True}}, "boost": 0.5}},
    ]
    return {
        "size": size,
        "track_total_hits": False,
        "query": {"bool": {"filter": [*clauses, *filters], "should": should}},
        "sort": BY_SCORE,
    }


def _complete(part: str, texts: TextFields) -> Clauses:
    if CJK_LETTER.search(part):
        return [_cjk(part, texts)]
    return [_title_word(word, texts) for word in terms(part)]


def _beginnings(part: str, texts: TextFields) -> Clauses:
    if CJK_LETTER.search(part):
        return [_cjk(part, texts)]
    words = terms(part)
    if not words:
        return []
    complete = [_title_word(word, texts) for word in words[:-1]]
    return [*complete, {"prefix": {texts.title_joined: words[-1]}}]


def _title_word(word: str, texts: TextFields) -> dict[str, Any]:
    return {"match": {texts.title_joined: {"query": word, "zero_terms_query": "all"}}}


def _cjk(part: str, texts: TextFields) -> dict[str, Any]:
    """A run of CJK letters anywhere in a title; kana and Hangul also as a word's beginning."""
    either = [
        {"match_phrase": {texts.title: part}},
        {"prefix": {texts.title_joined: " ".join(part.lower().split())}},
    ]
    return {"bool": {"should": either}}


def count_search(
    text: str, of: Mapping[str, str], filters: Sequence[Mapping[str, Any]], texts: TextFields
) -> Search:
    """The number of items behind a suggestion, under a request's filters."""
    query = {"bool": {"must": [items_query(text, of, texts)], "filter": list(filters)}}
    return {"size": 0, "track_total_hits": True, "query": query}
