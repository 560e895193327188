"""The processes that docs/quality.md needs: trainings, evaluations and references."""

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """A process, done when its result, the file or folder `makes`, exists.

    `bundle`: the learned bundle that it uses; `keeps_output`: its output is stored beside `makes`.
    """

    arguments: tuple[str, ...]  # of python -m
    makes: Path
    bundle: Path | None = None
    keeps_output: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """The settings that the process needs."""
        return {"LIVE_INTENT_BUNDLE": str(self.bundle)} if self.bundle else {}

    @property
    def command(self) -> str:
        """The step as a command line, with its paths shortened to their last parts."""
        words = list(self.arguments)
        if words[0] == "live_intent.main":
            words[0] = "live-intent"
        else:
            words = ["python", "-m", *words]
        short = [Path(w).name if "/" in w and not w.startswith("-") else w for w in words]
        before = f"LIVE_INTENT_BUNDLE={self.bundle.name} " if self.bundle else ""
        return before + shlex.join(short)


@dataclass(frozen=True)
class Context:
    """Where data and results are, how many users are asked, and whether it is a rehearsal."""

    data: Path
    work: Path
    users: int
    rehearse: bool

    @property
    def split(self) -> str:
        """The split of the judged queries that is asked."""
        return "validation" if self.rehearse else "test"

    def learn(self, name: str, what: str, *arguments: str, base: Step | None = None) -> Step:
        """Train `what` (the name after `live-intent learn`), starting from the bundle of `base`."""
        out = self.work / name
        start = ("--from", str(base.makes)) if base else ()
        checkpoints = str(self.work / "checkpoints" / name)
        return Step(
            ("live_intent.main", "learn", what, *arguments, *start, "--out", str(out),
             "--checkpoints", checkpoints),
            out,
            keeps_output=True,
        )  # fmt: skip

    def evaluate(self, name: str, task: str, *arguments: str, bundle: Step | None) -> Step:
        """Evaluate the service with the bundle, or untrained."""
        out = self.work / f"{name}-{'rehearsal' if self.rehearse else 'test'}"
        return Step(
            ("live_intent.main", "evaluate", task, *arguments, "--report", str(out)),
            out,
            bundle.makes if bundle else None,
        )

    def reference(self, task: str) -> Step:
        """Evaluate the plain ways to rank of a task."""
        out = self.work / f"reference-{task}-{self.split}"
        count = {"homedepot": 0, "amazon-next": self.users, "amazon-broad": self.users // 2}[task]
        users = ("--users", str(count)) if count else ()
        rows = ("--rows", str(self.work / "games-rows.jsonl")) if self.rehearse else ()
        return Step(
            ("benchmarks.quality.references", task, "--report", str(out), "--data",
             str(self.data), "--split", self.split, *users, *rows),
            out,
        )  # fmt: skip
