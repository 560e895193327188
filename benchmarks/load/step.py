"""One step of a ladder, in a process of its own: locust replaces Python's sockets in it.

python -m benchmarks.load.step PLAN.json KIND HOST RATE SECONDS
"""

import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment

from benchmarks.load.plan import LoadPlan
from benchmarks.load.users import USERS

WARM_UP_S = 3.0


class Answers:
    """What was answered while it counts."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = defaultdict(list)
        self.failures: Counter[str] = Counter()

    def heard(self, name: str, response_time: float, exception: Exception | None, **_: Any) -> None:
        """Note one answer, as locust reports it."""
        if exception is None:
            self.ms[name].append(response_time)
        else:
            self.failures[f"{name}: {exception}"[:100]] += 1


def main() -> None:
    """Send at the rate, and print what was answered as JSON."""
    plan, kind, host, rate, seconds = sys.argv[1:]
    users = USERS[kind]
    users.plan = LoadPlan.read(Path(plan))
    environment = Environment(user_classes=[users], host=host)
    runner = environment.create_local_runner()
    runner.start(int(rate), spawn_rate=float(rate))
    gevent.sleep(WARM_UP_S)
    answers = Answers()
    environment.events.request.add_listener(answers.heard)
    started = time.perf_counter()
    gevent.sleep(float(seconds))
    elapsed = time.perf_counter() - started
    environment.events.request.remove_listener(answers.heard)
    runner.quit()
    figures = {"elapsed_s": elapsed, "ms": answers.ms, "failures": answers.failures}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
