"""The words of a query as a search of the engine: BM25, misspellings, neighbouring words."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from indexer.catalogue.terms import terms
from query_service.retrieval.units import written_out

TITLE = 2.0  # weight of the title
TEXT_FIELDS = [f"title^{TITLE:g}", "brand.text", "category.text", "description^0.4"]
# A word of 5 letters may have one wrong, of 8 two, but not its first; shorter ones (and the
# bigrams of Chinese) must be right. Measured on validation queries of homedepot, with the k1 of
# the index: NDCG@10 of this leg .369 without, .383 with it, .390 with the pairs too.
MISSPELT = {"fuzziness": "AUTO:5,8", "prefix_length": 1, "max_expansions": 20}
MISSPELT_WEIGHT = 0.5  # of the title's
PAIR_WEIGHT = 0.2  # of the title's, for two neighbours of the query that are so in the title
MOST_PAIRS = 8
# Neighbours that a title may write as one: `shower head`, showerhead. NDCG@10 .405 -> .408.
JOINED_WEIGHT = 1.0  # of the title's
SHORTEST_JOINED = 3  # letters of each of the two
# Sizes are asked for as they are written and as catalogues write them; the better match counts, and
# this share of the other. NDCG@10 .396 -> .405, and .29 -> .37 for the queries with sizes.
OTHER_FORM = 0.5
# A broad query (one word) matches hundreds of items alike, and popularity must order them; each
# further word says more, and popularity less.
POPULARITY_BOOST = 6.0


def words_query(query_text: str, filters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """BM25 over the text fields; the broader the query, the more popularity counts."""
    breadth = max(len(terms(query_text)), 1)
    boost = POPULARITY_BOOST / breadth**2
    return {
        "bool": {
            "must": [text_query(query_text)],
            "should": [{"rank_feature": {"field": "popularity_rank", "boost": boost}}],
            "filter": list(filters),
        }
    }


def text_query(query_text: str) -> dict[str, Any]:
    """What BM25 finds, a misspelt word's likely meanings too; neighbours that stay such add."""
    found = _form(query_text)
    other = written_out(query_text)
    if other != " ".join(query_text.lower().split()):
        found = {"dis_max": {"queries": [found, _form(other)], "tie_breaker": OTHER_FORM}}
    joined = " ".join(
        one + two
        for one, two in _bigrams(query_text)
        if all(w.isascii() and w.isalpha() and len(w) >= SHORTEST_JOINED for w in (one, two))
    )
    if not joined:
        return found
    as_one = {"match": {"title": {"query": joined, "boost": TITLE * JOINED_WEIGHT}}}
    return {"bool": {"should": [found, as_one], "minimum_should_match": 1}}


def _form(query_text: str) -> dict[str, Any]:
    misspelt = {"query": query_text, "boost": TITLE * MISSPELT_WEIGHT, **MISSPELT}
    found = [as_written(query_text), {"match": {"title": misspelt}}]
    pairs = [
        {"match_phrase": {"title": {"query": f"{one} {two}", "boost": TITLE * PAIR_WEIGHT}}}
        for one, two in _bigrams(query_text)
    ]
    return {"bool": {"should": [*found, *pairs], "minimum_should_match": 1}}


def _bigrams(query_text: str) -> list[tuple[str, str]]:
    return list(pairwise(query_text.split()[: MOST_PAIRS + 1]))


def as_written(query_text: str, **options: str) -> dict[str, Any]:
    """Items with the query's words as they are written (stemmed)."""
    return {
        "multi_match": {
            "query": query_text,
            "fields": TEXT_FIELDS,
            "type": "most_fields",
            **options,
        }
    }
