"""The re-ranker's input: candidates and intent as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.model_bundle import ModelBundle
from indexer.catalogue.terms import terms
from query_service.ranking.affinity import affinity
from query_service.retrieval.candidates import Candidates
from query_service.retrieval.plan import PERSON, WORDS
from query_service.user.intent import Intent
from query_service.user.user_vector import UserVector
from query_service.user.vector_part import VectorPart

Floats = NDArray[np.float32]
# Without a query everything is open, far more than with one word. Measured on movielens' validation
# sessions: NDCG@10 .016 with 0, .061 with 1, .083 with 3, .084 with 8; popularity alone .090.
BREADTH_WITHOUT_QUERY = 3.0


@dataclass(frozen=True)
class RerankInput:
    """n candidates, and one visitor with E events. M and K: dimensions of an item vector's halves.

    `meaning` float32 [n, M] and `behaviour` float32 [n, K]: the candidates' halves;
    `query_meaning` float32 [M] or None; `contributions` float32 [S, dims] add up to R; `affinity`
    float32 [n, E]; `popularity` float32 [n] in [0, 1]; `breadth` float32 [n], see `query_breadth`.

    Of the events: `event_weights` float32 [E], signed; `event_meaning` float32 [E, M],
    `event_behaviour` float32 [E, K]; `event_ids` and `event_titles` [E]. `demand` float32 [M] is
    D_u, `tastes` float32 [3, K] are D_b, D_B and D_a (zero where unknown). `given`: the caller
    named the items, no leg found them.
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


def rerank_input(
    bundle: ModelBundle, candidates: Candidates, intent: Intent, *, given: bool = False
) -> RerankInput:
    """The arrays for `candidates`. Events without an item vector have zero vectors.

    `given`: the caller named the candidates.
    """
    meaning, behaviour = bundle.halves(candidates.vectors)
    user_vector = intent.user_vector
    events = intent.visitor.events if user_vector is not None else ()
    event_vectors = np.zeros((len(events), bundle.spec.vector_dims), dtype=np.float32)
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
        contributions=_contributions(user_vector, bundle.spec.vector_dims),
        affinity=affinity(candidates, events),
        popularity=bundle.statistics.popularity(candidates.popularity),
        breadth=query_breadth(candidates, intent.query_text, given=given),
        event_weights=_event_weights(user_vector),
        event_meaning=event_meaning,
        event_behaviour=event_behaviour,
        event_ids=tuple(event.item_id for event in events),
        event_titles=tuple(event.title for event in events),
        demand=_parts(user_vector, ("D_u",), meaning.shape[1])[0],
        tastes=_parts(user_vector, ("D_b", "D_B", "D_a"), behaviour.shape[1]),
        query_text=intent.query_text,
        query_terms=len(terms(intent.query_text)),
        given=given,
    )


def query_breadth(candidates: Candidates, query_text: str, *, given: bool = False) -> Floats:
    """Query breadth of each candidate, float32 [n]: 1 / the query's number of terms.

    It says how open the query leaves which item is wanted. 0 for items that came by meaning alone:
    the visitor's taste and popularity choose among what was asked for, and do not put other things
    before it. Without a query BREADTH_WITHOUT_QUERY, and 0 where the caller gave the items: they
    are meant already, often because they are popular (measured on games, 99 items drawn by
    popularity: NDCG@10 .093 with BREADTH_WITHOUT_QUERY, .254 with 0).
    """
    if not query_text:
        breadth = 0.0 if given else BREADTH_WITHOUT_QUERY
        return np.full(len(candidates), breadth, dtype=np.float32)
    has_words = candidates.scores_of(WORDS) > 0  # False for NaN
    has_words |= np.isfinite(candidates.scores_of(PERSON))  # that leg asks for the words
    breadth = 1 / max(len(terms(query_text)), 1)
    return np.where(has_words, breadth, 0.0).astype(np.float32)


def _contributions(user_vector: UserVector | None, dims: int) -> Floats:
    if user_vector is None:
        return np.zeros((0, dims), dtype=np.float32)
    return user_vector.contributions


def _event_weights(user_vector: UserVector | None) -> Floats:
    return np.zeros(0, dtype=np.float32) if user_vector is None else user_vector.event_weights


def _parts(user_vector: UserVector | None, names: tuple[str, ...], dims: int) -> Floats:
    """Parts of the user vector by name, float32 [names, dims]; zero where there is no input."""
    rows = np.zeros((len(names), dims), dtype=np.float32)
    if user_vector is not None:
        for row, name in zip(rows, names, strict=True):
            part: VectorPart = getattr(user_vector, name)
            if part.known:
                row[:] = part.vector
    return rows
