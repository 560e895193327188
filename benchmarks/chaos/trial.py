"""One trial: visitors act, faults come and go, and at the end all is counted."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.faults import Fault, Stage
from benchmarks.chaos.verdict import problems
from benchmarks.chaos.visitors import PATIENCE_S, Visitor

VISITORS = 4
CATALOGUE = 60  # items
Report = Callable[[str], None]


@dataclass
class Outcome:
    """What a trial did; `problems` is empty where everything is there, once."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    events: int = 0
    items: int = 0
    erased: int = 0
    answers: Mapping[str, int] = field(default_factory=dict)
    slowest_s: Mapping[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"seed {self.seed}: {sum(self.faults.values())} faults, {self.events} events and "
            f"{self.items} items acknowledged, {self.erased} sessions erased",
            *(f"  {times} x {name}" for name, times in sorted(self.faults.items())),
            *(f"  {request}: {times}" for request, times in sorted(self.answers.items())),
            *(f"  slowest {name}: {s:.1f} s" for name, s in sorted(self.slowest_s.items())),
            *(f"  PROBLEM {problem}" for problem in self.problems),
        ]
        return "\n".join(lines)


def trial(
    stage: Stage,
    urls: Sequence[str],
    seed: int,
    faults: Sequence[tuple[str, Fault]],
    report: Report = lambda line: None,
    *,
    until: float | None = None,
    longest_s: float = 2.0,
) -> Outcome:
    """Bring the faults in a random order, once, or again and again until time.monotonic() `until`.

    Each lasts up to `longest_s`. Afterwards every event and item that was sent must be acknowledged
    within PATIENCE_S.
    """
    ledger = stage.ledger
    outcome = Outcome(seed)
    visitors = [Visitor(number, list(urls), ledger, seed) for number in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    try:
        while True:
            order = list(faults)
            stage.choice.shuffle(order)
            for name, fault in order:
                time.sleep(stage.choice.uniform(0.3, 1.5))
                seconds = stage.choice.uniform(0.3, longest_s)
                report(f"{name}, {seconds:.1f} s")
                fault(seconds)
                outcome.faults[name] += 1
                if until is not None and time.monotonic() > until:
                    break
            if until is None or time.monotonic() > until:
                break
    finally:
        for visitor in visitors:
            visitor.end()
        for visitor in visitors:
            visitor.join(PATIENCE_S + 60)
    ledger.problems += [f"{v.name} does not end" for v in visitors if v.is_alive()]
    time.sleep(2.0)  # queries are written in the background
    outcome.events = sum(map(len, ledger.events.values()))
    outcome.items, outcome.erased = len(ledger.items), len(ledger.erased)
    outcome.answers, outcome.slowest_s = ledger.answers, ledger.slowest_s
    outcome.problems = problems(stage.client, stage.names, ledger)
    return outcome


def catalogue_lines() -> str:
    """JSON lines of a small catalogue."""
    kinds = random.Random(1).choices(("desk lamp", "running shoes", "rain jacket"), k=CATALOGUE)
    rows = (
        {"item_id": f"i{n}", "title": f"{kind} model {n}", "brand": "Acme", "price": 10 + n}
        for n, kind in enumerate(kinds)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)
