"""Why a list was shown, from its row in `ubi_queries` alone: never from today's index or models."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.schema import IndexNames
from query_service.records.answer_record import ATTRIBUTE
from query_service.schemas.search.explanations import QueryExplanation, ShownItem
from query_service.sessions.limits import SessionLimits
from query_service.sessions.rights.session_export import lasting

MOST_ROWS = 20  # sessions that sent the same query_id
REFERRED = 100  # earlier queries whose texts are looked up


class QueryUnknown(LiveIntentError):
    """No row of `ubi_queries` has the query_id."""


class QueryExplanations:
    """Reads explanations from one set of indexes, of rows that have not expired."""

    def __init__(self, client: OpenSearch, names: IndexNames, limits: SessionLimits) -> None:
        self._client, self._index, self._limits = client, names.ubi_queries, limits

    def of(self, query_id: str) -> QueryExplanation:
        """The explanation of a query; of several rows with this id the newest answer's.

        Raises QueryUnknown, ClusterUnavailable.
        """
        try:
            self._client.indices.refresh(index=self._index, ignore_unavailable=True)
            rows = self._rows({"term": {"query_id": query_id}}, MOST_ROWS)
            if not rows:
                raise QueryUnknown(
                    f"ubi_queries has no query {query_id!r}. A search is kept unless it asks for "
                    "no hits or for no personalisation; its row goes with its session, or expires"
                )
            row = next((row for row in rows if _record(row)), rows[0])
            return explanation_of(row, self._texts_of_earlier_queries(row))
        except OpenSearchException as error:
            raise cluster_unavailable(error, "read the query") from error

    def _rows(self, query: dict[str, Any], size: int) -> list[dict[str, Any]]:
        kept = lasting(query, self._limits.kept_queries)
        body = {"query": kept, "size": size, "sort": [{"timestamp": "desc"}]}
        try:
            found = self._client.search(index=self._index, body=body)
        except NotFoundError:
            return []
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def _texts_of_earlier_queries(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The texts of queries that shares name, where the visitor has not taken them back."""
        hits = _record(row).get("explanation", {}).get("hits", ())
        named = {share.get("query_id") for hit in hits for share in hit.get("shares", ())} - {None}
        if not named:
            return {}
        rows = self._rows({"terms": {"query_id": sorted(named)[:REFERRED]}}, REFERRED)
        return {each["query_id"]: each.get("user_query", "") for each in rows}


def explanation_of(row: Mapping[str, Any], texts: Mapping[str, str]) -> QueryExplanation:
    """The explanation in a row; `texts`: of earlier queries by id."""
    record, answer = _record(row), row.get("answer", {})
    explanation = record.get("explanation", {})
    clicked = set(answer.get("clicked_ids", ()))
    ids: Sequence[str] = row.get("query_response_hit_ids", ())
    hits = explanation.get("hits", ()) or [
        {"item_id": item_id, "position": position} for position, item_id in enumerate(ids, 1)
    ]
    return QueryExplanation(
        query_id=row["query_id"],
        timestamp=row.get("timestamp", ""),
        answered_here=bool(record),
        query_text=row.get("user_query"),
        session_id=row.get("session_id"),
        user_id=row.get("user_id"),
        asked={
            name: value
            for name, value in {
                "kind": record.get("kind"),
                "scenario": record.get("scenario"),
                "language": record.get("language"),
                "filters": explanation.get("filters"),
                "sort": explanation.get("sort"),
                "offset": answer.get("offset"),
                "request_id": record.get("request_id"),
                "trace_id": record.get("trace_id"),
            }.items()
            if value
        },
        configuration={
            **{n: record[n] for n in ("index", "encoder", "bundle", "reranker") if n in record},
            "weights": {**record.get("weights", {}), **explanation.get("weights", {})},
            "experiment": record.get("experiment"),
        },
        rules=explanation.get("rules", []),
        stages=record.get("stages", []),
        degraded=explanation.get("degraded", {}),
        behaviour={name: record.get(name, 0) for name in ("events", "queries")},
        personalized=bool(answer.get("personalized")),
        took_ms=answer.get("took_ms"),
        deadline_ms=record.get("deadline_ms"),
        timing_ms=explanation.get("timing_ms", {}),
        total=answer.get("total"),
        hits=[_item(hit, texts, clicked) for hit in hits],
        instead=[_item(hit, texts, clicked) for hit in explanation.get("instead", ())],
    )


def _item(hit: Mapping[str, Any], texts: Mapping[str, str], clicked: set[str]) -> ShownItem:
    shares = []
    for share in hit.get("shares", ()):
        text = texts.get(share.get("query_id", ""))
        shares.append({**share, "query_text": text} if text else dict(share))
    return ShownItem(
        item_id=hit["item_id"],
        position=hit["position"],
        title=hit.get("title", ""),
        score=hit.get("score"),
        by_meaning=hit.get("by_meaning", False),
        below_candidates=hit.get("below", False),
        legs=hit.get("legs", {}),
        shares=shares,
        pinned_by=hit.get("pinned_by"),
        clicked=hit["item_id"] in clicked,
    )


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    attributes = row.get("query_attributes")
    record = attributes.get(ATTRIBUTE) if isinstance(attributes, dict) else None
    return record if isinstance(record, dict) else {}
