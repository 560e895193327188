"""How many items the texts of queries lead to, and what most of these items have in common."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from opensearchpy import OpenSearch

from indexer.suggestions.suggestion import items_query
from plugin_config.analysis.text_fields import OWN_TEXTS, TextFields

BATCH = 100  # searches of one request
COMMON = 0.5  # share of the items that have a feature in common


@dataclass(frozen=True)
class ItemCount:
    """The number of items with a query's words, and the features that most of them have."""

    count: int
    features: tuple[str, ...] = ()


NONE_KNOWN: Mapping[str, ItemCount] = MappingProxyType({})


def item_counts(
    client: OpenSearch,
    index: str,
    texts: Iterable[str],
    *,
    features: bool = True,
    fields: TextFields = OWN_TEXTS,
    known: Mapping[str, ItemCount] = NONE_KNOWN,
) -> Iterator[ItemCount]:
    """One for each text, in order; `fields` are searched. Those `known` are not counted again.

    Raises OpenSearchException.
    """
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        asked = [text for text in batch if text not in known]
        queries = [items_query(text, fields=fields) for text in asked]
        counted = _of_batch(client, index, queries, features) if queries else []
        counts = dict(zip(asked, counted, strict=True))
        yield from (known[text] if text in known else counts[text] for text in batch)


def _of_batch(
    client: OpenSearch, index: str, queries: Sequence[dict[str, Any]], features: bool
) -> list[ItemCount]:
    body: list[dict[str, Any]] = []
    for query in queries:
        search = {"size": 0, "track_total_hits": True, "query": query}
        if features:
            search["aggs"] = {
                name: {"terms": {"field": name, "size": 4}} for name in ("brand", "category")
            }
        body += [{"index": index}, search]
    answers = client.msearch(body=body, params={"request_timeout": 60})["responses"]
    return [_count(answer) for answer in answers]


def _count(answer: dict[str, Any]) -> ItemCount:
    if "error" in answer:  # too many clauses: no text to suggest
        return ItemCount(0)
    count = int(answer["hits"]["total"]["value"])
    features = [
        f"{name}:{bucket['key'].lower()}"
        for name, found in answer.get("aggregations", {}).items()
        for bucket in found["buckets"]
        if bucket["doc_count"] > COMMON * count
    ]
    return ItemCount(count, tuple(features))
