"""A facet's own filter: the values it asks for, and the filters without it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.catalogue.attributes.attributes import Scalar, text_of
from indexer.catalogue.attributes.filter_keys import filter_key
from query_service.facets.facet_field import FacetField
from query_service.schemas.search.filters import AttributeCondition, Condition, Filters, PriceRange


@dataclass(frozen=True)
class Refinement:
    """`wanted` and `excluded` values, as they are written by their filter keys.

    `others`: the request's filters but this one.
    """

    wanted: Mapping[str, str]
    excluded: Mapping[str, str]
    others: Filters

    @classmethod
    def of(cls, name: str, field: FacetField, filters: Filters | None) -> "Refinement | None":
        """The refinement of a facet; None where no filter is on its field."""
        if filters is None:
            return None
        condition: Condition | AttributeCondition | PriceRange | bool | None
        if field.attribute:
            conditions = filters.attributes or {}
            own = [each for each in conditions if _normal(each) == field.attribute]
            if not own:
                return None
            condition = conditions[own[0]]
            kept = {each: value for each, value in conditions.items() if each not in own}
            others = filters.model_copy(update={"attributes": kept or None})
        else:
            condition = getattr(filters, name)
            others = filters.model_copy(update={name: None})
        if isinstance(condition, bool):
            return cls(_by_key([condition]), {}, others)
        if condition is None or not condition.model_dump(exclude_none=True, exclude_defaults=True):
            return None
        if isinstance(condition, PriceRange):
            return cls({}, {}, others)
        return cls(_by_key(condition.any), _by_key(condition.not_), others)


def _by_key(values: Sequence[Scalar] | None) -> dict[str, str]:
    return {filter_key(text): text for text in map(text_of, values or ())}


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
