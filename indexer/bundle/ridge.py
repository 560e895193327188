"""Ridge regression on a sparse matrix, in the memory of its Gram matrix."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

BLOCK = 512  # columns of the Gram matrix that are computed together


def ridge(
    features: "csr_matrix[np.float32]", targets: NDArray[np.float32], penalty: float
) -> NDArray[np.float32]:
    """(X^T X + penalty I)^-1 X^T Y, float32 [V, dims].

    `features` X float32 [n, V] and `targets` Y float32 [n, dims]. The Gram matrix X^T X is the one
    large array: it is made in blocks, factored in place (Cholesky), and takes 4 V^2 bytes, 256 MiB
    for 8,192 terms, whatever n is. Raises LinAlgError: float32 is too coarse for the penalty.
    """
    from scipy.linalg.lapack import spotrf, spotrs

    size = features.shape[1]
    columns = features.tocsc()
    gram = np.empty((size, size), dtype=np.float32, order="F")
    for start in range(0, size, BLOCK):
        block = slice(start, start + BLOCK)
        gram[start:, block] = (columns[:, start:].T @ columns[:, block]).toarray()
    gram[np.diag_indices(size)] += np.float32(penalty)
    # LAPACK reads and writes the lower triangle only; the upper one was never filled.
    factor, problem = spotrf(gram, lower=1, clean=0, overwrite_a=1)
    if problem:
        raise np.linalg.LinAlgError(
            f"the Gram matrix of {size} terms is not positive definite (minor {problem}): "
            "a larger penalty is needed"
        )
    products = np.asfortranarray(features.T @ targets, dtype=np.float32)
    weights, _ = spotrs(factor, products, lower=1, overwrite_b=1)
    return np.ascontiguousarray(weights, dtype=np.float32)
