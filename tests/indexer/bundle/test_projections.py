"""The halves of the layout `concat`."""

import numpy as np
import pytest

from indexer.bundle.projections import fit_projections, unit


def embeddings(n: int = 300, dims: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    # Variance falls with the dimension, as in real embeddings, so that a projection can keep most.
    return unit((rng.normal(size=(n, dims)) * 0.8 ** np.arange(dims)).astype(np.float32))


def test_item_vectors_have_two_unit_halves_of_equal_weight() -> None:
    e = embeddings()
    g = fit_projections(e, M=20, K=10).item_vectors(e)
    assert g.shape == (300, 30)
    assert g.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(g[:, :20], axis=1), np.sqrt(0.5), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(g[:, 20:], axis=1), np.sqrt(0.5), atol=1e-5)


def test_fitted_projections_keep_cosines_better_than_random_ones() -> None:
    e = embeddings()
    fitted = fit_projections(e, M=12, K=12).meaning(e)
    rng = np.random.default_rng(1)
    random = unit((e @ np.linalg.qr(rng.normal(size=(32, 12)))[0]).astype(np.float32))
    true = e @ e.T
    assert np.abs(fitted @ fitted.T - true).mean() < 0.5 * np.abs(random @ random.T - true).mean()


def test_two_fits_agree_and_a_half_larger_than_the_embedding_is_refused() -> None:
    e = embeddings()
    np.testing.assert_array_equal(fit_projections(e, 8, 4).P_M, fit_projections(e, 8, 4).P_M)
    with pytest.raises(ValueError, match="LIVE_INTENT_MEANING_DIMS"):
        fit_projections(e, 33, 4)


def test_a_zero_row_stays_zero() -> None:
    np.testing.assert_array_equal(unit(np.zeros((2, 3), np.float32)), np.zeros((2, 3)))
