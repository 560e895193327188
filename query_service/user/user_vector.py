"""The fused user vector, as the method has it: D_H, D_q, D_u, D_B, D_a, D_b, D_ub and R.

Pure numpy, no I/O. Every part is linear in its sources (the query, an earlier query, an event),
and R keeps the sum's rows apart: `contributions` add up to R, so that an explanation can say what
each source was worth. A part without input is left out and its weight goes to the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import unit
from indexer.catalogue.terms import terms
from query_service.user import actions
from query_service.user.session_steps import SessionSteps, gate_inputs, session_steps
from query_service.user.vector_part import (
    TINY,
    Source,
    VectorPart,
    Vectors,
    mix,
    nothing,
    vector_part,
)
from query_service.user.visitor import Event, PastQuery, Visitor


@dataclass(frozen=True)
class FusionWeights:
    """The fixed weights of the method, until they are learned."""

    alpha: float = 0.7  # D_u = alpha D_H + (1 - alpha) D_q
    beta: float = 0.8  # D_b = beta D_B + (1 - beta) D_a
    demand: float = 0.5  # D_ub = demand D_u + (1 - demand) D_b
    query_decay: float = 0.5  # an earlier query counts this much of the one after it
    query_half_life_s: float = 1800.0
    event_decay: float = 0.93  # likewise for events: about half after ten
    event_half_life_s: float = 7 * 86400.0
    user_history: float = 0.5  # what an event of an earlier session counts


@dataclass(frozen=True)
class UserVector:
    """R float32 [dims] (zero when nothing is known) and what it is made of.

    `contributions` float32 [S, dims] add up to R; `sources` names its rows. D_H, D_q, D_B and D_a
    are kept for inspection. `event_weights` float32 [E] are the signed weights of the visitor's
    events, sum of absolute values 1 (0 for events that cannot count). `gate_inputs` float32 [6]
    are what a learned model's gates looked at; None without a model.
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
        """Whether R says anything."""
        return bool(np.any(self.R))

    @property
    def knows_behaviour(self) -> bool:
        """Whether the visitor's past (not only the current query) is in it."""
        return any(source.kind != "query" for source in self.sources)


class UserVectorModel(Protocol):
    """What is learned of the user vector (`user_model.UserModel`); None before training."""

    @property
    def most_steps(self) -> int: ...
    def behaviour(self, D_B: Vectors, steps: SessionSteps) -> Vectors:
        """The learned D_B, float32 [K], unit length, from the formula's."""
        ...

    def gate(self, inputs: Vectors) -> tuple[float, float, float] | None:
        """alpha, beta and demand; None: they stay as they are."""
        ...


def event_weights(
    events: Sequence[Event], session_id: str, now: float, scenario: str, weights: FusionWeights
) -> Vectors:
    """Signed weights by action and recency, float32 [E], not normalised. Events oldest first."""
    found = np.zeros(len(events), dtype=np.float32)
    for place, event in enumerate(events):
        steps_back = len(events) - 1 - place
        age = max(now - event.timestamp, 0.0)
        value = actions.weight(scenario, event.action, event.watched_fraction)
        value *= weights.event_decay**steps_back * 0.5 ** (age / weights.event_half_life_s)
        if event.session_id != session_id:
            value *= weights.user_history
        found[place] = value
    return found


def search_history(
    query_vector: Vectors | None,
    queries: Sequence[tuple[int, PastQuery]],
    texts: Sequence[tuple[Source, Vectors, float]],
    visitor_session: str,
    now: float,
    bundle: ModelBundle,
    weights: FusionWeights,
) -> VectorPart:
    """D_H: a recency-weighted mean of the query and the earlier ones, unit length, in R^M.

    `query_vector` float32 [D] or None; `queries` oldest first with their place in the visitor;
    `texts` are meaning vectors [M] of written or browsed texts with their weights. An earlier
    query counts as much as it has to do with the current one: a change of mind is no history.
    """
    rows: list[Vectors] = []
    sources: list[Source] = []
    current = None if query_vector is None else bundle.meaning(query_vector)
    if current is not None:
        rows.append(current)
        sources.append(Source("query"))
    for steps_back, (place, query) in enumerate(reversed(queries), start=1):
        if query.vector is None:
            continue
        vector = bundle.meaning(query.vector)
        age = max(now - query.timestamp, 0.0)
        value = weights.query_decay**steps_back * 0.5 ** (age / weights.query_half_life_s)
        if query.session_id != visitor_session:
            value *= weights.user_history
        if current is not None:
            value *= max(float(current @ vector), 0.0)
        rows.append(vector * np.float32(value))
        sources.append(Source("search_history", place))
    for source, vector, value in texts:
        rows.append(vector * np.float32(value))
        sources.append(source)
    return vector_part(rows, sources, _demand_dims(bundle)).unit()


