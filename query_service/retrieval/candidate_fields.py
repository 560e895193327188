"""The body of a search for candidates: what is read of each for the re-ranker."""

from collections.abc import Mapping
from typing import Any

from plugin_config.schema import VECTOR_FLOAT16
from query_service.retrieval.plan import RetrievalPlan

# The re-ranker's fields are read from doc values: no stored source is read for it.
FEATURE_FIELDS = [VECTOR_FLOAT16, "popularity", "price", "brand", "category"]


def candidates_body(query: Mapping[str, Any], size: int, plan: RetrievalPlan) -> dict[str, Any]:
    """The body of a search whose hits become candidates."""
    fields = [*FEATURE_FIELDS, plan.fields.title_exact] if plan.titles else FEATURE_FIELDS
    return {"query": query, "size": size, "_source": False, "docvalue_fields": fields}
