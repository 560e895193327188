"""Words of a query that are nowhere in the catalogue, and the near words of its titles.

The words leg finds items with near words anyway; this says which. The engine is asked beside the
legs, and only where the vocabulary of the model bundle lacks a word of the query.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.catalogue.words.terms import CJK_LETTER, terms
from plugin_config.analysis.text_fields import TextFields
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.shards import NEAR_WORDS
from query_service.retrieval.text.text_query import MOST_CORRECTED
from query_service.retrieval.text.word_forms import word_forms
from query_service.schemas.search.answers import CorrectedWord, DidYouMean

CORRECTIONS = "did_you_mean"  # the stage
# The rules of `MISSPELT`: letters from which on one may be wrong, and two; not the first.
ONE_WRONG, TWO_WRONG = 5, 8
LONGEST = 40  # letters
MOST_UNKNOWN = 4  # words of a query that are looked up
OPTIONS = 5  # near words that are read for each
_WORD = re.compile(r"(?<!\S)[\"'“”(]*([^\W\d_]+)[\"'“”).,;:!?]*(?!\S)")


@dataclass(frozen=True)
class UnknownWord:
    """A word that the vocabulary lacks: `number` of the query's `words`, at [start, end)."""

    text: str
    number: int
    start: int
    end: int

    @property
    def body_name(self) -> str:
        """The name of the body that looks it up beside the legs."""
        return f"{CORRECTIONS} {self.number}"

    def suggester(self, plan: RetrievalPlan) -> dict[str, Any]:
        """The engine's near words of titles, unstemmed: words as people write them."""
        near = {
            "field": plan.fields.title_joined,
            "suggest_mode": "missing",
            "max_edits": 2 if len(self.text) >= TWO_WRONG else 1,
            "prefix_length": 1,
            "min_word_length": ONE_WRONG,
            "size": OPTIONS,
        }
        if plan.shards.several:
            near["shard_size"] = NEAR_WORDS
        return {"text": self.text.lower(), "term": near}


@dataclass(frozen=True)
class Corrections:
    """What is asked of a query's unknown words. Model numbers are none, nor is CJK."""

    query_text: str
    words: tuple[str, ...] = ()
    unknown: tuple[UnknownWord, ...] = ()

    @classmethod
    def of(cls, plan: RetrievalPlan, vocabulary: Collection[str]) -> "Corrections":
        """Of the plan's query; a word that a synonym stands in for is none of them."""
        query_text = plan.query_text
        words = query_text.split()
        if not plan.corrects or plan.terms_left_out or len(terms(query_text)) > MOST_CORRECTED:
            return cls(query_text)
        synonyms = [set(terms(text)) for text in plan.synonyms]
        unknown = []
        for match in _WORD.finditer(query_text):
            text, own = match[1], terms(match[1])
            known = any(term in vocabulary for term in own)
            replaced = not all(synonym.issuperset(own) for synonym in synonyms)
            if ONE_WRONG <= len(text) <= LONGEST and not (known or replaced):
                number = len(query_text[: match.start()].split())
                if not CJK_LETTER.search(text):
                    unknown.append(UnknownWord(text, number, *match.span(1)))
        return cls(query_text, tuple(words), tuple(unknown[:MOST_UNKNOWN]))

    def beside(self, plan: RetrievalPlan) -> RetrievalPlan:
        """The plan, with a body that looks each word up, whatever the request filters."""
        bodies = {
            word.body_name: {
                "size": 0,
                "terminate_after": 1,
                "query": {"bool": {"filter": self._anywhere(word, plan.fields)}},
                "suggest": {"near": word.suggester(plan)},
            }
            for word in self.unknown
        }
        return plan.with_bodies(bodies) if bodies else plan

    def responses(
        self, beside: Mapping[str, Mapping[str, Any]]
    ) -> list[tuple[UnknownWord, Mapping[str, Any]]]:
        """Each word's response; [] where the plan's bodies were not asked."""
        asked = [word for word in self.unknown if word.body_name in beside]
        return [(word, beside[word.body_name]) for word in asked]

    def corrected(
        self, beside: Mapping[str, Mapping[str, Any]], vocabulary: Collection[str]
    ) -> DidYouMean | None:
        """The query with the nearest word in place of each that no item has; None: there are none.

        Of words that are equally near, one of the `vocabulary` is better than two joined ones.
        """
        query_text, found = self.query_text, []
        for word, response in reversed(self.responses(beside)):
            near = _nearest(response["suggest"]["near"], vocabulary)
            if near and not response["hits"]["total"]["value"]:
                query_text = query_text[: word.start] + near + query_text[word.end :]
                found.append(CorrectedWord(**{"from": word.text, "to": near}))
        return DidYouMean(query=query_text, words=found[::-1]) if found else None

    def _anywhere(self, word: UnknownWord, fields: TextFields) -> dict[str, Any]:
        # Punctuation around a word is none of it: the analyzers drop it.
        words = [*self.words[: word.number], word.text, *self.words[word.number + 1 :]]
        return {"bool": {"should": word_forms(words, word.number, fields, misspelt=False)}}


NO_CORRECTIONS = Corrections("")


def _nearest(entries: Sequence[Mapping[str, Any]], vocabulary: Collection[str]) -> str:
    """The best option for the one word that was looked up; "" without."""
    if len(entries) != 1:
        return ""
    options = [option for option in entries[0]["options"] if option["text"].isalpha()]
    best = max((option["score"] for option in options), default=0.0)
    equal = [str(option["text"]) for option in options if option["score"] == best]
    return next((text for text in equal if text in vocabulary), equal[0] if equal else "")
