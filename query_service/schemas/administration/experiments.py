"""An experiment between two ways of answering, as it is stored."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from query_service.schemas.fields.strict import Strict

Variant = Literal["a", "b"]
Method = Literal["ab", "interleaving"]
Metric = Literal["click_through", "mrr", "conversion"]
INTERLEAVED = "interleaved"
FIXED_MODELS = "none"
_Weight = Annotated[float, Field(ge=0, le=1)]


class VariantSettings(Strict):
    """What a variant does otherwise than the service's settings; null: as they say."""

    alpha: _Weight | None = None
    beta: _Weight | None = None
    demand: _Weight | None = None
    diversity: _Weight | None = None
    personalize: bool | None = None
    rules: int | None = Field(default=None, ge=0, description="Version of the rules; 0: none.")
    bundle: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Folder of a learned bundle on the service's machines; `none`: fixed models.",
    )

    @property
    def changes(self) -> dict[str, object]:
        """What is set, by name."""
        return self.model_dump(exclude_none=True)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.changes.items()) or "as set"


class GuardrailLimits(Strict):
    """How much worse than `a` variant `b` may be."""

    latency_p95: float = Field(default=0.25, ge=0, description="Share that the p95 may be longer.")
    zero_results: float = Field(default=0.02, ge=0, le=1, description="Share of queries, absolute.")
    degraded: float = Field(default=0.02, ge=0, le=1, description="Share of queries, absolute.")


class Experiment(Strict):
    """Two variants and how visitors come to them. `share`: of `b`; `traffic`: who takes part."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    method: Method = "ab"
    a: VariantSettings = VariantSettings()
    b: VariantSettings
    share: float = Field(0.5, ge=0.01, le=0.99)
    traffic: float = Field(1.0, gt=0, le=1)
    metric: Metric = "click_through"
    window_minutes: float = Field(1440, ge=0, le=60 * 24 * 90)
    limits: GuardrailLimits = GuardrailLimits()
    salt: str = Field(min_length=1, max_length=64)
    started_at: datetime

    @property
    def started(self) -> float:
        """Seconds since 1970."""
        return self.started_at.astimezone(UTC).timestamp()

    def problem(self) -> str:
        """Why it can't be run; "" if it can."""
        if self.a == self.b:
            return f"both variants are the same ({self.a}): nothing would be compared"
        if self.method == "interleaving" and self.a.rules != self.b.rules:
            return (
                "rules can't be interleaved: they change what is found, not only its order. "
                "Leave --interleave out to compare them by visitor"
            )
        return ""
