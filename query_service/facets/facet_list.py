"""The values of a facet in an answer: a list, of categories a tree."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from indexer.catalogue.categories import JOIN, category_paths
from query_service.facets.facet_count import FacetCount
from query_service.schemas.search.facets import FacetValue


def facet_values(
    count: FacetCount, further: Mapping[str, int], forms: Mapping[str, str]
) -> tuple[list[FacetValue], bool]:
    """The values to show, and whether there are others.

    `further`: counts of the keys that were unsure; `forms`: the value of each filter key. A value
    that the filters ask for is always shown.
    """
    items = count.items(further)
    if count.facet.field.kind == "category" and count.facet.options.facet_query is None:
        return _tree(count, items, forms)
    shown, more = _cut(count, items)
    return [_value(count, key, number, forms) for key, number in shown], more


def _cut(count: FacetCount, items: Sequence[tuple[str, int]]) -> tuple[list[tuple[str, int]], bool]:
    """The first ones up to the size, then those that the filters ask for; whether others are."""
    size = count.facet.options.size
    shown = [*items[:size], *(each for each in items[size:] if each[0] in count.facet.wanted)]
    return shown, count.partial or len(shown) < len(items)


def _tree(
    count: FacetCount, items: Sequence[tuple[str, int]], forms: Mapping[str, str]
) -> tuple[list[FacetValue], bool]:
    """The roots with what lies below them, each list cut by itself."""
    known = {key for key, _ in items}
    below: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, number in items:
        parent = key.rpartition(JOIN)[0]
        below[parent if parent in known else ""].append((key, number))

    def level(parent: str) -> tuple[list[FacetValue], bool]:
        shown, more = _cut(count, below[parent])
        values = []
        for key, number in shown:
            value = _value(count, key, number, forms)
            if key in below:
                value.values, value.more_values = level(key)
            values.append(value)
        return values, more

    return level("")


def _value(count: FacetCount, key: str, number: int, forms: Mapping[str, str]) -> FacetValue:
    kind, refinement = count.facet.field.kind, count.facet.refinement
    form = forms.get(key) or (_as_asked(key, refinement.wanted) if refinement else key)
    value = FacetValue(value=key == "true" if kind == "boolean" else form, count=number)
    if kind == "category":
        paths = category_paths([form])
        value.name = paths[0][-1] if paths else form
    if refinement is not None:
        value.refined, value.excluded = key in refinement.wanted, key in refinement.excluded
    return value


def _as_asked(key: str, wanted: Mapping[str, str]) -> str:
    """The value as the filters write it, of a category also one above it; else the key."""
    if key in wanted:
        return wanted[key]
    below = (text for each, text in wanted.items() if each.startswith(key + JOIN))
    return JOIN.join(next(below, key).split(JOIN)[: key.count(JOIN) + 1])
