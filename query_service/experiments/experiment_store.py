"""The experiment that runs, and those that there were, in an index of our own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException
from pydantic import ValidationError

from plugin_config.connection.client import cluster_errors, cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.ownership import refuse_foreign
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.schemas.administration.experiments import Experiment

CURRENT = "current"  # id of the document that says which experiment runs
MAX_LISTED = 1000


class ExperimentRefused(LiveIntentError):
    """The experiment can't be started or stopped now; the message says why."""

    exit_code = 4


class ExperimentUnreadable(LiveIntentError):
    """What is stored is no experiment that this version understands."""

    exit_code = 4
    plain = "The stored experiment can't be read."


@dataclass(frozen=True)
class ExperimentRecord:
    """An experiment that was stopped: when, and with which result."""

    experiment: Experiment
    ended_at: datetime
    result: dict[str, Any]


class ExperimentStore:
    """Reads and writes experiments; at most one runs."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._names = names

    def running(self) -> Experiment | None:
        """The experiment that runs. Realtime.

        Raises ClusterUnavailable, ExperimentUnreadable; ForeignIndex when the index was not made
        by us.
        """
        source = self._get(CURRENT)
        if source is None:
            self._refuse_foreign()
            return None
        definition = source.get("definition")
        return _experiment(definition) if definition else None

    def record(self, experiment_id: str) -> ExperimentRecord | None:
        """One that was stopped. Raises ClusterUnavailable, ExperimentUnreadable."""
        source = self._get(_id(experiment_id))
        return None if source is None else _record(source)

    def records(self) -> list[ExperimentRecord]:
        """Those that were stopped, newest first.

        Raises ClusterUnavailable, ExperimentUnreadable.
        """
        query = {"term": {"kind": "record"}}
        body = {"query": query, "sort": [{"started_at": "desc"}], "size": MAX_LISTED}
        try:
            response = self._client.search(index=self._names.experiments, body=body)
        except NotFoundError:
            return []
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        return [_record(hit["_source"]) for hit in response["hits"]["hits"]]

    def start(self, experiment: Experiment) -> None:
        """Let it run from now on. Raises ClusterUnavailable, ForeignIndex, ExperimentRefused."""
        self._refuse_foreign()
        if problem := experiment.problem():
            raise ExperimentRefused(problem)
        if self.record(experiment.id) is not None:
            raise ExperimentRefused(
                f"there was an experiment {experiment.id} already, and its record is kept: choose "
                "another name"
            )
        try:
            ensure_indexes(self._client, self._names)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        stored, version = self._current()
        if stored.get("definition"):
            raise ExperimentRefused(
                f"the experiment {stored['id']} runs, and only one can: live-intent experiment "
                "stop ends it"
            )
        definition = experiment.model_dump(mode="json")
        fields = {"id": experiment.id, "started_at": experiment.started_at.isoformat()}
        self._write_current(fields | {"definition": definition}, version)

    def stop(self, experiment: Experiment, result: dict[str, Any]) -> ExperimentRecord:
        """End it, and keep the record. Raises ClusterUnavailable, ExperimentRefused."""
        stored, version = self._current()
        if stored.get("id") != experiment.id or not stored.get("definition"):
            raise ExperimentRefused(f"the experiment {experiment.id} does not run any more")
        record = ExperimentRecord(experiment, datetime.now(UTC), result)
        document = {
            "kind": "record",
            "id": experiment.id,
            "started_at": experiment.started_at.isoformat(),
            "ended_at": record.ended_at.isoformat(),
            "definition": experiment.model_dump(mode="json"),
            "result": result,
        }
        self._write(_id(experiment.id), document, {})
        self._write_current({}, version)
        return record

    def _current(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document that says what runs, and the conditions of writing it."""
        with cluster_errors():
            response = self._client.get(index=self._names.experiments, id=CURRENT, ignore=[404])
        if not response.get("found"):
            return {}, {"op_type": "create"}
        conditions = {
            "if_seq_no": response["_seq_no"], "if_primary_term": response["_primary_term"],
        }  # fmt: skip
        return response["_source"], conditions

    def _write_current(self, fields: dict[str, Any], conditions: dict[str, Any]) -> None:
        try:
            self._write(CURRENT, {"kind": CURRENT, **fields}, conditions)
        except ConflictError:
            raise ExperimentRefused(
                "somebody else started or stopped an experiment at the same time: look with "
                "live-intent experiment status"
            ) from None

    def _write(self, document_id: str, body: dict[str, Any], conditions: dict[str, Any]) -> None:
        alias = IndexNames.writing(self._names.experiments)
        params = conditions | {"refresh": "true"}
        with cluster_errors():
            self._client.index(index=alias, id=document_id, body=body, params=params)

    def _get(self, document_id: str) -> dict[str, Any] | None:
        with cluster_errors():
            response = self._client.get(index=self._names.experiments, id=document_id, ignore=[404])
        source: dict[str, Any] | None = response.get("_source") if response.get("found") else None
        return source

    def _refuse_foreign(self) -> None:
        index = self._names.experiments
        with cluster_errors():
            refuse_foreign(self._client, [index, IndexNames.writing(index)])


def _id(experiment_id: str) -> str:
    return f"experiment-{experiment_id}"


def _experiment(definition: dict[str, Any]) -> Experiment:
    try:
        return Experiment.model_validate(definition)
    except ValidationError as error:
        raise ExperimentUnreadable(
            f"the experiment {definition.get('id')} can't be read; another version of Live Intent "
            f"wrote it ({error.errors()[0]['msg']})"
        ) from error


def _record(source: dict[str, Any]) -> ExperimentRecord:
    ended_at = datetime.fromisoformat(source["ended_at"])
    return ExperimentRecord(_experiment(source["definition"]), ended_at, source.get("result", {}))
