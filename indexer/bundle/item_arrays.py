"""Arrays of items in a bundle: a safetensors file, with the item ids as JSON beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


def save_item_arrays(weights: Path, arrays: Arrays, ids_file: Path, ids: Sequence[str]) -> None:
    """Writes the arrays to `weights` and the item ids to `ids_file`."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, weights)
    ids_file.write_text(json.dumps(list(ids), ensure_ascii=False), "utf-8")


def load_item_arrays(weights: Path, ids_file: Path) -> tuple[Arrays, tuple[str, ...]]:
    """The reverse of `save_item_arrays`: the arrays, and the item ids."""
    from safetensors.numpy import load_file

    return load_file(weights), tuple(json.loads(ids_file.read_text("utf-8")))
