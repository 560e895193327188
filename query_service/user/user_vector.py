"""The fused user vector of the method: D_H, D_q, D_u, D_B, D_a, D_b, D_ub and R; `build` makes it.

Pure numpy, no I/O. Every part is linear in its sources (the live query, an earlier query, an
event), and R is a sum of one row per source (`contributions`), so that an explanation can name the
share of each source. A part without input is left out and its weight goes to the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import unit
from indexer.catalogue.words.terms import terms
from query_service.user import actions
from query_service.user.demand import demand_texts, query_terms, search_history
from query_service.user.session_steps import SessionSteps, gate_inputs, session_steps
from query_service.user.vector_part import TINY, Source, VectorPart, Vectors, mix
from query_service.user.visitor import Event, Visitor


@dataclass(frozen=True)
class FusionWeights:
    """The fixed weights of the method."""

    alpha: float = 0.7  # D_u = alpha D_H + (1 - alpha) D_q
    beta: float = 0.8  # D_b = beta D_B + (1 - beta) D_a
    demand: float = 0.5  # D_ub = demand D_u + (1 - demand) D_b
    event_decay: float = 0.93  # decay per step: about half after ten events
    event_half_life_s: float = 7 * 86400.0


@dataclass(frozen=True)
class UserVector:
    """R float32 [dims] (zero when nothing is known), and what it is made of.

    `contributions` float32 [S, dims] add up to R; `sources` names its rows; D_H to D_b are its
    parts. `event_weights` float32 [E]: the signed weights of the visitor's events, sum of absolute
    values 1 (0 for events that cannot count). `gate_inputs` float32 [6]: the input of a learned
    model's gates; None without a model.
    """

    R: Vectors
    contributions: Vectors
    sources: tuple[Source, ...]
    D_H: VectorPart
    D_q: VectorPart
    D_B: VectorPart
    D_a: VectorPart
    D_u: VectorPart
    D_b: VectorPart
    event_weights: Vectors
    gate_inputs: Vectors | None = None

    @property
    def known(self) -> bool:
        """Whether R is not zero."""
        return bool(np.any(self.R))

    @property
    def knows_behaviour(self) -> bool:
        """Whether the visitor's past (not only the live query) is in it."""
        return any(source.kind != "query" for source in self.sources)


class UserVectorModel(Protocol):
    """The learned part of the user vector: `user_model.UserModel`, which alone needs torch."""

    @property
    def most_steps(self) -> int: ...
    def behaviour(self, D_B: Vectors, steps: SessionSteps) -> Vectors: ...
    def gate(self, inputs: Vectors) -> tuple[float, float, float] | None: ...


def build(
    visitor: Visitor,
    bundle: ModelBundle,
    *,
    now: float,
    query_text: str = "",
    query_vector: Vectors | None = None,
    scenario: str = "shop",
    weights: FusionWeights | None = None,
    model: UserVectorModel | None = None,
) -> UserVector:
    """The user vector of a visitor, with or without a live query.

    `query_vector` float32 [D] is the encoder's embedding of `query_text`; both or neither.
    Events whose item vector is unknown are left out, as are queries without a vector.
    """
    weights, events = weights or FusionWeights(), visitor.events
    signed = event_weights(events, visitor.session_id, now, scenario, weights)
    usable = [i for i, event in enumerate(events) if event.vector is not None and signed[i] != 0]
    sources = [Source(visitor.event_kind(i), i) for i in usable]
    vectors = np.array([events[i].vector for i in usable], dtype=np.float32)
    vectors = vectors.reshape(-1, bundle.spec.vector_dims)

    texts = demand_texts(visitor, bundle, signed, scenario)
    D_H = search_history(visitor, bundle, query_text, query_vector, now=now, texts=texts)
    D_q = query_terms(query_text, bundle)
    D_B = behaviour_sequence(vectors, signed[usable], sources, bundle)
    features = [events[i].features for i in usable]
    D_a = action_statistics(features, signed[usable], sources, bundle)
    inputs: Vectors | None = None
    if model is not None:
        D_B = _with_learned(D_B, visitor, bundle, model)
        agreement = 0.0
        if usable and D_H.known:
            history = unit(signed[usable] @ bundle.halves(vectors)[0])
            agreement = float(D_H.vector @ history)
        ages = [max(now - events[i].timestamp, 0.0) for i in usable]
        inputs = gate_inputs(len(terms(query_text)), len(visitor.queries), ages, agreement)
        gates = model.gate(inputs)
        if gates is not None:
            alpha, beta, demand = gates
            weights = replace(weights, alpha=alpha, beta=beta, demand=demand)
    D_u = mix(D_H, D_q, weights.alpha)
    D_b = mix(D_B, D_a, weights.beta)
    D_ub = fuse(D_u, D_b, bundle, weights.demand)
    total = float(np.abs(signed[usable]).sum())
    normalised = np.zeros_like(signed)
    if total > TINY:
        normalised[usable] = signed[usable] / total
    return UserVector(
        R=D_ub.vector.astype(np.float32), contributions=D_ub.rows, sources=D_ub.sources,
        D_H=D_H, D_q=D_q, D_B=D_B, D_a=D_a, D_u=D_u, D_b=D_b,
        event_weights=normalised, gate_inputs=inputs,
    )  # fmt: skip


