"""The query of the words leg: BM25, misspellings, bigrams, joined words, sizes, identifiers."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from indexer.catalogue.words.spelling import spelled
from indexer.catalogue.words.terms import terms
from plugin_config.analysis.spelling_rules import RULES
from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields
from plugin_config.schema import IDENTIFIERS
from query_service.retrieval.plan import HAS_WORDS, RetrievalPlan
from query_service.retrieval.text.units import written_out

TITLE_WEIGHT = 2.0  # weight of the title
DESCRIPTION_WEIGHT = 0.4
# A word of 5 letters may have one wrong, of 8 two, but not its first; shorter words (and the
# bigrams of Chinese) must be right. Measured on validation queries of homedepot, with the k1 of
# the index: NDCG@10 of this leg .369 without, .383 with it, .390 with the bigrams too.
MISSPELT = {"fuzziness": "AUTO:5,8", "prefix_length": 1, "max_expansions": 20}
MOST_CORRECTED = 16  # words of a query; a misspelt one costs as much as 20 words
MISSPELT_WEIGHT = 0.5  # of the title's weight, as the next two
BIGRAM_WEIGHT = 0.2  # for a bigram of the query as a phrase in the title
MAX_BIGRAMS = 8
# Bigrams that a title may write as one word: `shower head`, showerhead. NDCG@10 .405 -> .408; with
# the spelling of the analyzers and the joined words .4151 without, .4159 by 1.0, .4167 by 1.5.
ONE_WORD_WEIGHT = 1.5
MIN_ONE_WORD = 3  # letters of each of the two
# Of the parts of a hyphenated word apart: a cross-body bag is no body bag.
PARTS_SHARE = 0.4
# Any words that query and title join differently, unstemmed: wd40, `wd 40`. NDCG@10 .406 -> .416
# with the analyzers' spelling (.412 by the spelling alone), Recall@100 .813 -> .820.
JOINED_WEIGHT = 0.3
# A query with sizes is searched as typed and as catalogues write it (`units`); the better match
# counts, and this share of the other. NDCG@10 .396 -> .405; .29 -> .37 for queries with sizes.
WRITTEN_OUT_SHARE = 0.5
# A broad query (one word) matches hundreds of items alike, and popularity must order them: its
# boost is this over the square of the number of terms.
POPULARITY_BOOST = 6.0
# Of a word that is being typed: titles that have a word with this beginning. NDCG@10 of queries
# without their last two letters .247 -> .292, of whole queries +.0001 [-.0005, .0007].
PREFIX_WEIGHT = 0.5
# An item whose identifier is the whole query: more than any BM25 score.
IDENTIFIER_SCORE = 10_000.0
LONGEST_IDENTIFIER = 64
_HYPHENS = re.compile(r"[\u2010\u2011-]")
_HYPHENATED = re.compile(rf"(?<!\S)[^\W\d_]+(?:{_HYPHENS.pattern}[^\W\d_]+)+(?!\S)")  # e-mail
_SPACED_THOUSANDS = re.compile(RULES["spaced_thousands"][0])  # 10 000 is one word
_SPACES = re.compile(r"[\s\u2010\u2011-]+")  # between words: hyphens too


def words_query(plan: RetrievalPlan) -> dict[str, Any]:
    """BM25 over the text fields; the broader the query, the more popularity counts."""
    boost = POPULARITY_BOOST / max(len(terms(plan.query_text)), 1) ** 2
    return {
        "bool": {
            "must": [matching(plan)],
            "should": [plan.shards.popularity(boost=boost)],
            "filter": plan.filters,
        }
    }


def matching(plan: RetrievalPlan) -> dict[str, Any]:
    """The better match of the plan's query and of texts that count as the query."""
    corrects = plan.corrects
    fields = plan.fields
    query = text_query(plan.query_text, plan.prefix, corrects=corrects, fields=fields)
    if not plan.synonyms:
        return query
    others = [text_query(text, corrects=corrects, fields=fields) for text in plan.synonyms]
    return {"dis_max": {"queries": [query, *others]}}


