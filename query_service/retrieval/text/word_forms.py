"""The queries that find one word of a query, in all the forms that the words leg finds it in."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from indexer.catalogue.words.spelling import spelled
from plugin_config.analysis.text_fields import TextFields
from plugin_config.schema import IDENTIFIERS
from query_service.retrieval.text.query_words import SHORTEST_PREFIX
from query_service.retrieval.text.text_query import MISSPELT, weighted


def word_forms(
    words: Sequence[str], number: int, fields: TextFields, *, misspelt: bool
) -> list[Mapping[str, Any]]:
    """The word `number`: as written, as one word with an adjacent one, and the last one begun.

    `misspelt`: misspelt too.
    """
    word = words[number]
    forms: list[Mapping[str, Any]] = [
        {"multi_match": {"query": word, "fields": weighted(fields), "type": "most_fields"}},
        {"match": {fields.title_joined: word}},
        {"term": {IDENTIFIERS: word}},
    ]
    if misspelt:
        forms.append({"match": {fields.title: {"query": word, **MISSPELT}}})
    for one, two in pairwise(words):
        if word in (one, two) and (one + two).isascii() and (one + two).isalnum():
            joined = {"query": one + two, "operator": "and"}  # the analyzers cut wd40 in two
            forms += [{"match": {fields.title: joined}}, {"match": {fields.title_joined: joined}}]
    if number == len(words) - 1 and len(word) >= SHORTEST_PREFIX:
        forms.append({"prefix": {fields.title_joined: spelled(word).lower()}})
    return forms
