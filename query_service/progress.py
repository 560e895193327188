"""What an answer says of itself: which stages ran, and which were left out and why."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from plugin_config.errors import LiveIntentError
from query_service.index_view import Clock

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Filled while a request is answered."""

    clock: Clock
    stages_run: list[str] = field(default_factory=list)
    degraded: dict[str, str] = field(default_factory=dict)

    def ran(self, stage: str) -> None:
        """Notes a stage that did its work."""
        self.stages_run.append(stage)

    def degrade(self, stage: str, reason: str) -> None:
        """Notes a stage whose work is missing in the answer."""
        self.degraded[stage] = reason
        log.warning("degraded: %s: %s", stage, reason)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Runs a stage that the answer can do without: its failure is said, not raised."""
        try:
            yield
        except LiveIntentError as error:
            self.degrade(name, str(error))
        except TimeoutError:
            self.degrade(name, "it would have missed the deadline")
        except Exception as error:
            log.exception("stage %s failed", name)
            self.degrade(name, f"it failed: {type(error).__name__}")
        else:
            self.ran(name)
        finally:
            self.clock.step(name)
