"""The filters of a request as clauses of the engine; each stands inside every leg."""

from typing import Any

from query_service.schemas.search import Filters


def clauses(filters: Filters | None) -> list[dict[str, Any]]:
    """Filter clauses; none for no filters. Several values of one field mean any of them."""
    if filters is None:
        return []
    found: list[dict[str, Any]] = []
    for name, value in (
        ("brand", filters.brand),
        ("category", filters.category),
        ("language", filters.language),
    ):
        if value:
            found.append({"terms": {name: value}})
    if filters.price is not None:
        bounds = filters.price.model_dump(exclude_none=True)
        if bounds:
            found.append({"range": {"price": bounds}})
    if filters.available is not None:
        found.append({"term": {"available": filters.available}})
    for key, wanted in (filters.attributes or {}).items():
        found.append({"term": {f"attributes.{key}": wanted}})
    return found
