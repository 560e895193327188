"""The query of the words leg: BM25, misspellings, bigrams, sizes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from indexer.catalogue.terms import terms
from query_service.retrieval.units import written_out

TITLE_WEIGHT = 2.0  # weight of the title
TEXT_FIELDS = [f"title^{TITLE_WEIGHT:g}", "brand.text", "category.text", "description^0.4"]
# A word of 5 letters may have one wrong, of 8 two, but not its first; shorter words (and the
# bigrams of Chinese) must be right. Measured on validation queries of homedepot, with the k1 of
# the index: NDCG@10 of this leg .369 without, .383 with it, .390 with the bigrams too.
MISSPELT = {"fuzziness": "AUTO:5,8", "prefix_length": 1, "max_expansions": 20}
MISSPELT_WEIGHT = 0.5  # of the title's weight, as the next two
BIGRAM_WEIGHT = 0.2  # for a bigram of the query as a phrase in the title
MAX_BIGRAMS = 8
# Bigrams that a title may write as one word: `shower head`, showerhead. NDCG@10 .405 -> .408.
JOINED_WEIGHT = 1.0
MIN_JOINED = 3  # letters of each of the two
# A query with sizes is searched as typed and as catalogues write it (`units`); the better match
# counts, and this share of the other. NDCG@10 .396 -> .405; .29 -> .37 for queries with sizes.
WRITTEN_OUT_SHARE = 0.5
# A broad query (one word) matches hundreds of items alike, and popularity must order them: its
# boost is this over the square of the number of terms.
POPULARITY_BOOST = 6.0


def words_query(query_text: str, filters: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """BM25 over the text fields; the broader the query, the more popularity counts."""
    boost = POPULARITY_BOOST / max(len(terms(query_text)), 1) ** 2
    return {
        "bool": {
            "must": [text_query(query_text)],
            "should": [{"rank_feature": {"field": "popularity_rank", "boost": boost}}],
            "filter": list(filters),
        }
    }


def text_query(query_text: str) -> dict[str, Any]:
    """BM25 with misspelt words; bigrams that the title has as a phrase or as one word add to it."""
    query, sized_text = _bm25(query_text), written_out(query_text)
    if sized_text != " ".join(query_text.lower().split()):
        queries = [query, _bm25(sized_text)]
        query = {"dis_max": {"queries": queries, "tie_breaker": WRITTEN_OUT_SHARE}}
    joined = " ".join(
        one + two
        for one, two in _bigrams(query_text)
        if all(w.isascii() and w.isalpha() and len(w) >= MIN_JOINED for w in (one, two))
    )
    if not joined:
        return query
    as_one_word = {"match": {"title": {"query": joined, "boost": TITLE_WEIGHT * JOINED_WEIGHT}}}
    return {"bool": {"should": [query, as_one_word], "minimum_should_match": 1}}


def _bm25(query_text: str) -> dict[str, Any]:
    misspelt = {"query": query_text, "boost": TITLE_WEIGHT * MISSPELT_WEIGHT, **MISSPELT}
    phrases = [
        {
            "match_phrase": {
                "title": {"query": f"{one} {two}", "boost": TITLE_WEIGHT * BIGRAM_WEIGHT}
            }
        }
        for one, two in _bigrams(query_text)
    ]
    should = [as_written(query_text), {"match": {"title": misspelt}}, *phrases]
    return {"bool": {"should": should, "minimum_should_match": 1}}


def _bigrams(query_text: str) -> list[tuple[str, str]]:
    return list(pairwise(query_text.split()[: MAX_BIGRAMS + 1]))


def as_written(query_text: str, **options: str) -> dict[str, Any]:
    """Items with the query's words as they are written (stemmed)."""
    match = {"query": query_text, "fields": TEXT_FIELDS, "type": "most_fields"}
    return {"multi_match": match | options}
