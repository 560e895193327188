"""Rules from a TOML file, or from JSON, with the line of each problem."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plugin_config.errors import LiveIntentError
from query_service.rules.rule_problem import RuleProblem, RulesRefused, errors_among
from query_service.rules.toml_lines import TomlLines
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.fields.patterns import in_words

MAX_BYTES = 10_000_000


class RulesFileUnreadable(LiveIntentError):
    """The file of rules can't be read, or is no TOML."""

    exit_code = 2


@dataclass(frozen=True)
class RulesFile:
    """A set of rules, well formed, and where each part of it stands."""

    path: Path
    rules: RuleSet
    lines: TomlLines

    @classmethod
    def read(cls, path: Path) -> "RulesFile":
        """The rules of a TOML file.

        Raises RulesFileUnreadable, and RulesRefused with the line of each malformed field.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise RulesFileUnreadable(f"{path} is larger than {MAX_BYTES:,} bytes")
            text = path.read_text("utf-8-sig")
            document = _as_json(tomllib.loads(text))
        except OSError as error:
            raise RulesFileUnreadable(f"{path} can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RulesFileUnreadable(f"{path} is not in UTF-8: {error}") from error
        except tomllib.TOMLDecodeError as error:
            raise RulesFileUnreadable(f"{path} is no TOML: {error}") from error
        lines = TomlLines(text)
        try:
            return cls(path, RuleSet.model_validate(document), lines)
        except ValidationError as error:
            problems = malformed(error, document)
            raise RulesRefused(problems, _texts(path, lines, problems)) from None

    def texts(self, problems: Sequence[RuleProblem]) -> list[str]:
        """The problems as lines, in the order of the file."""
        return _texts(self.path, self.lines, problems)

    def refuse_errors(self, problems: Sequence[RuleProblem]) -> None:
        """Raises RulesRefused if one of the problems is an error."""
        if errors_among(problems):
            raise RulesRefused(problems, self.texts(problems))


def malformed(error: ValidationError, document: Any) -> list[RuleProblem]:
    """A problem for each field that is not as the schema says."""
    problems = []
    for detail in error.errors(include_url=False):
        location = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
        problems.append(
            RuleProblem("error", location, in_words(detail), _title(document, location))
        )
    return problems


def _texts(path: Path, lines: TomlLines, problems: Sequence[RuleProblem]) -> list[str]:
    ordered = sorted(problems, key=lambda problem: lines.line(problem.location))
    return [f"{path}:{_text(problem, lines)}" for problem in ordered]


def _text(problem: RuleProblem, lines: TomlLines) -> str:
    of = f"rule “{problem.rule}”: " if problem.rule else ""
    name = problem.location[-1] if problem.location else ""
    field = f"{name}: " if isinstance(name, str) and name else ""
    return f"{lines.line(problem.location)}: {problem.severity}: {of}{field}{problem.message}"


def _title(document: Any, location: Sequence[str | int]) -> str:
    """The name or id of the rule at a location, as far as the document has one."""
    if len(location) < 2 or not isinstance(location[1], int):
        return ""
    try:
        rule = document["rules"][location[1]]
        title = rule.get("name") or rule.get("id") or f"number {location[1] + 1}"
        return " ".join(str(title).split())[:80]
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""


def _as_json(value: Any) -> Any:
    """TOML's dates and times as texts, which is what JSON has."""
    if isinstance(value, Mapping):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value
