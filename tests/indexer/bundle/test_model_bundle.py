"""The model bundle: complete or refused."""

from pathlib import Path

import numpy as np
import pytest

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from tests.query_service.fixtures import bundle, embeddings

LAYOUTS = pytest.mark.parametrize("layout", ["sum", "concat"])


@LAYOUTS
def test_a_saved_bundle_loads_unchanged(layout: str, tmp_path: Path) -> None:
    saved = bundle(layout)
    saved.save(tmp_path / "bundles" / "items-1")
    loaded = ModelBundle.load(tmp_path / "bundles" / "items-1")
    assert loaded.vector_space == saved.vector_space
    assert loaded.spec == saved.spec
    assert loaded.statistics == saved.statistics
    counts = {"xiaomi": 1.0, "phone": 1.0}
    np.testing.assert_array_equal(loaded.W_uq.embed(counts), saved.W_uq.embed(counts))
    np.testing.assert_array_equal(
        loaded.item_vectors(embeddings()), saved.item_vectors(embeddings())
    )


def test_another_vector_space_has_another_name() -> None:
    assert bundle("sum").vector_space != bundle("concat").vector_space
    assert bundle("concat").vector_space == bundle("concat").vector_space


def test_saving_again_replaces_the_folder_and_leaves_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "items-1"
    bundle().save(folder)
    bundle("concat").save(folder)
    assert ModelBundle.load(folder).projections is not None
    assert [path.name for path in tmp_path.iterdir()] == ["items-1"]


def test_the_error_of_a_missing_bundle_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="LIVE_INTENT_BUNDLES_DIR"):
        ModelBundle.load(tmp_path / "nowhere")


def test_a_damaged_bundle_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "items-1"
    bundle().save(folder)
    weights = folder / "weights.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(BundleError, match="damaged"):
        ModelBundle.load(folder)


def test_a_bundle_of_another_format_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "items-1"
    bundle().save(folder)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(BundleError, match="format 99"):
        ModelBundle.load(folder)


def test_popularity_is_scaled_to_the_catalogue_s_largest() -> None:
    scaled = bundle().statistics.popularity(np.array([0, 29, 500, -1], np.float32))
    np.testing.assert_allclose(scaled, [0, 1, 1, 0], atol=1e-6)
