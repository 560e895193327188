"""The meaning cut, fitted on texts that mean nothing."""

import numpy as np

from indexer.bundle.meaning_cut import TEXTS, fit_meaning_cut, meaningless_texts
from indexer.bundle.projections import unit


def test_the_texts_are_the_same_in_every_rebuild_and_all_differ():
    assert meaningless_texts() == meaningless_texts()
    assert len(set(meaningless_texts())) == TEXTS


def test_the_cut_is_a_quantile_of_the_cosine_with_the_nearest_item():
    rng = np.random.default_rng(0)
    queries = unit(rng.standard_normal((TEXTS, 16)).astype(np.float32))
    items = unit(rng.standard_normal((500, 16)).astype(np.float32))
    beside_words, alone = fit_meaning_cut(queries, items)
    nearest = sorted(max(float(q @ item) for item in items) for q in queries)
    assert nearest[49] <= beside_words <= nearest[50]
    assert nearest[94] <= alone <= nearest[95]
