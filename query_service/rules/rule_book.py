"""The rules in force in this process: follows the newest version in a thread of its own."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Protocol

from plugin_config.errors import LiveIntentError
from query_service.rules.rule_store import NONE_YET, RuleStore, RuleVersion
from query_service.rules.situation import CompiledConditions, Situation
from query_service.rules.synonyms import NO_SYNONYMS, Synonyms
from query_service.schemas.administration.rules import Rule, RuleSet
from query_service.watch import Watch

log = logging.getLogger(__name__)
KEPT_VERSIONS = 8  # in memory, for cursors


@dataclass(frozen=True)
class CompiledRule:
    """A rule and its conditions, ready to be asked."""

    rule: Rule
    conditions: CompiledConditions


@dataclass(frozen=True)
class RulesInForce:
    """The enabled rules of a version, in order, and its synonyms.

    `problem`: why newer ones may be missing. `at`: seconds since 1970 at which they are looked at;
    None: when the request comes.
    """

    version: RuleVersion = NONE_YET
    rules: tuple[CompiledRule, ...] = ()
    problem: str = ""
    synonyms: Synonyms = NO_SYNONYMS
    at: float | None = None

    @classmethod
    def of(
        cls,
        rules: RuleSet,
        version: RuleVersion = NONE_YET,
        synonyms: Synonyms = NO_SYNONYMS,
    ) -> "RulesInForce":
        """Compiled from checked rules. Raises ValueError for a pattern that RE2 refuses."""
        return cls(
            version,
            tuple(
                CompiledRule(rule, CompiledConditions(rule.when))
                for rule in rules.rules
                if rule.enabled
            ),
            synonyms=synonyms,
        )

    def applying(self, situation: Situation) -> list[CompiledRule]:
        """The rules whose conditions hold, in order."""
        return [each for each in self.rules if each.conditions.hold(situation)]


NO_RULES = RulesInForce()


class RuleSource(Protocol):
    """Gives the rules that a request is answered by: `RuleBook`, `FixedRules`."""

    def current(self) -> RulesInForce: ...
    def of_version(self, number: int) -> RulesInForce: ...


@dataclass(frozen=True)
class FixedRules:
    """Rules that never change: none in an evaluation, those of a file in a trial."""

    rules: RulesInForce = NO_RULES

    def current(self) -> RulesInForce:
        """The rules."""
        return self.rules

    def of_version(self, number: int) -> RulesInForce:
        """The rules, whatever the version."""
        return self.rules


WITHOUT_RULES = FixedRules()


class RuleBook:
    """Holds the rules in force. If newer ones can't be read, the last ones stay."""

    def __init__(self, store: RuleStore, poll_s: float) -> None:
        self._store = store
        self._current = NO_RULES
        self._compiled: OrderedDict[int, RulesInForce] = OrderedDict({0: NO_RULES})
        self._reading = threading.Lock()
        self._watch = Watch("rules-watch", self.refresh, poll_s)

    def start(self) -> None:
        """Read the rules, then follow them. A cluster that does not answer is waited for."""
        self.refresh()
        self._watch.start()

    def close(self) -> None:
        """Stop following."""
        self._watch.close()

    def current(self) -> RulesInForce:
        """The rules to answer by."""
        return self._current

    def of_version(self, number: int) -> RulesInForce:
        """The rules of an earlier version, for a cursor.

        Raises ClusterUnavailable, VersionUnknown, RulesUnreadable.
        """
        current = self._current
        return current if current.version.number == number else self._read(RuleVersion(number))

    def refresh(self) -> None:
        """Look which version is in force now; a failure is noted in `current().problem`."""
        try:
            version = self._store.current()
            if version != self._current.version or self._current.problem:
                self._current = self._read(version)
                log.info("version %d of the rules is in force", version.number)
        except Exception as error:
            self._note(error)

    def _read(self, version: RuleVersion) -> RulesInForce:
        with self._reading:
            rules = self._compiled.get(version.number)
            if rules is None or version.applied_at not in ("", rules.version.applied_at):
                synonyms = Synonyms.of(self._store.synonyms(version.number))
                rules = RulesInForce.of(self._store.read(version.number), version, synonyms)
                self._compiled[version.number] = rules
                while len(self._compiled) > KEPT_VERSIONS:
                    self._compiled.popitem(last=False)
            return rules

    def _note(self, error: Exception) -> None:
        current = self._current
        kept = f"those of version {current.version.number} are" if current.rules else "none is"
        reason = error.plain if isinstance(error, LiveIntentError) else type(error).__name__
        problem = f"the newest rules can't be read, {kept} in force: {reason}"
        if problem != current.problem:  # once, not at every poll
            log.warning("rules: %s", error)
            self._current = replace(current, problem=problem)
