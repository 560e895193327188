"""The filters that a browser key forces on every answer, beside the request's own."""

from indexer.index.attribute_schema import AttributeSchema
from query_service.access.restrictions import NotAllowed, RequestLimits
from query_service.retrieval.filters.filters import Clauses, FilterProblem, clauses
from query_service.retrieval.filters.price_list import priced


def forced_clauses(limits: RequestLimits, attributes: AttributeSchema) -> Clauses:
    """Filter clauses, [] where nothing is forced. `attributes`: those of the index, whatever the
    request's language and prices.

    Raises NotAllowed where the index can't keep to them: it never answers without.
    """
    if limits.filters is None:
        return []
    try:
        return clauses(limits.filters, priced(attributes, limits.price_list))
    except FilterProblem as error:
        raise NotAllowed(f"The browser key's filters do not fit the index: {error}") from error
