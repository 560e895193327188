"""The demand parts of the user vector: D_H of the queries and texts, D_q of the query's terms."""

from collections.abc import Sequence

import numpy as np

from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import unit
from indexer.catalogue.words.terms import terms
from query_service.user import actions
from query_service.user.vector_part import TINY, Source, VectorPart, Vectors, vector_part
from query_service.user.visitor import Visitor

QUERY_DECAY = 0.5  # decay per step: the weight of a query over that of the next one
QUERY_HALF_LIFE_S = 1800.0
TEXT_SHARE = 0.5  # weight of a text beside the live query, at the event with the largest weight
WeightedText = tuple[Source, Vectors, float]  # with its meaning vector [M]


def search_history(
    visitor: Visitor,
    bundle: ModelBundle,
    query_text: str,
    query_vector: Vectors | None,
    *,
    now: float,
    texts: Sequence[WeightedText] = (),
) -> VectorPart:
    """D_H: a recency-weighted mean of the live query and the earlier ones, unit length, in R^M.

    `query_vector` float32 [D] or None; `texts` are added with their weights. Repeats of the live
    query are left out. An earlier query's weight is multiplied by its cosine with the live query:
    a change of mind is no history.
    """
    current = None if query_vector is None else bundle.meaning(query_vector)
    weighted = [] if current is None else [(Source("query"), current, 1.0)]
    earlier = [
        (index, query)
        for index, query in enumerate(visitor.queries)
        if query.query_text.casefold() != query_text.casefold()
    ]
    for steps_back, (index, query) in enumerate(reversed(earlier), start=1):
        if query.vector is None:
            continue
        vector = bundle.meaning(query.vector)
        age = max(now - query.timestamp, 0.0)
        value = QUERY_DECAY**steps_back * 0.5 ** (age / QUERY_HALF_LIFE_S)
        if query.session_id != visitor.session_id:
            value *= actions.EARLIER_SESSION
        if current is not None:
            value *= max(float(current @ vector), 0.0)
        weighted.append((Source("search_history", index), vector, value))
    weighted += texts
    rows = [vector * np.float32(value) for _, vector, value in weighted]
    return vector_part(rows, [source for source, _, _ in weighted], bundle.W_uq.W.shape[1]).unit()


def demand_texts(
    visitor: Visitor, bundle: ModelBundle, signed: Vectors, scenario: str
) -> list[WeightedText]:
    """Texts that count as demand: comments, and in TEXTS_ARE_DEMAND the texts of the items too.

    `signed` float32 [E]: the events' weights; an event with a negative one has no demand.
    """
    largest = max(float(np.abs(signed).max(initial=0.0)), TINY)
    texts: list[WeightedText] = []
    for index, event in enumerate(visitor.events):
        value = TEXT_SHARE * max(float(signed[index]), 0.0) / largest
        if value <= 0:
            continue
        source = Source(visitor.event_kind(index), index)
        if event.text_vector is not None:
            texts.append((source, bundle.meaning(event.text_vector), value))
        if scenario in actions.TEXTS_ARE_DEMAND and event.vector is not None:
            meaning, _ = bundle.halves(event.vector)
            texts.append((source, unit(meaning), value))
    return texts


def query_terms(query_text: str, bundle: ModelBundle) -> VectorPart:
    """D_q: TF-IDF of the live query through W_uq, unit length, in R^M."""
    counts: dict[str, float] = {}
    for term in terms(query_text):
        counts[term] = counts.get(term, 0.0) + 1.0
    vector = bundle.W_uq.embed(counts)
    return vector_part([vector], [Source("query")], len(vector)).unit()