def event_weights(
    events: Sequence[Event], session_id: str, now: float, scenario: str, weights: FusionWeights
) -> Vectors:
    """Signed weights by action and recency, float32 [E], not normalised. Events oldest first."""
    values = np.zeros(len(events), dtype=np.float32)
    for index, event in enumerate(events):
        steps_back = len(events) - 1 - index
        age = max(now - event.timestamp, 0.0)
        value = actions.weight(scenario, event.action, event.watched_fraction)
        value *= weights.event_decay**steps_back * 0.5 ** (age / weights.event_half_life_s)
        if event.session_id != session_id:
            value *= actions.EARLIER_SESSION
        values[index] = value
    return values


def behaviour_sequence(
    vectors: Vectors, weights: Vectors, sources: Sequence[Source], bundle: ModelBundle
) -> VectorPart:
    """D_B: an action- and recency-weighted mean of the items acted on, unit length, in R^K.

    `vectors` float32 [E, dims] are item vectors, `weights` float32 [E] are signed.
    """
    _, behaviour = bundle.halves(vectors)
    return VectorPart(behaviour * weights[:, None], tuple(sources)).unit()


def action_statistics(
    features: Sequence[Sequence[str]],
    weights: Vectors,
    sources: Sequence[Source],
    bundle: ModelBundle,
) -> VectorPart:
    """D_a: counts of actions by attribute, TF-IDF weighted, through W_ua, unit length, in R^K.

    `features` are the attribute features of each event's item, `weights` float32 [n] those of n
    events; the result has a row per event.
    """
    columns = bundle.W_ua.columns
    used = sorted({columns[f] for names in features for f in names if f in columns})
    used_index = {column: index for index, column in enumerate(used)}
    counts = np.zeros((len(features), len(used)), dtype=np.float32)
    for row, names in enumerate(features):
        for name in names:
            if name in columns:
                counts[row, used_index[columns[name]]] += weights[row]
    rows = (counts * bundle.W_ua.idf[used]) @ bundle.W_ua.W[used]
    return VectorPart(rows.astype(np.float32), tuple(sources)).unit()


def fuse(D_u: VectorPart, D_b: VectorPart, bundle: ModelBundle, demand: float) -> VectorPart:
    """D_ub: a weighted sum (layout `sum`) or [D_u ; D_b] (layout `concat`), unit length."""
    if bundle.projections is None:
        return mix(D_u, D_b, demand)
    M, K = D_u.rows.shape[1], D_b.rows.shape[1]
    left = VectorPart(np.pad(D_u.rows, ((0, 0), (0, K))), D_u.sources)
    right = VectorPart(np.pad(D_b.rows, ((0, 0), (M, 0))), D_b.sources)
    return mix(left, right, demand)


def _with_learned(
    D_B: VectorPart, visitor: Visitor, bundle: ModelBundle, model: UserVectorModel
) -> VectorPart:
    """The learned D_B: the formula's rows, and one more for what the model adds."""
    if not D_B.known:
        return D_B
    learned = model.behaviour(D_B.vector, session_steps(visitor, bundle, model.most_steps))
    added = learned - D_B.vector
    if not np.any(np.abs(added) > TINY):
        return D_B
    rows = np.concatenate([D_B.rows, added[None, :]]).astype(np.float32)
    return VectorPart(rows, (*D_B.sources, Source("model")))
