"""The filters of a request as clauses of OpenSearch; every leg contains them."""

from typing import Any

from query_service.schemas.search import Filters


def clauses(filters: Filters | None) -> list[dict[str, Any]]:
    """Filter clauses, [] for no filters. Several values of one field mean any of them."""
    if filters is None:
        return []
    body: list[dict[str, Any]] = [
        {"terms": {name: values}}
        for name in ("brand", "category", "language")
        if (values := getattr(filters, name))
    ]
    if filters.price is not None and (bounds := filters.price.model_dump(exclude_none=True)):
        body.append({"range": {"price": bounds}})
    if filters.available is not None:
        body.append({"term": {"available": filters.available}})
    attributes = (filters.attributes or {}).items()
    return body + [{"term": {f"attributes.{name}": value}} for name, value in attributes]
