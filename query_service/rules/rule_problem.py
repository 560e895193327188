"""A problem of a set of rules, where it is, and the error that lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plugin_config.errors import LiveIntentError

Location = tuple[str | int, ...]  # as ("rules", 3, "then", "pin", 0)


@dataclass(frozen=True)
class RuleProblem:
    """What is wrong with a rule; errors keep the rules from being applied, warnings don't."""

    severity: Literal["error", "warning"]
    location: Location
    message: str
    rule: str = ""  # its title

    @property
    def field(self) -> str:
        """The location as the API writes it: `rules.3.then.pin.0`."""
        return ".".join(map(str, self.location))


class RulesRefused(LiveIntentError):
    """Rules with errors: nothing was applied; `problems` has the warnings too."""

    exit_code = 2

    def __init__(self, problems: Sequence[RuleProblem], lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.problems = list(problems)


def errors_among(problems: Sequence[RuleProblem]) -> list[RuleProblem]:
    """Those that keep the rules from being applied."""
    return [problem for problem in problems if problem.severity == "error"]
