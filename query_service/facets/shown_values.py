"""The values behind filter keys, as the catalogue writes them most often."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from indexer.catalogue.attributes.filter_keys import filter_key
from query_service.facets.facet_field import FacetField

FIRST = 2000  # values that are read at first, the commonest
LARGEST = 100_000  # values that are kept of all fields
KEPT_S = 600.0  # an upsert may make another form the commonest


class ShownValues:
    """Keeps, for one index, the commonest form of values by filter key.

    Safe to use from many threads: a dictionary is replaced or added to, never iterated.
    """

    def __init__(self) -> None:
        self._index = ""
        self._since = 0.0
        self._forms: dict[str, dict[str, str]] = {}  # by field, then key

    def forms(self, index: str, field: FacetField) -> dict[str, str]:
        """What is known of a field's values in an index."""
        expired = time.monotonic() - self._since > KEPT_S
        if index != self._index or expired or sum(map(len, self._forms.values())) > LARGEST:
            self._index, self._since, self._forms = index, time.monotonic(), {}
        return self._forms.setdefault(field.shown, {})

    @staticmethod
    def body(field: FacetField, missing: Sequence[str], *, first: bool) -> dict[str, Any]:
        """The search for the forms of keys that are `missing`; at first also of the others.

        Of all items: the form does not depend on the request.
        """
        size = FIRST if first else min(20 * len(missing) + 100, FIRST)
        query: dict[str, Any] = {"match_all": {}}
        if not first:
            query = {"bool": {"filter": [{"terms": {field.field: list(missing)}}]}}
        return {
            "size": 0,
            "query": query,
            "aggs": {"shown": {"terms": {"field": field.shown, "size": size}}},
        }

    @staticmethod
    def learn(forms: dict[str, str], response: Mapping[str, Any]) -> None:
        """Adds the forms of a response, whose commonest ones come first."""
        for bucket in response["aggregations"]["shown"]["buckets"]:
            form = str(bucket["key"])
            forms.setdefault(filter_key(form), form)
