"""Ridge regression in the memory of its Gram matrix, against scikit-learn's."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array
from sklearn.linear_model import Ridge

from indexer.bundle.ridge import ridge

# Prints the growth of the peak memory, MiB, while 4,096 terms are fitted on 20,000 rows.
PEAK = """
import resource
import numpy as np
from scipy.sparse import csr_matrix, random_array
from indexer.bundle.ridge import ridge
import scipy.linalg.lapack
X = csr_matrix(random_array((20_000, 4096), density=0.002, dtype=np.float32, rng=1))
Y = np.ones((20_000, 64), np.float32)
ridge(X[:, :32].tocsr(), Y, 1.0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ridge(X, Y, 1.0)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.parametrize("terms", [1, 40, 1100])
def test_weights_are_those_of_scikit_learn_within_a_ten_thousandth(terms: int) -> None:
    rng = np.random.default_rng(0)
    X = csr_matrix(random_array((3000, terms), density=0.02, dtype=np.float32, rng=1))
    Y = rng.normal(size=(3000, 7)).astype(np.float32)
    expected = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky").fit(X, Y).coef_.T
    weights = ridge(X, Y, 1.0)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected.reshape(terms, 7), atol=1e-4)


def test_it_takes_little_more_memory_than_one_gram_matrix() -> None:
    ran = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 1.6 * 64  # MiB; scikit-learn takes more than three times that
