"""What the plugin inside OpenSearch reads of events and queries agrees with the user vector."""

import numpy as np
import pytest

from query_service.user.engine_vectors import attribute_vector, query_meaning
from query_service.user.user_vector import build
from tests.query_service.fixtures import NOW, bundle, embeddings, event, visitor

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])


@LAYOUTS
def test_weighted_attribute_vectors_add_up_to_d_a(layout: str) -> None:
    fitted = bundle(layout)
    events = [
        event(fitted, 0, "purchase"),
        event(fitted, 1, "dislike"),
        event(fitted, 5, features=("brand:huawei", "brand:huawei", "brand:unknown")),
        event(fitted, 4, features=("brand:unknown",)),
    ]
    vectors = [attribute_vector(each.features, fitted) for each in events]
    assert vectors[3] is None
    fused = build(visitor(events), fitted, now=NOW)
    total = sum(
        weight * vector
        for weight, vector in zip(fused.event_weights, vectors, strict=True)
        if vector is not None
    )
    np.testing.assert_allclose(total / np.linalg.norm(total), fused.D_a.vector, atol=1e-5)


def test_a_query_has_a_meaning_of_its_own_where_the_layout_projects_it() -> None:
    [embedding] = embeddings()[:1]
    in_sum, in_concat = (query_meaning(embedding, bundle(each)) for each in ("sum", "concat"))
    assert in_sum is not None
    assert (in_sum.vector, in_sum.vector_space) == (None, bundle().vector_space)
    assert in_concat is not None
    assert in_concat.vector is not None
    np.testing.assert_array_equal(in_concat.vector, bundle("concat").meaning(embedding))
    assert in_concat.vector_space == bundle("concat").vector_space
    assert query_meaning(None, bundle()) is None
