"""Whether the variants have as many units as their shares say: a test that can be looked at daily.

Lindon, Malek: Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022. The Bayes factor of
a Beta mixture around the share against the share itself is a nonnegative martingale where the
assignment works, so it exceeds 1 / alpha with probability alpha at most, whenever one looks.
"""

import math
from dataclasses import dataclass

ALPHA = 0.001  # a mismatch stops the experiment: it has to be sure
_CONCENTRATION = 1_000.0  # of the mixture: it looks for shares wrong by some hundredths


@dataclass(frozen=True)
class SampleRatio:
    """Units of the variants, and the share of `b` that was wanted."""

    a: int
    b: int
    share: float

    @property
    def p_value(self) -> float:
        """At most how likely such counts are where the assignment works, whenever one looks."""
        alpha_b, alpha_a = _CONCENTRATION * self.share, _CONCENTRATION * (1 - self.share)
        log_factor = (
            _log_beta(alpha_a + self.a, alpha_b + self.b)
            - _log_beta(alpha_a, alpha_b)
            - self.a * math.log(1 - self.share)
            - self.b * math.log(self.share)
        )
        return math.exp(-max(log_factor, 0.0))

    @property
    def mismatch(self) -> bool:
        """Whether the assignment or the log is broken: no effect can be believed then."""
        return self.p_value < ALPHA


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
