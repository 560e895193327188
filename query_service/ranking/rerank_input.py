"""The re-ranker's input: candidates and intent as arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.words.terms import terms
from query_service.ranking.affinity import affinity
from query_service.ranking.titles.title_table import TitleTable
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.plan import WORDS
from query_service.user.intent import Intent

Floats = NDArray[np.float32]
# Without a query everything is open, far more than with one word. Measured on movielens' validation
# sessions: NDCG@10 .016 with 0, .061 with 1, .083 with 3, .084 with 8; popularity alone .090.
BREADTH_WITHOUT_QUERY = 3.0
# On the sample shop after one click, first 12 hits: "purple headphones" has 0 purple ones without
# it, 9 by 1, 11 by 2; "kids shoes" 2, 12, 12.
COVERAGE_POWER = 2.0


@dataclass(frozen=True)
class RerankInput:
    """n candidates, and one visitor with E events. M and K: dimensions of an item vector's halves.

    `meaning` float32 [n, M] and `behaviour` float32 [n, K]: the candidates' halves;
    `query_meaning` float32 [M] or None; `contributions` float32 [S, dims] add up to R; `affinity`
    float32 [n, E]; `popularity` float32 [n] in [0, 1]; `breadth` float32 [n], see `query_breadth`.

    Of the events: `event_weights` float32 [E], signed; `event_meaning` float32 [E, M],
    `event_behaviour` float32 [E, K]; `event_ids` and `event_titles` [E]. `demand` float32 [M] is
    D_u, `tastes` float32 [3, K] are D_b, D_B and D_a (zero where unknown). `given`: the caller
    named the items, no leg returned them.
    """

    candidates: Candidates
    meaning: Floats
    behaviour: Floats
    query_meaning: Floats | None
    contributions: Floats
    affinity: Floats
    popularity: Floats
    breadth: Floats
    event_weights: Floats
    event_meaning: Floats
    event_behaviour: Floats
    event_ids: tuple[str, ...]
    event_titles: tuple[str, ...]
    demand: Floats
    tastes: Floats
    query_text: str = ""
    query_terms: int = 0
    given: bool = False

    @cached_property
    def title_table(self) -> TitleTable:
        """The words of the candidates' titles."""
        return TitleTable(self.candidates.titles)


def rerank_input(
    bundle: ModelBundle, candidates: Candidates, intent: Intent, *, given: bool = False
) -> RerankInput:
    """The arrays for `candidates`. Events without an item vector have zero vectors.

    `given`: the caller named the candidates.
    """
    meaning, behaviour = bundle.halves(candidates.vectors)
    dims, M, K = bundle.spec.vector_dims, meaning.shape[1], behaviour.shape[1]
    events, user_vector = intent.visitor.events, intent.user_vector
    if user_vector is None:
        events, event_weights = (), np.zeros(0, dtype=np.float32)
        contributions = np.zeros((0, dims), dtype=np.float32)
        demand, tastes = np.zeros(M, dtype=np.float32), np.zeros((3, K), dtype=np.float32)
    else:
        event_weights, contributions = user_vector.event_weights, user_vector.contributions
        demand = user_vector.D_u.vector
        parts = (user_vector.D_b, user_vector.D_B, user_vector.D_a)
        tastes = np.stack([part.vector for part in parts])
    event_vectors = np.zeros((len(events), dims), dtype=np.float32)
    known = [row for row, event in enumerate(events) if event.vector is not None]
    if known:
        event_vectors[known] = [events[row].vector for row in known]
    event_meaning, event_behaviour = bundle.halves(event_vectors)
    query = intent.query_embedding
    return RerankInput(
        candidates=candidates,
        meaning=meaning,
        behaviour=behaviour,
        query_meaning=None if query is None else bundle.meaning(query),
        contributions=contributions,
        affinity=affinity(candidates, events),
        popularity=bundle.statistics.popularity(candidates.popularity),
        breadth=query_breadth(candidates, intent.query_text, given=given),
        event_weights=event_weights,
        event_meaning=event_meaning,
        event_behaviour=event_behaviour,
        event_ids=tuple(event.item_id for event in events),
        event_titles=tuple(event.title for event in events),
        demand=demand,
        tastes=tastes,
        query_text=intent.query_text,
        query_terms=len(terms(intent.query_text)),
        given=given,
    )


def query_breadth(candidates: Candidates, query_text: str, *, given: bool = False) -> Floats:
    """Query breadth of each candidate, float32 [n]: 1 / the query's number of terms.

    It scales the weight of taste and popularity. 0 for items without the query's words: taste and
    popularity choose among the items that match the query, and put no others before them. So it is
    less for items that lack some of several words: times (BM25 / the best BM25)^COVERAGE_POWER.
    Without a query BREADTH_WITHOUT_QUERY, and 0 where the caller gave the items: the caller chose
    them, often because they are popular (measured on games, 99 items drawn by popularity: NDCG@10
    .093 with BREADTH_WITHOUT_QUERY, .254 with 0).
    """
    if not query_text:
        alone = 0.0 if given else BREADTH_WITHOUT_QUERY
        return np.full(len(candidates), alone, dtype=np.float32)
    query_terms = max(len(terms(query_text)), 1)
    breadth: Floats = candidates.has_words.astype(np.float32) / np.float32(query_terms)
    if query_terms > 1:  # of one word BM25 tells only how long the text is
        breadth *= _coverage(candidates.scores_of(WORDS)) ** COVERAGE_POWER
    return breadth


def _coverage(bm25: Floats) -> Floats:
    """How much of the query's words each candidate has, in [0, 1], by BM25 [n].

    What only other legs returned (NaN) has no more than the last of the words leg.
    """
    known = bm25[~np.isnan(bm25)]
    if not known.size or known.max() <= 0:
        return np.ones_like(bm25)
    covered: Floats = np.nan_to_num(bm25, nan=float(known.min())) / known.max()
    return covered
