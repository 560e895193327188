"""Searches of an evaluation through the plugin inside OpenSearch, in place of the service.

The same index, words query and visitors: histories are written as session documents.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.catalogue.words.terms import terms
from indexer.index.documents import float16_base64
from learning.data.visitors import Visitors
from learning.evaluation.concurrent_requests import DEPTH, HitList
from learning.evaluation.workbench import Workbench
from plugin_config.engine_plugin.cluster_plugins import node_plugins, refuse_nodes_without_plugin
from plugin_config.engine_plugin.search_pipeline import pipeline_body
from plugin_config.engine_plugin.settings import PipelineSettings
from plugin_config.provisioning.provisioned_indexes import create_index
from plugin_config.schema import IndexNames, load_template
from plugin_config.settings import load

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from query_service.context import QueryEncoder

TIMEOUT_MS = 10_000  # the most that the plugin takes: no visitor may be left out
AT_ONCE = 50  # sessions of a bulk request
UNKNOWN_SESSION = "nobody"
PLUGIN = "plugin"  # the value of --engine


@dataclass(frozen=True)
class PluginSearches:
    """Answers as of a `_search` that names a session. `body`: the pipeline."""

    client: "OpenSearch"
    names: IndexNames
    encoder: "QueryEncoder"
    body: Mapping[str, Any]

    def search(self, query_text: str, session_id: str, left_out: frozenset[str]) -> HitList:
        """The first 100 hits that are not left out; degraded where they are not personalised."""
        ids, said = self._asked(query_text, session_id, DEPTH + len(left_out))
        kept = [item_id for item_id in ids if item_id not in left_out]
        lacks = () if said["personalised"] or not ids else (f"plugin: {said['reason']}",)
        return HitList(tuple(kept[:DEPTH]), lacks)

    def search_without_visitor(self, query_text: str) -> HitList:
        """The first 100 hits for a visitor of whom nothing is stored."""
        ids, said = self._asked(query_text, UNKNOWN_SESSION, DEPTH)
        reason = said.get("reason")
        return HitList(ids, () if reason == "unknown_session" else (f"plugin: {reason}",))

    def _asked(
        self, query_text: str, session_id: str, size: int
    ) -> tuple[tuple[str, ...], Mapping[str, Any]]:
        """The ids of the first `size` hits, and what the answer says of the ranking."""
        from query_service.retrieval.legs import LEGS
        from query_service.retrieval.plan import WORDS, RetrievalPlan

        plan = RetrievalPlan(LEGS, query_text)
        [words] = [leg.query(plan) for leg in LEGS if leg.name == WORDS]
        live = {
            "session_id": session_id,
            "query_terms": len(terms(query_text)),
            "query_vector": float16_base64(self.encoder.encode_query(query_text)),
        }
        answer = self.client.search(
            index=self.names.items,
            body={
                "query": words,
                "size": size,
                "_source": False,
                "search_pipeline": self.body,
                "ext": {"live_intent": live},
            },
            params={"request_timeout": 120},
        )
        ids = tuple(hit["_id"] for hit in answer["hits"]["hits"])
        return ids, answer["ext"]["live_intent"]


@contextmanager
def plugin_searches(
    bench: Workbench,
    encoder: "QueryEncoder",
    visitors: Visitors,
    session_ids: Sequence[str],
    *,
    person_leg: bool = False,
) -> Iterator[PluginSearches]:
    """Writes the visitors as sessions and the index's model; removes both at the end.

    Raises ConfigMismatch: a node lacks the plugin.
    """
    from query_service.engine_models.model_documents import ModelDocuments
    from query_service.settings import ServiceSettings

    client, names = bench.cluster.client, bench.names
    refuse_nodes_without_plugin(node_plugins(client))
    settings = load(
        PipelineSettings, pipeline_timeout_ms=TIMEOUT_MS, pipeline_person_leg=person_leg
    )
    body = {k: v for k, v in pipeline_body(names, settings).items() if k != "description"}
    bundles = bench.cluster.settings.bundles_dir
    try:
        ModelDocuments(client, names, bundles, load(ServiceSettings)).apply()
        create_index(client, names.sessions, load_template("sessions", names.prefix)["template"])
        for start in range(0, len(session_ids), AT_ONCE):
            _write(bench, visitors, session_ids[start : start + AT_ONCE])
        yield PluginSearches(client, names, encoder, body)
    finally:
        both = f"{names.sessions},{names.engine_models}"
        client.indices.delete(index=both, ignore_unavailable=True)


def _write(bench: Workbench, visitors: Visitors, session_ids: Sequence[str]) -> None:
    from query_service.sessions.documents import document_id, event_to_stored, now_ms
    from query_service.user.engine_vectors import attribute_vector

    bundle, lines = bench.bundle, list[dict[str, Any]]()
    for session_id in session_ids:
        rows = [
            event_to_stored(
                event,
                event_id=f"{session_id}-{number}",
                received_at=now_ms(),
                attribute_vector=attribute_vector(event.features, bundle),
            )
            for number, event in enumerate(visitors.visitor(session_id).events)
        ]
        document = {"kind": "session", "session_id": session_id, "events": rows, "queries": []}
        lines += [{"index": {"_id": document_id("session", session_id)}}, document]
    written = bench.cluster.client.bulk(index=bench.names.sessions, body=lines)
    assert not written["errors"], written["items"][0]
