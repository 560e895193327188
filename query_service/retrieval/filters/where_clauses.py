"""Combined filters as clauses of OpenSearch."""

from typing import Any

from indexer.index.attribute_schema import AttributeSchema
from query_service.retrieval.filters.filters import Clauses, clauses
from query_service.schemas.search.where import AllOf, AnyOf, ItemIds, Not, Where


def where_clauses(where: Where | None, attributes: AttributeSchema) -> Clauses:
    """Filter clauses, [] for none. `attributes`: those of the index. Raises FilterProblem."""
    if where is None:
        return []
    if isinstance(where, AllOf):
        return [clause for part in where.parts for clause in where_clauses(part, attributes)]
    return [_clause(where, attributes)]


def _clause(where: Where, attributes: AttributeSchema) -> dict[str, Any]:
    if isinstance(where, ItemIds):
        return {"ids": {"values": list(where.item_ids)}}
    if isinstance(where, Not):
        return {"bool": {"must_not": [_clause(where.part, attributes)]}}
    if isinstance(where, AnyOf):
        parts = [_clause(part, attributes) for part in where.parts]
        return {"bool": {"should": parts, "minimum_should_match": 1}}
    if isinstance(where, AllOf):
        return {"bool": {"filter": where_clauses(where, attributes)}}
    return {"bool": {"filter": clauses(where, attributes)}}
