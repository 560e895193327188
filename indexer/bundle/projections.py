"""The two halves of the `concat` layout: g_i = [P_M e ; P_K e + r_i], each half unit length.

Untrained, every residual r_i is 0. `learn user-model` learns P_K, and r_i for each item that
visitors acted on; for the others (cold items) r_i stays 0, so that their text alone counts.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.item_arrays import Arrays, load_item_arrays, save_item_arrays

Vectors = NDArray[np.float32]
_WEIGHTS, _IDS = "weights.safetensors", "ids.json"


def unit(vectors: Vectors) -> Vectors:
    """Rows at unit length, float32 [..., dims]; zero rows stay zero (no cosine uses them)."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = np.divide(
        vectors, norms, out=np.zeros_like(vectors, dtype=np.float32), where=norms > 1e-12
    )
    return scaled


@dataclass(frozen=True)
class Projections:
    """P_M float32 [M, D] and P_K float32 [K, D]; `residuals` float32 [n, K]: r_i of items `ids`."""

    P_M: Vectors
    P_K: Vectors
    ids: tuple[str, ...] = ()
    residuals: Vectors = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row in `residuals`, by item id."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def meaning(self, embeddings: Vectors) -> Vectors:
        """P_M e, float32 [..., M], unit length."""
        return unit(embeddings @ self.P_M.T)

    def behaviour(self, embeddings: Vectors, ids: Sequence[str] = ()) -> Vectors:
        """P_K e + r_i, float32 [..., K], unit length.

        `ids` are the items of the embeddings [n, D]; r_i is 0 without them and for unknown items.
        """
        projected = embeddings @ self.P_K.T
        if self.ids and len(ids):
            known = [(index, self.rows[i]) for index, i in enumerate(ids) if i in self.rows]
            if known:
                indices, rows = np.array(known).T
                projected[indices] += self.residuals[rows]
        return unit(projected)

    def item_vectors(self, embeddings: Vectors, ids: Sequence[str] = ()) -> Vectors:
        """g = [P_M e ; P_K e + r], float32 [n, M+K], unit length with halves of equal length."""
        halves = [self.meaning(embeddings), self.behaviour(embeddings, ids)]
        joined: Vectors = np.concatenate(halves, axis=-1) / np.float32(np.sqrt(2.0))
        return joined

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of a hash of P_M, P_K, residuals and item ids."""
        digest = hashlib.sha256()
        for weights in (self.P_M, self.P_K, self.residuals):
            digest.update(np.ascontiguousarray(weights.astype("<f2")).tobytes())
        digest.update("\n".join(self.ids).encode())
        return digest.hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Writes the part `item_halves` of a learned bundle; residuals as float16."""
        arrays: Arrays = {
            "P_M": self.P_M.astype(np.float32),
            "P_K": self.P_K.astype(np.float32),
            "residuals": self.residuals.astype(np.float16),
        }
        save_item_arrays(folder / _WEIGHTS, arrays, folder / _IDS, self.ids)

    @classmethod
    def load(cls, folder: Path) -> "Projections":
        """The reverse of `save`."""
        arrays, ids = load_item_arrays(folder / _WEIGHTS, folder / _IDS)
        return cls(arrays["P_M"], arrays["P_K"], ids, arrays["residuals"].astype(np.float32))


def fit_projections(embeddings: Vectors, M: int, K: int) -> Projections:
    """Projections that best keep inner products (Eckart and Young 1936), with zero residuals.

    Their rows are the leading right singular vectors of `embeddings` float32 [n, D], not centred.
    With n < M the remaining rows are arbitrary but orthonormal. Raises ValueError when M or K is
    larger than D.
    """
    dimension = embeddings.shape[1]
    if max(M, K) > dimension:
        raise ValueError(
            f"a half of {max(M, K)} dimensions cannot be cut from embeddings of {dimension}: "
            "set LIVE_INTENT_MEANING_DIMS and LIVE_INTENT_BEHAVIOUR_DIMS to at most that"
        )
    gram = embeddings.T.astype(np.float64) @ embeddings.astype(np.float64)
    _, directions = np.linalg.eigh(gram)  # ascending
    leading = directions[:, ::-1].T.astype(np.float32)
    # An eigenvector's sign is arbitrary: fix it, so that two fits of the same data agree.
    signs = np.sign(leading[np.arange(dimension), np.abs(leading).argmax(axis=1)])
    leading = leading * signs[:, None]
    return Projections(P_M=leading[:M].copy(), P_K=leading[:K].copy())
