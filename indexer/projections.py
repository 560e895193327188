"""The two halves of the `concat` layout: g_i = [P_M e ; P_K e + r_i], each half unit length."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    """Rows at unit length, float32 [..., dims]; a zero row stays zero (it never meets a cosine)."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = np.divide(
        vectors, norms, out=np.zeros_like(vectors, dtype=np.float32), where=norms > 1e-12
    )
    return scaled


@dataclass(frozen=True)
class Projections:
    """P_M float32 [M, D] and P_K float32 [K, D] from embeddings to the item's two halves."""

    P_M: Vectors
    P_K: Vectors

    def meaning(self, embeddings: Vectors) -> Vectors:
        """P_M e, float32 [..., M], unit length."""
        return unit(embeddings @ self.P_M.T)

    def behaviour(self, embeddings: Vectors) -> Vectors:
        """P_K e, float32 [..., K], unit length: the behaviour half before anything is learned."""
        return unit(embeddings @ self.P_K.T)

    def item_vectors(self, embeddings: Vectors) -> Vectors:
        """g = [P_M e ; P_K e], float32 [n, M+K], unit length with halves of equal length."""
        halves = [self.meaning(embeddings), self.behaviour(embeddings)]
        joined: Vectors = np.concatenate(halves, axis=-1) / np.float32(np.sqrt(2.0))
        return joined


def fit_projections(embeddings: Vectors, M: int, K: int) -> Projections:
    """Projections that keep inner products best: leading right singular vectors, not centred.

    (Eckart and Young 1936.) `embeddings` float32 [n, D]; needs M, K <= D. Where n < M the
    remaining directions are arbitrary but orthonormal, so nothing degenerates.

    Raises ValueError when M or K is larger than D.
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
    # A sign is arbitrary: fix it, so that two fits of the same data agree.
    signs = np.sign(leading[np.arange(dimension), np.abs(leading).argmax(axis=1)])
    leading = leading * signs[:, None]
    return Projections(P_M=leading[:M].copy(), P_K=leading[:K].copy())