def text_query(
    query_text: str, prefix: str = "", *, corrects: bool = True, fields: TextFields = OWN_TEXTS
) -> dict[str, Any]:
    """BM25 with misspelt words; bigrams that the title has as a phrase or as one word add to it.

    `prefix`: the beginning of a word, of which any word of a title counts a little. An item whose
    identifier the query is gets IDENTIFIER_SCORE more. `fields`: those that are searched.
    """
    words = terms(query_text)
    is_short = len(words) <= MOST_CORRECTED
    query = _bm25(query_text, fields, corrected=is_short and corrects)
    sized_text = written_out(query_text)
    if is_short and sized_text != " ".join(query_text.lower().split()):
        queries = [query, _bm25(sized_text, fields, corrected=corrects)]
        query = {"dis_max": {"queries": queries, "tie_breaker": WRITTEN_OUT_SHARE}}
    if hyphenated := _HYPHENATED.findall(query_text)[:MAX_BIGRAMS]:
        parts = [{"bool": {"should": [query], "boost": PARTS_SHARE}}, _as_one(hyphenated, fields)]
        if rest := _HYPHENATED.sub(" ", query_text).strip():
            beside = _bm25(rest, fields, corrected=is_short and corrects)
            parts.append({"bool": {"should": [beside], "boost": 1 - PARTS_SHARE}})
        query = {"bool": {"should": parts, "minimum_should_match": 1}}
    joined = {"query": query_text, "boost": TITLE_WEIGHT * JOINED_WEIGHT}
    should = [query, {"match": {fields.title_joined: joined}}]
    if one_word := _as_one_word(query_text):
        as_one_word = {"query": one_word, "boost": TITLE_WEIGHT * ONE_WORD_WEIGHT}
        should.append({"match": {fields.title: as_one_word}})
    if len(words) == 1:  # a stop word alone, as in the title "It"
        should.append({"term": {fields.title_joined: {"value": words[0], "boost": TITLE_WEIGHT}}})
    if prefix:
        beginning = {"value": spelled(prefix).lower(), "boost": TITLE_WEIGHT * PREFIX_WEIGHT}
        should.append({"prefix": {fields.title_joined: beginning}})
    if len(query_text) <= LONGEST_IDENTIFIER:
        identified = {"term": {IDENTIFIERS: query_text}}
        should.append({"constant_score": {"filter": identified, "boost": IDENTIFIER_SCORE}})
    return {"bool": {"should": should, "minimum_should_match": 1}}


def words_to_mark(
    query_text: str,
    unknown: str,
    synonyms: Sequence[str] = (),
    fields: TextFields = OWN_TEXTS,
) -> dict[str, Any]:
    """The clauses whose terms are marked in hits; `unknown`: words that may be misspelt.

    `synonyms`: texts that count as the query.
    """
    forms = dict.fromkeys([query_text, written_out(query_text), *synonyms])
    should = [as_written(form, fields) for form in forms]
    should.append({"match": {fields.title_joined: {"query": query_text}}})
    if one_word := _as_one_word(query_text):
        should.append(as_written(one_word, fields))
    words = terms(query_text)
    if len(words) == 1:
        should.append({"term": {fields.title_joined: words[0]}})
    if unknown and len(words) <= MOST_CORRECTED:
        should.append({"match": {fields.title: {"query": unknown, **MISSPELT}}})
    return {"bool": {"should": should}}


def is_identified(score: float) -> bool:
    """Whether the engine's score is that of an item whose identifier is the query."""
    return score >= IDENTIFIER_SCORE


def words_as_written(texts: Sequence[str], fields: TextFields) -> dict[str, Any]:
    """Items with a word of one of the texts, none misspelt: a cheap part of `text_query`."""
    forms = dict.fromkeys(form for text in texts for form in (text, written_out(text)))
    return {"bool": {"filter": {"bool": {"should": [as_written(form, fields) for form in forms]}}}}


def _bm25(query_text: str, fields: TextFields, *, corrected: bool) -> dict[str, Any]:
    misspelt = {"query": query_text, "boost": TITLE_WEIGHT * MISSPELT_WEIGHT, **MISSPELT}
    phrases = [
        {
            "match_phrase": {
                fields.title: {"query": f"{one} {two}", "boost": TITLE_WEIGHT * BIGRAM_WEIGHT}
            }
        }
        for one, two in _bigrams(query_text)
    ]
    should = [as_written(query_text, fields, _name=HAS_WORDS), *phrases]
    if corrected:
        should.append({"match": {fields.title: misspelt}})
    return {"bool": {"should": should, "minimum_should_match": 1}}


def _as_one(hyphenated: Sequence[str], fields: TextFields) -> dict[str, Any]:
    """Hyphenated words as one, which `title.joined` has whichever way a title writes them."""
    words = " ".join(_without_hyphens(word) for word in hyphenated)
    return {
        "match": {fields.title_joined: {"query": words, "boost": TITLE_WEIGHT * ONE_WORD_WEIGHT}}
    }


def _without_hyphens(text: str) -> str:
    return _HYPHENS.sub("", text)


def _as_one_word(query_text: str) -> str:
    """Bigrams that a title may write as one word, and hyphenated words without the hyphen."""
    one_words = [
        one + two
        for one, two in _bigrams(query_text)
        if all(w.isascii() and w.isalpha() and len(w) >= MIN_ONE_WORD for w in (one, two))
    ]
    hyphenated = [_without_hyphens(word) for word in _HYPHENATED.findall(query_text)[:MAX_BIGRAMS]]
    return " ".join(dict.fromkeys([*one_words, *hyphenated]))


def _bigrams(query_text: str) -> list[tuple[str, str]]:
    text = _SPACED_THOUSANDS.sub(r"\1", query_text.strip())
    return list(pairwise(_SPACES.split(text)[: MAX_BIGRAMS + 1]))


def weighted(fields: TextFields) -> list[str]:
    """The fields that a query's words are looked for in, with their weights."""
    return [
        f"{fields.title}^{TITLE_WEIGHT:g}",
        fields.brand,
        fields.category_text,
        f"{fields.description}^{DESCRIPTION_WEIGHT:g}",
    ]


def as_written(query_text: str, fields: TextFields, **options: str) -> dict[str, Any]:
    """Items with the query's words as they are written (stemmed)."""
    match = {"query": query_text, "fields": weighted(fields), "type": "most_fields"}
    return {"multi_match": match | options}
