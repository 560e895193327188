"""What the plugin inside OpenSearch needs of events and queries beside what this service reads.

The plugin has no model bundle: what the bundle adds to an event or a query is stored with it. It
belongs to one vector space, and to the bundle that made it: a later fit in the same space gives
other attribute vectors, which differ as two fits differ.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.bundle.model_bundle import ModelBundle
from query_service.user.vector_part import Vectors


@dataclass(frozen=True)
class QueryMeaning:
    """A query's demand vector, float32 [M]; None where its embedding is that, in the layout `sum`.

    `vector_space`: see `ModelBundle.vector_space`.
    """

    vector: Vectors | None
    vector_space: str


def attribute_vector(features: Sequence[str], bundle: ModelBundle) -> Vectors | None:
    """What one event with these features adds to D_a, before its weight, float32 [K].

    D_a is the unit sum of weight x this vector over events. None where no feature is known.
    """
    known = [feature for feature in features if feature in bundle.W_ua.columns]
    return bundle.W_ua.embed(Counter(known)) if known else None


def query_meaning(embedding: Vectors | None, bundle: ModelBundle) -> QueryMeaning | None:
    """The meaning of a query's `embedding` float32 [D]; None without one."""
    if embedding is None:
        return None
    vector = bundle.meaning(embedding) if bundle.projections else None
    return QueryMeaning(vector, bundle.vector_space)
