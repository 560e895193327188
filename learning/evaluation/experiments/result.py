"""The result of an experiment: what is known of it until now."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from learning.data.participants import Participant
from learning.evaluation.experiments.confidence_sequence import (
    AnytimeInterval,
    difference,
    mean,
)
from learning.evaluation.experiments.exclusions import Exclusions, Sorted
from learning.evaluation.experiments.outcomes import Outcomes
from learning.evaluation.experiments.sample_ratio import SampleRatio
from query_service.schemas.administration.experiments import INTERLEAVED, Experiment

METRICS = ("click_through", "mrr", "conversion")
SHARES = ("zero_results", "degraded")
FEWEST_LATENCIES = 100
NOT_YET = "too few visitors for an interval"


@dataclass(frozen=True)
class MetricResult:
    """A metric of both variants (of an interleaved one: how many queries each won)."""

    name: str
    a: float
    b: float
    effect: AnytimeInterval

    @property
    def verdict(self) -> str:
        """In words."""
        if math.isnan(self.effect.low):
            return NOT_YET
        if not self.effect.excludes_zero:
            return "no difference is shown"
        return "b is better" if self.effect.low > 0 else "b is worse"


@dataclass(frozen=True)
class GuardrailResult:
    """What `b` must not spoil: `broken` where it does, `watch` where it may."""

    name: str
    a: float
    b: float
    limit: float
    state: str


@dataclass(frozen=True)
class ExperimentResult:
    """Everything that `live-intent experiment status` shows."""

    experiment: Experiment
    at: float  # seconds since 1970
    units: Mapping[str, int]
    queries: Mapping[str, int]
    metrics: Sequence[MetricResult]
    guardrails: Sequence[GuardrailResult]
    sample_ratio: SampleRatio | None
    waiting: int  # whose window is open
    left_out: Mapping[str, int] = field(default_factory=dict)
    rules: Exclusions = field(default_factory=Exclusions)

    @property
    def primary(self) -> MetricResult:
        """The metric that decides."""
        wanted = (
            "preference" if self.experiment.method == "interleaving" else self.experiment.metric
        )
        return next(metric for metric in self.metrics if metric.name == wanted)

    @property
    def verdict(self) -> str:
        """One line."""
        if self.sample_ratio is not None and self.sample_ratio.mismatch:
            return (
                "not to be believed: the variants have not as many visitors as their shares say "
                f"(p = {self.sample_ratio.p_value:.2g})"
            )
        broken = [each.name for each in self.guardrails if each.state == "broken"]
        spoilt = f"; broken: {', '.join(broken)}" if broken else ""
        return f"{self.primary.name}: {self.primary.verdict}{spoilt}"

    @property
    def as_json(self) -> dict[str, Any]:
        """For `--json` and the record; what is not known is null."""
        experiment = self.experiment
        ratio = self.sample_ratio
        fields = {
            "id": experiment.id,
            "method": experiment.method,
            "variants": {"a": experiment.a.changes, "b": experiment.b.changes},
            "started_at": experiment.started_at.isoformat(),
            "at": self.at,
            "visitors": dict(self.units),
            "queries": dict(self.queries),
            "waiting": self.waiting,
            "left_out": dict(self.left_out),
            "left_out_rules": asdict(self.rules),
            "sample_ratio": ratio
            and {"p_value": ratio.p_value, "share": ratio.share, "mismatch": ratio.mismatch},
            "metrics": [
                {"name": each.name, "a": each.a, "b": each.b, "difference": each.effect.estimate,
                 "low": each.effect.low, "high": each.effect.high, "verdict": each.verdict,
                 "primary": each is self.primary}
                for each in self.metrics
            ],
            "guardrails": [asdict(each) for each in self.guardrails],
            "verdict": self.verdict,
        }  # fmt: skip
        result: dict[str, Any] = _without_nan(fields)
        return result


def result_of(
    experiment: Experiment, participants: Sequence[Participant], now: float
) -> ExperimentResult:
    """The result at `now`, seconds since 1970.

    A visitor counts once the window after the first answer is over, so that a later look changes
    nothing of those who counted before: what the intervals' validity rests on.
    """
    window_s, rules = experiment.window_minutes * 60, Exclusions()
    kept = Sorted.of(participants, rules)
    closed = [each for each in kept.counted if each.since + window_s <= now]
    by_variant: dict[str, list[Participant]] = {}
    for each in closed:
        by_variant.setdefault(next(iter(each.variants)), []).append(each)
    names = (INTERLEAVED,) if experiment.method == "interleaving" else ("a", "b")
    outcomes = {name: Outcomes.of(by_variant.get(name, ()), window_s) for name in names}
    if experiment.method == "interleaving":
        metrics, guardrails = _preference(outcomes[INTERLEAVED]), _levels(outcomes[INTERLEAVED])
        ratio = None
    else:
        a, b = outcomes["a"], outcomes["b"]
        metrics, guardrails = _effects(a, b), _guardrails(experiment, a, b)
        counts = [sum(each.variants == {name} for each in kept.counted) for name in names]
        ratio = SampleRatio(counts[0], counts[1], experiment.share)
    return ExperimentResult(
        experiment=experiment,
        at=now,
        units={name: len(by_variant.get(name, ())) for name in names},
        queries={name: int(each.queries.sum()) for name, each in outcomes.items()},
        metrics=metrics,
        guardrails=guardrails,
        sample_ratio=ratio,
        waiting=len(kept.counted) - len(closed),
        left_out=dict(kept.left_out),
        rules=rules,
    )


def _effects(a: Outcomes, b: Outcomes) -> list[MetricResult]:
    results = []
    for name in METRICS:
        of_a, of_b = getattr(a, name), getattr(b, name)
        results.append(MetricResult(name, of_a.value, of_b.value, difference(of_a, of_b)))
    return results


def _preference(outcomes: Outcomes) -> list[MetricResult]:
    won_a, won_b = float(outcomes.wins_a.sum()), float(outcomes.wins_b.sum())
    return [MetricResult("preference", won_a, won_b, mean(outcomes.preference))]


def _guardrails(experiment: Experiment, a: Outcomes, b: Outcomes) -> list[GuardrailResult]:
    limits = experiment.limits
    p95_a, p95_b = a.latency_p95, b.latency_p95
    state = "ok" if p95_b <= p95_a * (1 + limits.latency_p95) else "broken"
    if min(len(a.latencies), len(b.latencies)) < FEWEST_LATENCIES:
        state = NOT_YET
    results = [GuardrailResult("latency_p95_ms", p95_a, p95_b, limits.latency_p95, state)]
    for name in SHARES:
        of_a, of_b, limit = a.share(name), b.share(name), getattr(limits, name)
        more = difference(of_a, of_b)
        state = "ok"
        if more.estimate > limit:
            state = "broken" if more.low > limit else "watch"
        elif math.isnan(more.estimate):
            state = NOT_YET
        results.append(GuardrailResult(name, of_a.value, of_b.value, limit, state))
    return results


def _levels(outcomes: Outcomes) -> list[GuardrailResult]:
    """Of interleaved answers, which both variants make together: only how they are."""
    values = {"latency_p95_ms": outcomes.latency_p95}
    values |= {name: outcomes.share(name).value for name in SHARES}
    return [
        GuardrailResult(name, value, value, math.nan, "of both together")
        for name, value in values.items()
    ]


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
