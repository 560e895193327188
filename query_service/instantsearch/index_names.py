"""The names of the index and of its replicas, which are orders of the same items.

The index is called `items` (a setting), a replica `items_price_asc`, `items/sort/price:asc`, or as
a setting says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from plugin_config.errors import SettingsError
from query_service.instantsearch.conditions import RequestMalformed
from query_service.schemas.search.sort import SortBy

_ORDER = re.compile(r"(?P<by>[^:]+?)(?:[:_](?P<order>asc|desc))?")
_SUGGESTIONS = "_query_suggestions"  # what the original calls an index of queries
_SEPARATORS = ("/sort/", "_", "/")


class IndexUnknown(RequestMalformed):
    """There is no index of this name."""


@dataclass(frozen=True)
class IndexNamesSpoken:
    """`index`: its name in requests; `replicas`: orders by further names."""

    index: str
    replicas: Mapping[str, SortBy] = field(default_factory=dict)

    @classmethod
    def of(cls, index: str, replicas: str) -> "IndexNamesSpoken":
        """From settings: `best_first=popularity, cheap=price:asc`. Raises SettingsError."""
        orders = {}
        for each in filter(None, map(str.strip, replicas.split(","))):
            name, _, order = map(str.strip, each.partition("="))
            try:
                orders[name] = _sort_by(order)  # an empty one is none
            except (IndexUnknown, ValueError):  # pydantic's too
                orders.pop(name, None)
            if not name or name not in orders:
                raise SettingsError(
                    f"LIVE_INTENT_INSTANTSEARCH_REPLICAS: {each!r}: write name=price:asc"
                )
        return cls(index, orders)

    def order(self, name: str) -> SortBy | None:
        """The order of an index or replica; None: by relevance. Raises IndexUnknown.

        Whether the items can be sorted so is known later.
        """
        if name == self.index:
            return None
        if name in self.replicas:
            return self.replicas[name]
        if name == self.index + _SUGGESTIONS:
            raise IndexUnknown(
                f"Index {name[:80]} does not exist: completions of queries are at POST /v1/suggest"
            )
        for separator in _SEPARATORS:
            if name.startswith(self.index + separator) and len(name) < 600:
                return _sort_by(name.removeprefix(self.index + separator))
        raise IndexUnknown(
            f"Index {name[:80]} does not exist: it is called {self.index} "
            f"(LIVE_INTENT_INSTANTSEARCH_INDEX), and {self.index}_price_asc and "
            f"{self.index}/sort/price:asc are replicas sorted by price"
        )


def _sort_by(text: str) -> SortBy:
    match = _ORDER.fullmatch(text)
    if match is None:
        raise IndexUnknown(f"{text[:80]!r} is no order: write it as price_asc or price:desc")
    return SortBy.model_validate({"by": match["by"], "order": match["order"]})
