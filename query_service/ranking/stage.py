"""From candidates to scores: the re-ranker within the deadline, else the fused order."""

import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.terms import terms
from query_service.index_view import View
from query_service.progress import Progress
from query_service.ranking.affinity import affinity
from query_service.ranking.fusion import fused
from query_service.ranking.reranker import Features, Scores, Scoring
from query_service.retrieval.candidates import LEGS, PERSON, WORDS, Candidates
from query_service.user.user_vector import UserVector
from query_service.user.visitor import Visitor

# Without a query everything is open, far more than with one word. Measured on movielens' validation
# sessions: NDCG@10 .016 with 0, .061 with 1, .083 with 3, .084 with 8; popularity alone .090.
OPEN = 3.0


class Cost:
    """How long the re-ranker takes, learned from its own runs: ms, exponentially weighted."""

    def __init__(self, first_guess_ms: float = 5.0) -> None:
        self._ms = first_guess_ms
        self._lock = threading.Lock()

    @property
    def ms(self) -> float:
        """The estimate for the next run."""
        return self._ms

    def learn(self, ms: float) -> None:
        """Takes one run into account; a single slow one (the first) does not dominate."""
        with self._lock:
            self._ms += 0.2 * (min(ms, 10 * self._ms) - self._ms)


def features(
    view: View,
    candidates: Candidates,
    query_embedding: NDArray[np.float32] | None,
    user_vector: UserVector | None,
    visitor: Visitor,
    query_text: str = "",
    *,
    given: bool = False,
) -> Features:
    """The re-ranker's input. Events without a vector, or without weight, are left out of it.

    `given`: the caller named the candidates.
    """
    meaning, behaviour = view.bundle.halves(candidates.vectors)
    events = visitor.events if user_vector is not None else ()
    vectors = np.zeros((len(events), behaviour.shape[1]), dtype=np.float32)
    meanings = np.zeros((len(events), meaning.shape[1]), dtype=np.float32)
    known = [place for place, event in enumerate(events) if event.vector is not None]
    if known:
        stacked = np.stack([v for place in known if (v := events[place].vector) is not None])
        meanings[known], vectors[known] = view.bundle.halves(stacked)
    return Features(
        candidates=candidates,
        meaning=meaning,
        behaviour=behaviour,
        query=None if query_embedding is None else view.bundle.meaning(query_embedding),
        contributions=_rows(user_vector, view.dims),
        event_vectors=vectors,
        event_weights=_weights(user_vector),
        affinity=affinity(candidates, events),
        popularity=view.bundle.statistics.popularity(candidates.popularity),
        breadth=breadth(candidates, query_text, given=given),
        event_meaning=meanings,
        event_ids=tuple(event.item_id for event in events),
        event_titles=tuple(event.title for event in events),
        demand=_demand(user_vector, meaning.shape[1]),
        tastes=_tastes(user_vector, behaviour.shape[1]),
        query_text=query_text,
        query_terms=len(terms(query_text)),
        given=given,
    )


def breadth(candidates: Candidates, query_text: str, *, given: bool = False) -> NDArray[np.float32]:
    """How open the query leaves which item is wanted: 1 / its number of terms, float32 [n].

    0 for items that came by meaning alone: the visitor's taste and popularity choose among what
    was asked for, and do not put other things before it. Without a query OPEN, and 0 where the
    caller gave the items: they are meant already, often because they are popular (measured on
    games, 99 items drawn by popularity: NDCG@10 .093 with OPEN, .254 with 0).
    """
    if not query_text:
        return np.full(len(candidates), 0.0 if given else OPEN, dtype=np.float32)
    has_words = candidates.legs[:, LEGS.index(WORDS)] > 0  # False for NaN
    has_words |= np.isfinite(candidates.legs[:, LEGS.index(PERSON)])  # that leg asks for them
    share = 1 / max(len(terms(query_text)), 1)
    return np.where(has_words, share, 0.0).astype(np.float32)


def score(reranker: Scoring | None, cost: Cost, inputs: Features, progress: Progress) -> Scores:
    """Scores of the candidates by the re-ranker; the fused order when it fails or would be late."""
    result: Scores | None = None
    if reranker is not None and len(inputs.candidates):
        with progress.stage("rerank"):
            if progress.clock.left_ms() < cost.ms:
                raise TimeoutError
            started = time.perf_counter()
            result = reranker.score(inputs)
            cost.learn((time.perf_counter() - started) * 1000)
    return result if result is not None else fused(inputs)


def varied(candidates: Candidates, by_score: Sequence[int], limit: int) -> list[int]:
    """`by_score` with the categories taken in turn, best first: a start page of many kinds."""
    queues: dict[str, list[int]] = {}
    for place in by_score:
        queues.setdefault(max(candidates.categories[place], key=len, default=""), []).append(place)
    result: list[int] = []
    while queues and len(result) < limit:
        for name in list(queues):
            result.append(queues[name].pop(0))
            if not queues[name]:
                del queues[name]
    return result[:limit]


def _rows(user_vector: UserVector | None, dims: int) -> NDArray[np.float32]:
    if user_vector is None:
        return np.zeros((0, dims), dtype=np.float32)
    return user_vector.contributions


def _demand(user_vector: UserVector | None, dims: int) -> NDArray[np.float32]:
    if user_vector is None or not user_vector.D_u.known:
        return np.zeros(dims, dtype=np.float32)
    return user_vector.D_u.vector


def _tastes(user_vector: UserVector | None, dims: int) -> NDArray[np.float32]:
    """D_b, D_B and D_a, float32 [3, K]; zero where there is no input."""
    found = np.zeros((3, dims), dtype=np.float32)
    if user_vector is not None:
        for place, part in enumerate((user_vector.D_b, user_vector.D_B, user_vector.D_a)):
            if part.known:
                found[place] = part.vector
    return found


def _weights(user_vector: UserVector | None) -> NDArray[np.float32]:
    return np.zeros(0, dtype=np.float32) if user_vector is None else user_vector.event_weights
