"""The brands and categories of a catalogue, as suggestions."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from opensearchpy import OpenSearch

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.suggestions.suggestion import StoredType, Suggestion, leaf
from plugin_config.analysis.text_fields import TextFields

MOST_VALUES = 10_000  # of a field; the most frequent
WEIGHT = 0.9  # of the most popular one; the most popular query has 1


def facet_suggestions(
    client: OpenSearch, index: str, languages: Mapping[TextFields, tuple[str, ...]]
) -> list[Suggestion]:
    """Every brand and category, by popularity: the events on its items, else their number.

    `languages`: those that a category is for, by the fields that it is read from. Values that
    differ in letter case only are one. Raises OpenSearchException.
    """
    popularity = {"popularity": {"sum": {"field": "popularity"}}}
    fields: list[tuple[StoredType, str, tuple[str, ...]]] = [("brand", "brand", ())]
    fields += [("category", of.category, codes) for of, codes in languages.items()]
    aggs = {
        name: {"terms": {"field": name, "size": MOST_VALUES}, "aggs": popularity}
        for _, name, _ in fields
    }
    body = {"size": 0, "query": {"match_all": {}}, "aggs": aggs}
    answer = client.search(index=index, body=body, params={"request_timeout": 60})
    return [
        suggestion
        for kind, name, codes in fields
        for suggestion in _of_field(kind, answer["aggregations"][name]["buckets"], codes)
    ]


def _of_field(
    name: StoredType, buckets: list[dict[str, Any]], languages: tuple[str, ...]
) -> Iterator[Suggestion]:
    merged: dict[str, dict[str, Any]] = {}
    for bucket in buckets:  # the most frequent spelling first
        one = {
            "value": bucket["key"],
            "count": bucket["doc_count"],
            "popularity": bucket["popularity"]["value"],
        }
        same = merged.setdefault(filter_key(bucket["key"]), one)
        if same is not one:
            same["count"] += one["count"]
            same["popularity"] += one["popularity"]
    most = max((one["popularity"] for one in merged.values()), default=0)
    measure = "popularity" if most > 0 else "count"
    largest = max((one[measure] for one in merged.values()), default=0)
    for one in merged.values():
        value = one["value"]
        yield Suggestion(
            type=name,
            text=leaf(value) if name == "category" else value,
            weight=WEIGHT * log_share(one[measure], largest),
            count=one["count"],
            filters={name: value},
            features=(f"{name}:{value.lower()}",),
            languages=languages,
        )


def log_share(value: float, largest: float) -> float:
    """log(1 + value) / log(1 + largest), 0 to 1."""
    return math.log1p(max(value, 0.0)) / math.log1p(largest) if largest > 0 else 0.0
