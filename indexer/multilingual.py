"""Placeholder until the converter lands."""

from pathlib import Path

from indexer.model_names import ModelUnavailable


def converted(package: Path, models_dir: Path) -> Path:
    """The converted model's folder. Raises ModelUnavailable."""
    raise ModelUnavailable("the encoder multilingual cannot be converted yet")
