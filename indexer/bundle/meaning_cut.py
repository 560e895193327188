"""The meaning cut: how near items come to queries that mean nothing.

k-NN returns k items for any query, also for `xqzvwk`. Cosines of encoders have scales of their own
(unrelated texts have about .1 with one, .8 with another), so the cut is fitted: texts of random
syllables and letters are encoded as queries, and each is compared with its nearest item.
"""

import random

import numpy as np

from indexer.bundle.projections import Vectors

TEXTS, SEED = 100, 20
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiou"
# Quantiles, over the texts, of the cosine with the nearest item. A query with words that the
# catalogue has is no nonsense: the median is enough. One without any must be nearer than nonsense.
BESIDE_WORDS, ALONE = 0.5, 0.95


def meaningless_texts() -> list[str]:
    """Texts without a meaning: words of random consonants, and pairs of words of syllables."""
    rng = random.Random(SEED)

    def letters() -> str:
        return "".join(rng.choice(CONSONANTS) for _ in range(rng.randint(5, 9)))

    def syllables() -> str:
        return "".join(
            rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(2, 4))
        )

    half = TEXTS // 2
    return [letters() for _ in range(half)] + [f"{syllables()} {syllables()}" for _ in range(half)]


def fit_meaning_cut(queries: Vectors, items: Vectors) -> tuple[float, float]:
    """The least cosine of a hit by meaning, beside hits by words and without any.

    `queries` float32 [q, M] are `meaningless_texts` and `items` float32 [n, M] a sample of the
    catalogue, both as unit vectors of meaning.
    """
    nearest = (queries @ items.T).max(axis=1)
    beside_words, alone = np.quantile(nearest, [BESIDE_WORDS, ALONE]).tolist()
    return beside_words, alone
