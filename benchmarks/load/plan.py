"""What the users of a load test send, from the command to the processes that send it."""

import json
import random
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path


@dataclass(frozen=True)
class LoadPlan:
    """Queries by falling frequency, the bare engine's bodies beside them, sessions with events."""

    queries: list[str]
    bare: list[str]
    sessions: list[str]

    @classmethod
    def read(cls, path: Path) -> "LoadPlan":
        """The plan that the command wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """For the processes that send."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def draw(self, rng: random.Random) -> int:
        """The number of a query, by Zipf's law."""
        return rng.choices(range(len(self.queries)), cum_weights=self._cumulated)[0]

    @cached_property
    def _cumulated(self) -> list[float]:
        return list(accumulate(1 / rank for rank in range(1, len(self.queries) + 1)))
