"""The versions of the rules in an index of our own: which is in force, how to make another one."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException
from pydantic import ValidationError

from plugin_config.connection.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.rules.index_checks import check_rules
from query_service.rules.rule_problem import RuleProblem
from query_service.schemas.administration.rules import RuleSet

CURRENT = "current"  # id of the document that says which version is in force
SYNONYM_COUNT = "synonym_count"  # in `rules`, which the mapping leaves as it is
ATTEMPTS = 5  # to take the number of a new version, while others do
MAX_LISTED = 1000


class RulesUnreadable(LiveIntentError):
    """What is stored are no rules that this version understands."""

    exit_code = 4
    plain = "The stored rules can't be read."


class VersionUnknown(LiveIntentError):
    """There is no such version of the rules."""

    exit_code = 4


class RulesChanged(LiveIntentError):
    """Somebody else changed the rules at the same time."""

    exit_code = 4


@dataclass(frozen=True)
class RuleVersion:
    """One version: its number from 1 on (0: never any), when it was applied, and from where.

    `synonyms`: its lines of synonyms; None: a version before they were counted wrote it.
    """

    number: int = 0
    applied_at: str = ""
    origin: str = ""
    count: int = 0
    synonyms: int | None = 0


NONE_YET = RuleVersion()


class RuleStore:
    """Reads and writes versions. Each is kept; the newest is in force."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._names = names

    def current(self, timeout_s: float | None = None) -> RuleVersion:
        """The version in force; NONE_YET where there never was one. Realtime.

        Raises ClusterUnavailable; ForeignIndex when the index was not made by us.
        """
        try:
            source = self._get(CURRENT, timeout_s)
            if source is None:
                refuse_foreign(self._client, [self._names.rules])
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        return NONE_YET if source is None else _version(source)

    def read(self, number: int, timeout_s: float | None = None) -> RuleSet:
        """The rules of a version; version 0 has none.

        Raises ClusterUnavailable, VersionUnknown, RulesUnreadable.
        """
        if number == 0:
            return RuleSet(rules=[])
        try:
            source = self._get(_id(number), timeout_s)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        if source is None:
            raise VersionUnknown(
                f"there is no version {number} of the rules; live-intent rules list shows them"
            )
        try:
            return RuleSet.model_validate({"rules": source.get("rules", {}).get("list", [])})
        except ValidationError as error:
            raise RulesUnreadable(
                f"version {number} of the rules in {self._names.rules} can't be read; another "
                f"version of Live Intent wrote it ({error.errors()[0]['msg']})"
            ) from error

    def synonyms(self, number: int, timeout_s: float | None = None) -> tuple[str, ...]:
        """The lines of synonyms of a version. Raises ClusterUnavailable."""
        if number == 0:
            return ()
        try:
            source = self._get(_id(number), timeout_s) or {}
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        return tuple(source.get("rules", {}).get("synonyms", ()))

    def versions(self) -> list[RuleVersion]:
        """All versions, newest first. Raises ClusterUnavailable."""
        body = {
            "query": {"term": {"kind": "version"}},
            "sort": [{"version": "desc"}],
            "size": MAX_LISTED,
            "_source": {"excludes": ["rules.list", "rules.synonyms"]},
        }
        try:
            response = self._client.search(index=self._names.rules, body=body)
        except NotFoundError:
            return []
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        return [_version(hit["_source"]) for hit in response["hits"]["hits"]]

    def problems(self, rules: RuleSet) -> list[RuleProblem]:
        """All problems of the rules, on the live items too. Raises ClusterUnavailable."""
        return check_rules(self._client, self._names, rules)

    def write(
        self, rules: RuleSet | None, origin: str, synonyms: Sequence[str] | None = None
    ) -> RuleVersion:
        """Store a new version, and put it in force. `origin` says where the rules come from.

        None: the rules, or the synonyms, in force stay. Raises ClusterUnavailable, ForeignIndex,
        RulesChanged, RulesUnreadable.
        """
        try:
            index = self._names.rules
            refuse_foreign(self._client, [index, IndexNames.writing(index)])
            ensure_indexes(self._client, self._names)
            return self._write(rules, origin, synonyms)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error

    def _write(
        self, rule_set: RuleSet | None, origin: str, synonyms: Sequence[str] | None
    ) -> RuleVersion:
        alias = IndexNames.writing(self._names.rules)
        pointer = self._client.get(index=self._names.rules, id=CURRENT, ignore=[404])
        current = pointer["_source"]["version"] if pointer.get("found") else 0
        rules = (self.read(current) if rule_set is None else rule_set).stored()
        lines = self.synonyms(current) if synonyms is None else synonyms
        number = current + 1
        counted = {SYNONYM_COUNT: len(lines)}
        for attempt in range(number, number + ATTEMPTS):
            version: dict[str, Any] = {
                "version": attempt,
                "applied_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "origin": origin[:500],
                "count": len(rules),
            }
            stored = {"list": rules, "synonyms": lines, **counted}
            document = version | {"kind": "version", "rules": stored}
            with suppress(ConflictError):  # a writer that stopped halfway took that number
                self._client.create(index=alias, id=_id(attempt), body=document)
                break
        else:
            raise RulesChanged("others change the rules at the same time: try again")
        condition = {"op_type": "create"}
        if pointer.get("found"):
            condition = {
                "if_seq_no": pointer["_seq_no"], "if_primary_term": pointer["_primary_term"],
            }  # fmt: skip
        try:
            self._client.index(
                index=alias,
                id=CURRENT,
                body=version | {"kind": CURRENT, "rules": counted},
                params=condition | {"refresh": "true"},
            )
        except ConflictError:
            raise RulesChanged(
                "somebody else changed the rules at the same time, and theirs are in force: look "
                "at them with live-intent rules list, then apply yours again"
            ) from None
        return _version(version | {"rules": counted})

    def _get(self, document_id: str, timeout_s: float | None) -> dict[str, Any] | None:
        options = {} if timeout_s is None else {"request_timeout": timeout_s}
        response = self._client.get(
            index=self._names.rules, id=document_id, ignore=[404], params=options
        )
        source: dict[str, Any] | None = response.get("_source") if response.get("found") else None
        return source


def _id(number: int) -> str:
    return f"version-{number}"


def _version(source: Mapping[str, Any]) -> RuleVersion:
    return RuleVersion(
        source["version"],
        source["applied_at"],
        source["origin"],
        source["count"],
        source.get("rules", {}).get(SYNONYM_COUNT),
    )
