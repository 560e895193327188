"""The words of a query that no item has together with its other words.

The words leg finds items with any of the words. Where none has all of them, the answer says which
words its items do without: those of which the most informative item has the least, as BM25 weighs
them, so the least selective ones go first.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from opensearchpy import OpenSearch

from indexer.catalogue.terms import terms
from plugin_config.schema import IDENTIFIERS
from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text_query import (
    MOST_CORRECTED,
    TEXT_FIELDS,
    text_query,
)
from query_service.retrieval.units import written_out
from query_service.retrieval.word_forms import word_forms

WORD_SCORE = 1000.0  # more than any BM25 score


def distinct_words(query_text: str) -> list[str]:
    """The words between spaces that have a letter or a digit, each once.

    [] where there are none to choose from: one word, or too many.
    """
    words = list(dict.fromkeys(word for word in query_text.lower().split() if terms(word)))
    return words if 1 < len(words) <= MOST_CORRECTED else []


def has_all(query_text: str, texts: Iterable[str]) -> bool:
    """Whether a text has all the terms of the query as they are written: a cheap first look."""
    wanted = set(terms(query_text))
    return any(wanted <= set(terms(text)) for text in texts)


def missing_words(client: OpenSearch, index: str, plan: RetrievalPlan) -> list[str]:
    """The words that no item has together with the others; [] if one has all of them.

    All of them where no item has any. Raises ClusterUnavailable, IndexGone.
    """
    words = distinct_words(plan.query_text)
    if not words or plan.terms_left_out:
        return []
    params = plan.search_params
    with engine_errors(index):
        if client.search(index=index, body=_with_all(plan), params=params)["hits"]["hits"]:
            return []
        response = client.search(index=index, body=_with_some(plan, words), params=params)
    named = {name for hit in response["hits"]["hits"] for name in hit.get("matched_queries", ())}
    return [word for number, word in enumerate(words) if str(number) not in named]


def _with_all(plan: RetrievalPlan) -> dict[str, Any]:
    """One item with all the words as they are written, in any fields."""
    fields = [field.partition("^")[0] for field in TEXT_FIELDS]
    forms = dict.fromkeys([plan.query_text, written_out(plan.query_text)])
    match: dict[str, Any] = {"type": "cross_fields", "operator": "and", "fields": fields}
    should = [{"multi_match": {"query": form, **match}} for form in forms]
    should.append({"term": {IDENTIFIERS: plan.query_text}})
    query = {"bool": {"filter": [*plan.filters, {"bool": {"should": should}}]}}
    return {"size": 1, "terminate_after": 1, "_source": False, "query": query}


def _with_some(plan: RetrievalPlan, words: Sequence[str]) -> dict[str, Any]:
    """The item with the most words, the first of them by BM25; it names the words' numbers."""
    named = [
        {
            "constant_score": {
                "filter": {"bool": {"should": word_forms(words, number, misspelt=plan.corrects)}},
                "boost": WORD_SCORE,
                "_name": str(number),
            }
        }
        for number in range(len(words))
    ]
    matching = text_query(plan.query_text, plan.prefix, corrects=plan.corrects)
    query = {"bool": {"must": [matching], "should": named, "filter": plan.filters}}
    return {"size": 1, "_source": False, "query": query}
