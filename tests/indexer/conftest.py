"""Fixtures of several tests of the indexer."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with evaluation data; skips where it is absent."""
    folder = Path(os.environ.get("DATASETS_DIR", Path(__file__).parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no evaluation data in {folder}: set DATASETS_DIR")
    return folder
