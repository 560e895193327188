"""W_uq and W_ua: ridge regression from TF-IDF to vectors, against a dense oracle."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from indexer.bundle.term_map import RIDGE, TermMap

ROWS = [["red", "shoe"], ["blue", "shoe"], ["red", "lamp"], ["blue", "lamp", "lamp"]] * 5


def vectors(dims: int = 6) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(ROWS), dims)).astype(np.float32)


def test_w_is_the_closed_form_of_ridge_regression() -> None:
    fitted = TermMap.fit(ROWS, list, vectors())
    X = TfidfVectorizer(analyzer=lambda row: row).fit_transform(ROWS).toarray()
    oracle = np.linalg.solve(X.T @ X + RIDGE * np.eye(X.shape[1]), X.T @ vectors())
    np.testing.assert_allclose(fitted.W, oracle, atol=1e-4)


def test_a_term_s_vector_is_near_the_items_that_have_it() -> None:
    shoe, lamp = np.eye(2, 6, dtype=np.float32)
    target = np.stack([shoe if "shoe" in row else lamp for row in ROWS])
    fitted = TermMap.fit(ROWS, list, target)
    assert fitted.embed({"shoe": 1}) @ shoe > fitted.embed({"shoe": 1}) @ lamp


def test_embed_is_linear_and_ignores_unknown_terms() -> None:
    fitted = TermMap.fit(ROWS, list, vectors())
    both = fitted.embed({"red": 2.0, "shoe": 1.0, "no such term": 9.0})
    np.testing.assert_allclose(
        both, 2 * fitted.embed({"red": 1}) + fitted.embed({"shoe": 1}), atol=1e-5
    )
    np.testing.assert_array_equal(fitted.embed({"no such term": 1}), np.zeros(6))


def test_a_catalogue_without_terms_gives_an_empty_map() -> None:
    fitted = TermMap.fit([[], []], list, vectors()[:2])
    assert fitted.vocabulary == ()
    np.testing.assert_array_equal(fitted.embed({"red": 1}), np.zeros(6))


def test_one_row_is_enough() -> None:
    assert np.any(TermMap.fit([["lamp"]], list, vectors()[:1]).embed({"lamp": 1}))
