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
QUERY = len(ACTIONS)  # the kind of a step that is a query; below it: places in ACTIONS
GATE_INPUTS = 6
_KINDS = {action: kind for kind, action in enumerate(ACTIONS)}


@dataclass(frozen=True)
class SessionSteps:
    """n events and queries, oldest first.

    `behaviour` float32 [n, K] and `meaning` float32 [n, M], unit length (an event's item has both,
    a query meaning alone, the other is zero); `kind` int64 [n], the action or QUERY; `gap` float32
    [n], seconds since the step before, 0 for the first.
    """

    behaviour: Vectors
    meaning: Vectors
    kind: NDArray[np.int64]
    gap: Vectors

    def __len__(self) -> int:
        return len(self.kind)


def session_steps(visitor: Visitor, bundle: ModelBundle, most: int) -> SessionSteps:
    """The newest `most` events with a vector and earlier queries with one, in order of time."""
    found: list[tuple[float, int, Vectors]] = [
        (event.timestamp, _KINDS[event.action], event.vector)
        for event in visitor.events
        if event.vector is not None and event.action in _KINDS
    ]
    found += [
        (query.timestamp, QUERY, query.vector)
        for query in visitor.queries
        if query.vector is not None
    ]
    found = sorted(found, key=lambda step: step[0])[-most:]
    times = np.array([moment for moment, _, _ in found])
    kinds = np.array([kind for _, kind, _ in found], dtype=np.int64)
    gaps = np.diff(times, prepend=times[:1]).astype(np.float32)
    K, M = _dims(bundle)
    behaviour = np.zeros((len(found), K), dtype=np.float32)
    meaning = np.zeros((len(found), M), dtype=np.float32)
    items = kinds != QUERY
    if items.any():
        vectors = np.stack([vector for _, kind, vector in found if kind != QUERY])
        meaning[items], behaviour[items] = bundle.halves(vectors)
    if not items.all():
        queries = np.stack([vector for _, kind, vector in found if kind == QUERY])
        meaning[~items] = bundle.meaning(queries)
    return SessionSteps(behaviour, meaning, kinds, gaps)


def gate_inputs(
    query_terms: int, queries: int, ages_s: Sequence[float], agreement: float
) -> Vectors:
    """What the gates look at, float32 [6].

    How specific the query is (1 / terms; 0 without one), how many earlier queries and events
    there are (log), how old the last event is (days, log), whether there is any, and how well the
    query agrees with the history (a cosine).
    """
    recent = math.log1p(min(ages_s) / 86400) if ages_s else 0.0
    inputs = [
        1 / query_terms if query_terms else 0.0,
        math.log1p(queries) / 2,
        math.log1p(len(ages_s)) / 4,
        recent / 4,
        float(bool(ages_s)),
        agreement,
    ]
    return np.array(inputs, dtype=np.float32)


def _dims(bundle: ModelBundle) -> tuple[int, int]:
    if bundle.projections is None:
        return bundle.spec.dimension, bundle.spec.dimension
    return len(bundle.projections.P_K), len(bundle.projections.P_M)
