"""The words of a query that no item has together with its other words.

The words leg finds items with any of the words. Where none has all of them, the answer says which
words its items do without: those of which the most informative item has the least, as BM25 weighs
them, so the least selective ones go first. Whether one has all is asked beside the legs.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from indexer.catalogue.words.terms import terms
from plugin_config.schema import IDENTIFIERS
from query_service.retrieval.engine_searches import failure
from query_service.retrieval.kept_searches import Snapshot
from query_service.retrieval.plan import WORDS, RetrievalPlan
from query_service.retrieval.search import Retrieved
from query_service.retrieval.text.text_query import MOST_CORRECTED, as_written, weighted
from query_service.retrieval.text.units import written_out
from query_service.retrieval.text.word_forms import word_forms

ALL_WORDS = "all_words"  # the body beside the legs
WORD_SCORE = 1000.0  # more than any BM25 score


@dataclass(frozen=True)
class QueryWordsAsked:
    """The distinct `words` of a query that are looked for together; () where none are."""

    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: RetrievalPlan) -> "QueryWordsAsked":
        """Of the plan's query, if it is whole and no synonym stands in for a word."""
        if plan.terms_left_out or plan.synonyms:
            return cls()
        return cls(tuple(distinct_words(plan.query_text)))

    def beside(self, plan: RetrievalPlan) -> RetrievalPlan:
        """The plan, with the body that looks for an item with all the words."""
        return plan.with_bodies({ALL_WORDS: _with_all(plan)}) if self.words else plan

    def missing(
        self, plan: RetrievalPlan, retrieved: Retrieved, executor: Executor
    ) -> "Future[list[str]] | None":
        """The words that no item has with the others, asked for in a thread; None: one has all.

        None too where an item's identifier is the query. All words where no item has any. The
        future raises ClusterUnavailable, IndexGone.
        """
        response, candidates = retrieved.beside.get(ALL_WORDS), retrieved.candidates
        snapshot = retrieved.snapshot
        if (
            response is None
            or snapshot is None
            or WORDS in retrieved.failed
            or candidates.identified.any()
        ):
            return None
        if failure(response) or response["hits"]["total"]["value"]:
            return None
        if not candidates.has_words.any():
            return executor.submit(list, self.words)
        return executor.submit(_missing_words, snapshot, plan, self.words)


def distinct_words(query_text: str) -> list[str]:
    """The words between spaces that have a letter or a digit, each once.

    [] where there are none to choose from: one word, or too many.
    """
    words = list(dict.fromkeys(word for word in query_text.lower().split() if terms(word)))
    return words if 1 < len(words) <= MOST_CORRECTED else []


def _missing_words(snapshot: Snapshot, plan: RetrievalPlan, words: Sequence[str]) -> list[str]:
    response = snapshot.search(_with_some(plan, words), plan.search_params | plan.shards.scoring)
    named = {name for hit in response["hits"]["hits"] for name in hit.get("matched_queries", ())}
    return [word for number, word in enumerate(words) if str(number) not in named]


def _with_all(plan: RetrievalPlan) -> dict[str, Any]:
    """Whether an item has all the words as they are written, in any fields."""
    fields = [field.partition("^")[0] for field in weighted(plan.fields)]
    forms = dict.fromkeys([plan.query_text, written_out(plan.query_text)])
    match: dict[str, Any] = {"type": "cross_fields", "operator": "and", "fields": fields}
    should = [{"multi_match": {"query": form, **match}} for form in forms]
    should.append({"term": {IDENTIFIERS: plan.query_text}})
    query = {"bool": {"filter": [*plan.filters, {"bool": {"should": should}}]}}
    return {"size": 0, "terminate_after": 1, "query": query}


def _with_some(plan: RetrievalPlan, words: Sequence[str]) -> dict[str, Any]:
    """The item with the most words, the first of them by BM25; it names the words' numbers."""
    clauses: list[Mapping[str, Any]] = [
        {
            "constant_score": {
                "filter": {
                    "bool": {
                        "should": word_forms(words, number, plan.fields, misspelt=plan.corrects)
                    }
                },
                "boost": WORD_SCORE,
                "_name": str(number),
            }
        }
        for number in range(len(words))
    ]
    should = [*clauses, as_written(plan.query_text, plan.fields)]
    query = {"bool": {"should": should, "minimum_should_match": 1, "filter": plan.filters}}
    return {"size": 1, "_source": False, "track_total_hits": False, "query": query}
