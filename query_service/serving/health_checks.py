"""What a service checks in the background: engine, index, keys, events, rules, experiment."""

import logging

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import ping_or_raise
from plugin_config.errors import LiveIntentError
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.access.key_ring import KeyRing
from query_service.experiments.experiment_book import ExperimentBook
from query_service.index_view import IndexNotReady, IndexViews
from query_service.retrieval.probe import probe
from query_service.rules.rule_book import RuleBook
from query_service.serving.readiness import Readiness
from query_service.sessions.store_writer import StoreWriter
from query_service.sessions.stores import MISSING, problems_text, store_problems

log = logging.getLogger(__name__)


class HealthChecks:
    """The checks of one catalogue's service."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        *,
        views: IndexViews,
        writer: StoreWriter,
        key_ring: KeyRing,
        rule_book: RuleBook,
        experiments: ExperimentBook,
    ) -> None:
        self._client, self._names, self._views = client, names, views
        self._writer, self._key_ring = writer, key_ring
        self._rule_book, self._experiments = rule_book, experiments
        self._logged = ""

    def result(self) -> Readiness:
        """Whether searches are answered: one is sent to the engine, on the current index.

        Until the API keys were read once, no request is.
        """
        checks: dict[str, str] = {}
        try:
            checks["opensearch"] = "ok"
            view = self._views.current()
            checks["index"] = "ok: " + view.index
            probe(self._client, view.index, view.dims)
        except IndexNotReady:
            checks["index"] = self._views.plain_problem
            checks["opensearch"] = self._engine_check()
        except LiveIntentError as error:
            checks["opensearch"] = self._not_ready(error)
        if self._views.problem:
            checks["newest_index"] = f"not in use: {self._views.plain_problem}"
        if checks["opensearch"] == "ok":
            checks["events"] = self._events_check()
            checks["rules"] = self._rules_check()
            checks["experiment"] = self._experiments.state
        ok = checks["opensearch"] == "ok" and checks["index"].startswith("ok")
        if self._key_ring.never_read:
            checks["keys"] = "not read yet; the log says why"
            ok = False
        return Readiness(ok, checks)

    def _events_check(self) -> str:
        """Whether events are kept; what is missing for it is made."""
        try:
            problems = store_problems(self._client, self._names)
            if MISSING in problems.values():
                ensure_indexes(self._client, self._names)
                problems = store_problems(self._client, self._names)
        except (LiveIntentError, OpenSearchException) as error:
            self._not_ready(error)
            return "not known: the indexes of sessions and events can't be read; the log says why"
        if problems:
            return f"not kept: {problems_text(problems)}"
        return f"refused: {self._writer.failure}" if self._writer.failure else "ok"

    def _rules_check(self) -> str:
        """Which rules are in force, or why newer ones may be missing."""
        rules = self._rule_book.current()
        state = f"ok: version {rules.version.number}" if rules.version.number else "ok: none"
        return rules.problem or state

    def _engine_check(self) -> str:
        try:
            ping_or_raise(self._client)
        except LiveIntentError as error:
            return self._not_ready(error)
        return "ok"

    def _not_ready(self, error: Exception) -> str:
        if str(error) != self._logged:  # once, not at every check
            log.warning("not ready: %s", error)
        self._logged = str(error)
        return error.plain if isinstance(error, LiveIntentError) else ""
