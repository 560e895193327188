"""Filters combined by AND, OR and NOT, where `Filters` alone can only say AND.

Each leaf is a `Filters`: what it may name and how it is checked is the same. No request of our own
API has one; other front ends' requests are turned into them.
"""

from dataclasses import dataclass

from query_service.schemas.search.filters import Filters
from query_service.schemas.search.requests import RecommendRequest, SearchRequest


@dataclass(frozen=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Where, ...]"


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: "tuple[Where, ...]"


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Where"


@dataclass(frozen=True)
class ItemIds:
    """The item is one of these."""

    item_ids: tuple[str, ...]


Where = Filters | ItemIds | AllOf | AnyOf | Not


class WhereSearch(SearchRequest, arbitrary_types_allowed=True):
    """A search under combined filters; `stated`: what of them `Filters` can say.

    `of_nobody`: the request names no visitor, its session is made up.
    """

    where: Where | None = None
    stated: Filters | None = None
    of_nobody: bool = False


class WhereBrowse(RecommendRequest, arbitrary_types_allowed=True):
    """All items under combined filters, those the visitor acted on too."""

    where: Where | None = None
    stated: Filters | None = None
    leaves_out_seen: bool = False
    of_nobody: bool = False
