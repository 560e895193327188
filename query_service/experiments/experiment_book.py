"""The experiment that runs, in this process: follows the stored one in a thread of its own."""

import logging
from typing import Protocol

from plugin_config.errors import ClusterUnavailable, LiveIntentError
from query_service.experiments.arm import Arm, ArmMaker
from query_service.experiments.assignment import NOT_ASSIGNED, Assignment, RunningExperiment
from query_service.experiments.experiment_store import ExperimentStore
from query_service.schemas.administration.experiments import Experiment, Variant
from query_service.watch import Watch

log = logging.getLogger(__name__)


class Experimenting(Protocol):
    """Assigns visitors to variants: `ExperimentBook`, `NoExperiments`."""

    def assignment(self, session_id: str, user_id: str | None) -> Assignment: ...
    def continued(self, experiment_id: str, variant: str) -> Assignment: ...


class NoExperiments:
    """Nobody is in any experiment: an evaluation, a trial of rules."""

    def assignment(self, session_id: str, user_id: str | None) -> Assignment:
        """None."""
        return NOT_ASSIGNED

    def continued(self, experiment_id: str, variant: str) -> Assignment:
        """That of the page before."""
        return Assignment(experiment_id, variant)


NO_EXPERIMENTS = NoExperiments()


class ExperimentBook:
    """Holds the experiment that runs. If it can't be read now, the last one goes on."""

    def __init__(self, store: ExperimentStore, arms: ArmMaker, poll_s: float) -> None:
        self._store = store
        self._arms = arms
        self._running: RunningExperiment | None = None
        self._refused: Experiment | None = None  # its arms can't be made here
        self.problem = ""
        self._watch = Watch("experiment-watch", self.refresh, poll_s)

    def start(self) -> None:
        """Read the experiment, then follow it."""
        self.refresh()
        self._watch.start()

    def close(self) -> None:
        """Stop following."""
        self._watch.close()

    def assignment(self, session_id: str, user_id: str | None) -> Assignment:
        """That of a visitor in the experiment that runs."""
        running = self._running
        return running.assignment(session_id, user_id) if running else NOT_ASSIGNED

    def continued(self, experiment_id: str, variant: str) -> Assignment:
        """That of a further page; of an experiment that has ended only the names."""
        running = self._running
        if running is not None and running.experiment.id == experiment_id:
            return running.continued(variant)
        return Assignment(experiment_id, variant)

    @property
    def state(self) -> str:
        """One line for health checks."""
        if self.problem:
            return self.problem
        running = self._running
        return f"ok: {running.experiment.id}" if running else "ok: none"

    def refresh(self) -> None:
        """Look which experiment runs now; a failure is noted in `problem`."""
        try:
            experiment = self._store.running()
            known = self._running.experiment if self._running else None
            if experiment == self._refused and experiment is not None:
                return
            self._refused = None
            if experiment != known:
                self._running = None if experiment is None else self._made(experiment)
                log.info("experiment: %s", experiment.id if experiment else "none runs")
            self.problem = ""
        except Exception as error:
            self._note(error)

    def _made(self, experiment: Experiment) -> RunningExperiment:
        try:
            arms: dict[Variant, Arm] = {
                "a": self._arms.arm(experiment.a),
                "b": self._arms.arm(experiment.b),
            }
        except ClusterUnavailable:
            raise  # tried again at the next look
        except Exception:
            self._refused, self._running = experiment, None
            raise
        return RunningExperiment(experiment, arms)

    def _note(self, error: Exception) -> None:
        reason = error.plain if isinstance(error, LiveIntentError) else type(error).__name__
        state = "nobody is in one here" if self._running is None else "the last one goes on"
        problem = f"the experiment can't be read, {state}: {reason}"
        if problem != self.problem:  # once, not at every poll
            log.warning("experiment: %s", error)
        self.problem = problem
