"""Which variant answers a visitor: the same one whenever and whichever process is asked."""

import hashlib
from dataclasses import dataclass

from query_service.experiments.arm import Arm
from query_service.schemas.administration.experiments import INTERLEAVED, Experiment, Variant

_DRAWS = 2.0**64


@dataclass(frozen=True)
class Assignment:
    """What a request is part of. `variant`: a, b or interleaved; "": answered so, not counted.

    `arm` answers; None: as set. `beside`: the other arm of an interleaved answer.
    """

    experiment_id: str = ""
    variant: str = ""
    arm: Arm | None = None
    beside: Arm | None = None
    seed: str = ""  # of the draft of teams

    @property
    def counted(self) -> bool:
        """Whether the answer says and the log keeps that it is part of the experiment."""
        return bool(self.variant)


NOT_ASSIGNED = Assignment()


@dataclass(frozen=True)
class RunningExperiment:
    """An experiment and its arms."""

    experiment: Experiment
    arms: dict[Variant, Arm]

    def assignment(self, session_id: str, user_id: str | None) -> Assignment:
        """That of a visitor: by the user where it is known, so that all sessions agree."""
        experiment = self.experiment
        seed = unit_seed(experiment, session_id, user_id)
        if draw(seed, "traffic") >= experiment.traffic:
            return NOT_ASSIGNED
        if experiment.method == "interleaving":
            return Assignment(experiment.id, INTERLEAVED, self.arms["a"], self.arms["b"], seed=seed)
        variant = variant_of(experiment, seed)
        return Assignment(experiment.id, variant, self.arms[variant], seed=seed)

    def continued(self, variant: str) -> Assignment:
        """That of a further page of an answer by `variant`."""
        arm = self.arms["b" if variant == "b" else "a"]
        return Assignment(self.experiment.id, variant, arm)


def unit_seed(experiment: Experiment, session_id: str, user_id: str | None) -> str:
    """What all draws of a visitor begin with."""
    unit = f"user:{user_id}" if user_id else f"session:{session_id}"
    return f"{experiment.salt}:{unit}"


def variant_of(experiment: Experiment, seed: str) -> Variant:
    """The variant of a visitor who takes part."""
    return "b" if draw(seed, "variant") < experiment.share else "a"


def draw(seed: str, purpose: str) -> float:
    """A number from 0 to 1, uniform over seeds, always the same for one."""
    hashed = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return int.from_bytes(hashed[:8], "big") / _DRAWS
