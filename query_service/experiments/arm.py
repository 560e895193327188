"""A variant of an experiment, ready to answer requests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from query_service.models import Models
from query_service.ranking.stage import RerankStage
from query_service.rules.rule_book import RulesInForce, RuleSource
from query_service.schemas.administration.experiments import FIXED_MODELS, VariantSettings
from query_service.settings import ServiceSettings
from query_service.user.user_vector import FusionWeights

LoadModels = Callable[[Path | None], Models]


@dataclass(frozen=True)
class Arm:
    """`rules` None: those in force; `personalize` False: the visitor's behaviour counts nothing."""

    weights: FusionWeights
    models: Models
    stage: RerankStage
    personalize: bool = True
    rules: RulesInForce | None = None

    def prepares_like(self, other: "Arm") -> bool:
        """Whether both retrieve the same candidates, for the same user vector."""
        return (self.weights, self.personalize, id(self.models)) == (
            other.weights,
            other.personalize,
            id(other.models),
        )


@dataclass(frozen=True)
class ArmMaker:
    """Makes arms of the service's own settings, models and rules."""

    settings: ServiceSettings
    models: Models
    rules: RuleSource
    load_models: LoadModels

    def arm(self, variant: VariantSettings) -> Arm:
        """What the variant says, and the settings where it says nothing.

        Raises BundleError, ClusterUnavailable, VersionUnknown, RulesUnreadable.
        """
        settings = self.settings.model_copy(
            update={
                name: value
                for name, value in variant.changes.items()
                if name in ("alpha", "beta", "demand", "diversity")
            }
        )
        models = self.models
        if variant.bundle is not None:
            folder = None if variant.bundle == FIXED_MODELS else Path(variant.bundle)
            models = self.load_models(folder)
        return Arm(
            FusionWeights(settings.alpha, settings.beta, settings.demand),
            models,
            RerankStage(
                models.reranker, diversity=settings.diversity, exposure=settings.exposure_floors
            ),
            personalize=variant.personalize is not False,
            rules=None if variant.rules is None else self.rules.of_version(variant.rules),
        )
