"""A visitor's events and queries as the steps that the learned user model reads. Pure numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.model_bundle import ModelBundle
from query_service.user.actions import ACTIONS
from query_service.user.visitor import Visitor

Vectors = NDArray[np.float32]
QUERY = len(ACTIONS)  # the kind of a step that is a query; smaller kinds are indexes into ACTIONS
GATE_INPUTS = 6


@dataclass(frozen=True)
class SessionSteps:
    """n events and queries, oldest first.

    `behaviour` float32 [n, K] and `meaning` float32 [n, M], unit length (an event's item has both;
    a query has meaning alone, its behaviour is zero); `kind` int64 [n], the action or QUERY; `gap`
    float32 [n], seconds since the step before, 0 for the first.
    """

    behaviour: Vectors
    meaning: Vectors
    kind: NDArray[np.int64]
    gap: Vectors

    def __len__(self) -> int:
        return len(self.kind)


def session_steps(visitor: Visitor, bundle: ModelBundle, most: int) -> SessionSteps:
    """The newest `most` events and earlier queries that have a vector, in order of time."""
    steps: list[tuple[float, int, Vectors]] = [
        (event.timestamp, ACTIONS.index(event.action), event.vector)
        for event in visitor.events
        if event.vector is not None and event.action in ACTIONS
    ]
    steps += [(q.timestamp, QUERY, q.vector) for q in visitor.queries if q.vector is not None]
    steps = sorted(steps, key=lambda step: step[0])[-most:]
    timestamps = np.array([timestamp for timestamp, _, _ in steps])
    kinds = np.array([kind for _, kind, _ in steps], dtype=np.int64)
    gaps = np.diff(timestamps, prepend=timestamps[:1]).astype(np.float32)
    # W_ua maps into R^K, W_uq into R^M.
    behaviour = np.zeros((len(steps), bundle.W_ua.W.shape[1]), dtype=np.float32)
    meaning = np.zeros((len(steps), bundle.W_uq.W.shape[1]), dtype=np.float32)
    is_event = kinds != QUERY
    if is_event.any():
        vectors = np.stack([vector for _, kind, vector in steps if kind != QUERY])
        meaning[is_event], behaviour[is_event] = bundle.halves(vectors)
    if not is_event.all():
        embeddings = np.stack([vector for _, kind, vector in steps if kind == QUERY])
        meaning[~is_event] = bundle.meaning(embeddings)
    return SessionSteps(behaviour, meaning, kinds, gaps)


def gate_inputs(
    query_terms: int, queries: int, ages_s: Sequence[float], agreement: float
) -> Vectors:
    """What the gates read, float32 [6].

    How specific the query is (1 / terms; 0 without one), the number of earlier queries and of
    events (log), the age of the last event (days, log), whether there is an event, and how well the
    query agrees with the history (a cosine).
    """
    inputs = [
        1 / query_terms if query_terms else 0.0,
        math.log1p(queries) / 2,
        math.log1p(len(ages_s)) / 4,
        math.log1p(min(ages_s, default=0.0) / 86400) / 4,
        float(bool(ages_s)),
        agreement,
    ]
    return np.array(inputs, dtype=np.float32)
