"""Ways to put the service together: whole, and with one part switched off (an ablation)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

from learning.evaluation.measures.intervals import paired_difference
from learning.evaluation.measures.measured_ranking import MeasuredRanking
from query_service.retrieval.legs import LEG_NAMES
from query_service.retrieval.plan import MEANING, PERSON, WORDS

NOT_PAYING = "does not pay"


@runtime_checkable
class Separable(Protocol):
    """A re-ranker whose feature groups can be switched off one by one."""

    @property
    def groups(self) -> Sequence[str]: ...
    def without(self, group: str) -> Any: ...


@dataclass(frozen=True)
class Variant:
    """One way to put the service together.

    `encodes` False: the query has no vector at all. `settings`: of the service. `without_group`: a
    feature group of the re-ranker that counts for nothing. `user_model` False: the formulas alone.
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
    """The whole and then it without each of its parts.

    `query`: whether there is one; without it D_H, D_q, the leg `meaning` and the words have no
    input, and the leg `words` holds the popular items. `groups`: the re-ranker's feature groups;
    `user_model`: whether M_theta is learned; `learned_gates`: whether alpha, beta and demand are.
    """
    found = [WHOLE]
    if query:
        # mix(D_H, D_q, alpha) and mix(D_B, D_a, beta): a share of 0 leaves the one out.
        found += [_changed("D_H", alpha=0.0), _changed("D_q", alpha=1.0)]
    found += [_changed("D_B", beta=0.0), _changed("D_a", beta=1.0)]
    if user_model:
        found.append(replace(WHOLE, label="without M_theta", user_model=False))
    if learned_gates:
        found.append(replace(WHOLE, label="fixed alpha, beta, demand", learned_gates=False))
    for leg in (WORDS, MEANING, PERSON) if query else (WORDS, PERSON):
        name = leg if query or leg != WORDS else "popular"
        legs = frozenset(LEG_NAMES) - {leg}
        found.append(replace(WHOLE, label=f"without the leg {name}", legs=legs))
    for group in groups:
        if query or group not in {"words", "meaning"}:
            label = f"re-ranker without {group}"
            found.append(replace(WHOLE, label=label, without_group=group))
    return found


def with_verdicts(
    rows: Sequence[MeasuredRanking], measures: Sequence[str], seed: int
) -> list[MeasuredRanking]:
    """The rows; those that are surely better than the first, the whole, say what does not pay.

    With several measures they say by which.
    """
    whole = rows[0]

    def better(row: MeasuredRanking, measure: str) -> bool:
        difference = paired_difference(
            row.values[measure],
            whole.values[measure],
            weights=row.weights.get(measure),
            baseline_weights=whole.weights.get(measure),
            seed=seed,
        )
        return difference.low > 0

    judged = [whole]
    for row in rows[1:]:
        by = [measure for measure in measures if better(row, measure)]
        told = f"{NOT_PAYING}, {' and '.join(by)}" if len(measures) > 1 else NOT_PAYING
        judged.append(replace(row, note=told) if by else row)
    return judged


def _changed(part: str, **settings: float) -> Variant:
    # A learned gate would overrule the share that is set.
    return replace(WHOLE, label=f"without {part}", settings=settings, learned_gates=False)
