"""Variants of the service: whole, and with one part switched off (an ablation)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from learning.evaluation.measures.measured_ranking import MeasuredRanking
from query_service.retrieval.legs import LEG_NAMES
from query_service.retrieval.plan import MEANING, PERSON, WORDS

NOT_PAYING = "does not pay"


@dataclass(frozen=True)
class Variant:
    """One way to put the service together.

    `encodes` False: the query has no vector at all. `settings`: of the service. `without_group`: a
    feature group of the re-ranker to switch off. `user_model` False: the formulas alone.
    `learned_gates` False: alpha, beta and demand are the fixed ones.
    """

    label: str
    legs: frozenset[str] = frozenset(LEG_NAMES)
    encodes: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)
    without_group: str = ""
    user_model: bool = True
    learned_gates: bool = True


WHOLE = Variant("whole")


def ablations(
    *, query: bool, groups: Iterable[str], user_model: bool, learned_gates: bool = False
) -> list[Variant]:
    """The whole service, then the service without each of its parts.

    `query`: whether requests have one; without it D_H, D_q, the leg `meaning` and the feature group
    `words` have no input, and the leg `words` holds the popular items. `groups`: the re-ranker's
    feature groups; `user_model`: whether M_theta is learned; `learned_gates`: whether alpha, beta
    and demand are.
    """
    variants = [WHOLE]
    if query:
        # mix(D_H, D_q, alpha) and mix(D_B, D_a, beta): a share of 0 leaves the one out.
        variants += [_without_share("D_H", alpha=0.0), _without_share("D_q", alpha=1.0)]
    variants += [_without_share("D_B", beta=0.0), _without_share("D_a", beta=1.0)]
    if user_model:
        variants.append(replace(WHOLE, label="without M_theta", user_model=False))
    if learned_gates:
        variants.append(replace(WHOLE, label="fixed alpha, beta, demand", learned_gates=False))
    for leg in (WORDS, MEANING, PERSON) if query else (WORDS, PERSON):
        name = leg if query or leg != WORDS else "popular"
        legs = frozenset(LEG_NAMES) - {leg}
        variants.append(replace(WHOLE, label=f"without the leg {name}", legs=legs))
    for group in groups:
        if query or group not in {"words", "meaning"}:
            label = f"re-ranker without {group}"
            variants.append(replace(WHOLE, label=label, without_group=group))
    return variants


def with_verdicts(
    rows: Sequence[MeasuredRanking], metrics: Sequence[str], seed: int
) -> list[MeasuredRanking]:
    """The rows, with a note on those that are significantly better than the first, the whole.

    Significantly: the 95 % interval of the difference is above 0. What such a row leaves out does
    not pay; with several metrics the note says by which.
    """
    whole = rows[0]
    judged = [whole]
    for row in rows[1:]:
        differences = row.differences(whole, seed, metrics)
        better = [metric for metric, difference in differences.items() if difference.low > 0]
        note = f"{NOT_PAYING}, {' and '.join(better)}" if len(metrics) > 1 else NOT_PAYING
        judged.append(replace(row, note=note) if better else row)
    return judged


def _without_share(vector: str, **settings: float) -> Variant:
    # A learned gate would overrule the share that is set.
    return replace(WHOLE, label=f"without {vector}", settings=settings, learned_gates=False)
