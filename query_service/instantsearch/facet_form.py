"""The facets of an answer as front ends read them."""

from collections.abc import Iterator, Mapping, Sequence

from indexer.catalogue.categories import JOIN
from query_service.instantsearch.attribute_names import CATEGORY, Name
from query_service.schemas.search.facets import Facet, FacetValue


def facet_counts(
    names: Mapping[str, Name], facets: Mapping[str, Facet], most: int
) -> dict[str, dict[str, int]]:
    """The counts of each facet's values, at most `most`; of numbers only where they are whole."""
    counts = {}
    for given, name in names.items():
        if (facet := facets.get(name.field)) is not None:
            pairs = list(_counts(facet, name))
            counts[given] = dict(sorted(pairs, key=lambda pair: -pair[1])[:most])
    return counts


def facet_stats(
    names: Mapping[str, Name], facets: Mapping[str, Facet]
) -> dict[str, dict[str, float]]:
    """The range of each facet of numbers, their average and sum."""
    stats = {}
    for given, name in names.items():
        facet = facets.get(name.field)
        if facet is None or facet.kind != "number" or facet.min is None:
            continue
        average = float(facet.average or 0)
        items = sum(bucket.count for bucket in facet.histogram or ())
        stats[given] = {
            "min": float(facet.min),
            "max": float(facet.max or 0),
            "avg": average,
            "sum": float(f"{average * items:.7g}"),
        }
    return stats


def _counts(facet: Facet, name: Name) -> Iterator[tuple[str, int]]:
    if facet.kind in ("number", "date"):
        for bucket in facet.histogram or ():
            last = facet.max if bucket.lt is None else bucket.lt
            if isinstance(bucket.gte, str) or isinstance(last, str) or not bucket.count:
                continue
            width = (last or 0) - bucket.gte
            if width == 1 or (bucket.lt is None and width < 1):
                yield f"{bucket.gte:g}", bucket.count
        return
    level = name.level if name.field == CATEGORY else None
    for value in _values(facet.values or ()):
        text = str(value.value)
        if value.count and (level is None or level == text.count(JOIN)):
            yield text.lower() if isinstance(value.value, bool) else text, value.count


def _values(values: Sequence[FacetValue]) -> Iterator[FacetValue]:
    """All values of a list or tree."""
    for value in values:
        yield value
        yield from _values(value.values or ())