def query_terms(query_text: str, bundle: ModelBundle) -> VectorPart:
    """D_q: TF-IDF of the current query through W_uq, unit length, in R^M."""
    counts: dict[str, float] = {}
    for term in terms(query_text):
        counts[term] = counts.get(term, 0.0) + 1.0
    vector = bundle.W_uq.embed(counts)
    return vector_part([vector], [Source("query")], len(vector)).unit()


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

    `features` are the attribute features of each event's item; a row of the result per event.
    """
    columns: Mapping[str, int] = bundle.W_ua.columns
    used = sorted({columns[f] for row in features for f in row if f in columns})
    place = {column: position for position, column in enumerate(used)}
    counts = np.zeros((len(features), len(used)), dtype=np.float32)
    for row, names in enumerate(features):
        for name in names:
            if name in columns:
                counts[row, place[columns[name]]] += weights[row]
    rows = (counts * bundle.W_ua.idf[used]) @ bundle.W_ua.W[used]
    return VectorPart(rows.astype(np.float32), tuple(sources)).unit()


def fuse(D_u: VectorPart, D_b: VectorPart, bundle: ModelBundle, demand: float) -> VectorPart:
    """D_ub: a weighted sum (layout `sum`) or [D_u ; D_b] (layout `concat`), unit length."""
    if bundle.projections is None:
        return mix(D_u, D_b, demand)
    M, K = len(bundle.projections.P_M), len(bundle.projections.P_K)
    left = VectorPart(np.pad(D_u.rows, ((0, 0), (0, K))), D_u.sources)
    right = VectorPart(np.pad(D_b.rows, ((0, 0), (M, 0))), D_b.sources)
    return mix(left, right, demand)


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
    """The user vector of a visitor with (or without) a live query.

    `query_vector` float32 [D] is the encoder's embedding of `query_text`; both or neither.
    Events whose item vector is unknown are left out, as are queries without a vector.
    """
    weights = weights or FusionWeights()
    queries = [
        (place, query)
        for place, query in enumerate(visitor.queries)
        if query.query_text.casefold() != query_text.casefold()
    ]
    raw = event_weights(visitor.events, visitor.session_id, now, scenario, weights)
    usable = [i for i, e in enumerate(visitor.events) if e.vector is not None and raw[i] != 0]
    sources = [_event_source(visitor, place) for place in usable]

    texts = _demand_texts(visitor, bundle, raw, scenario)
    D_H = search_history(query_vector, queries, texts, visitor.session_id, now, bundle, weights)
    D_q = query_terms(query_text, bundle) if query_text else nothing(_demand_dims(bundle))

    if usable:
        vectors = np.stack([v for i in usable if (v := visitor.events[i].vector) is not None])
        D_B = behaviour_sequence(vectors, raw[usable], sources, bundle)
        features = [visitor.events[i].features for i in usable]
        D_a = action_statistics(features, raw[usable], sources, bundle)
    else:
        D_B = D_a = nothing(_behaviour_dims(bundle))
    looked_at: Vectors | None = None
    if model is not None:
        D_B = _learned(D_B, visitor, bundle, model)
        looked_at = _gate_inputs(visitor, bundle, query_text, D_H, raw, usable, now)
        gates = model.gate(looked_at)
        if gates is not None:
            alpha, beta, demand = gates
            weights = replace(weights, alpha=alpha, beta=beta, demand=demand)
    D_u = mix(D_H, D_q, weights.alpha)
    D_b = mix(D_B, D_a, weights.beta)
    fused = fuse(D_u, D_b, bundle, weights.demand)
    total = float(np.abs(raw[usable]).sum())
    normalised = np.zeros_like(raw)
    if total > TINY:
        normalised[usable] = raw[usable] / total
    return UserVector(
        R=fused.vector.astype(np.float32),
        contributions=fused.rows,
        sources=fused.sources,
        D_H=D_H,
        D_q=D_q,
        D_B=D_B,
        D_a=D_a,
        D_u=D_u,
        D_b=D_b,
        event_weights=normalised,
        gate_inputs=looked_at,
    )


def _learned(
    D_B: VectorPart, visitor: Visitor, bundle: ModelBundle, model: UserVectorModel
) -> VectorPart:
    """D_B as the model has it: the formula's rows, and one more for what was learned."""
    if not D_B.known:
        return D_B
    learned = model.behaviour(D_B.vector, session_steps(visitor, bundle, model.most_steps))
    added = learned - D_B.vector
    if not np.any(np.abs(added) > TINY):
        return D_B
    rows = np.concatenate([D_B.rows, added[None, :]]).astype(np.float32)
    return VectorPart(rows, (*D_B.sources, Source("model")))


def _gate_inputs(
    visitor: Visitor,
    bundle: ModelBundle,
    query_text: str,
    D_H: VectorPart,
    raw: Vectors,
    usable: Sequence[int],
    now: float,
) -> Vectors:
    """What the learned gates look at for this visitor and query, float32 [6]."""
    agreement = 0.0
    if usable and D_H.known:
        vectors = np.stack([v for i in usable if (v := visitor.events[i].vector) is not None])
        leaning = unit(raw[usable] @ bundle.halves(vectors)[0])
        agreement = float(D_H.vector @ leaning)
    ages = [max(now - visitor.events[i].timestamp, 0.0) for i in usable]
    return gate_inputs(len(terms(query_text)), len(visitor.queries), ages, agreement)


def _demand_texts(
    visitor: Visitor, bundle: ModelBundle, raw: Vectors, scenario: str
) -> list[tuple[Source, Vectors, float]]:
    """Texts that count as demand: comments always; what was browsed or liked where it is a feed."""
    largest = max(float(np.abs(raw).max(initial=0.0)), TINY)
    found: list[tuple[Source, Vectors, float]] = []
    for place, event in enumerate(visitor.events):
        value = 0.5 * max(float(raw[place]), 0.0) / largest
        if value <= 0:
            continue
        if event.text_vector is not None:
            source = _event_source(visitor, place)
            found.append((source, bundle.meaning(event.text_vector), value))
        if scenario in actions.TEXTS_ARE_DEMAND and event.vector is not None:
            meaning, _ = bundle.halves(event.vector)
            found.append((_event_source(visitor, place), unit(meaning), value))
    return found


def _event_source(visitor: Visitor, place: int) -> Source:
    own = visitor.events[place].session_id == visitor.session_id
    return Source("event" if own else "user_history", place)


def _demand_dims(bundle: ModelBundle) -> int:
    return len(bundle.projections.P_M) if bundle.projections else bundle.spec.dimension


def _behaviour_dims(bundle: ModelBundle) -> int:
    return len(bundle.projections.P_K) if bundle.projections else bundle.spec.dimension
