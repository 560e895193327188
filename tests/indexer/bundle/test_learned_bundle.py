"""Learned bundles: complete or refused, never overwritten; and the item halves in them."""

import json
from pathlib import Path

import numpy as np
import pytest

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.learned_bundle import (
    ENCODER,
    ITEM_HALVES,
    RERANKER,
    USER_MODEL,
    LearnedBundle,
    draft_bundle,
)
from indexer.bundle.projections import Projections, fit_projections, unit


def _embeddings(n: int = 40, dimension: int = 12) -> np.ndarray:
    return unit(np.random.default_rng(0).normal(size=(n, dimension)).astype(np.float32))


def _halves() -> Projections:
    fitted = fit_projections(_embeddings(), 6, 4)
    residuals = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float16).astype(np.float32)
    return Projections(fitted.P_M, fitted.P_K, ("a", "b"), residuals)


def test_residuals_change_only_the_behaviour_half_of_known_items() -> None:
    halves, e = _halves(), _embeddings(3)
    untrained = fit_projections(_embeddings(), 6, 4).item_vectors(e)
    vectors = halves.item_vectors(e, ["b", "unknown", "a"])
    np.testing.assert_allclose(vectors[1], untrained[1], atol=1e-6)
    expected = unit(e[0] @ halves.P_K.T + halves.residuals[1]) / np.sqrt(2)
    np.testing.assert_allclose(vectors[0, 6:], expected, atol=1e-6)
    np.testing.assert_allclose(vectors[:, :6], untrained[:, :6], atol=1e-6)


def test_saved_halves_load_with_the_same_fingerprint(tmp_path: Path) -> None:
    halves = _halves()
    halves.save(tmp_path)
    loaded = Projections.load(tmp_path)
    assert loaded.fingerprint == halves.fingerprint
    assert loaded.fingerprint != fit_projections(_embeddings(), 6, 4).fingerprint
    np.testing.assert_allclose(loaded.residuals, halves.residuals)


def _write(out: Path, *parts: str, base: LearnedBundle | None = None) -> LearnedBundle:
    with draft_bundle(out, base) as draft:
        for part in parts:
            (draft.folder(part) / "file.txt").write_text(part)
            draft.set_provenance(part, {"seed": 1})
    return LearnedBundle.open(out)


def test_a_bundle_has_the_parts_of_its_base(tmp_path: Path) -> None:
    first = _write(tmp_path / "b1", ENCODER, ITEM_HALVES, USER_MODEL)
    second = _write(tmp_path / "b2", RERANKER, base=first)
    assert set(second.provenance) == {ENCODER, ITEM_HALVES, USER_MODEL, RERANKER}
    assert (second.path(ENCODER) / "file.txt").read_text() == ENCODER


def test_parts_learned_on_a_replaced_part_are_dropped(tmp_path: Path) -> None:
    first = _write(tmp_path / "b1", ENCODER, ITEM_HALVES, USER_MODEL, RERANKER)
    second = _write(tmp_path / "b2", ENCODER, base=first)
    assert set(second.provenance) == {ENCODER}
    with pytest.raises(BundleError, match="has no user_model"):
        second.path(USER_MODEL)


def test_a_bundle_is_never_overwritten_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    _write(tmp_path / "b1", ENCODER)
    with pytest.raises(BundleError, match="never overwritten"):
        _write(tmp_path / "b1", ENCODER)

    def broken() -> None:
        with draft_bundle(tmp_path / "b2") as draft:
            draft.folder(ENCODER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert [path.name for path in tmp_path.iterdir()] == ["b1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "encoder/file.txt").write_text("other"), "damaged"),
        (lambda f: (f / "manifest.json").unlink(), "no learned bundle"),
        (lambda f: (f / "manifest.json").write_text("{"), "not JSON"),
        (lambda f: (f / "manifest.json").write_text(json.dumps({"format": 1})), "of an index"),
        (
            lambda f: (f / "manifest.json").write_text(json.dumps({"kind": "learned"})),
            "has format None",
        ),
    ],
)
def test_a_damaged_or_foreign_bundle_is_refused(tmp_path: Path, change, message: str) -> None:
    bundle = _write(tmp_path / "b1", ENCODER)
    change(bundle.folder)
    with pytest.raises(BundleError, match=message):
        LearnedBundle.open(bundle.folder)
