"""How many items the texts of queries lead to, and what most of these items have in common."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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


def item_counts(
    client: OpenSearch,
    index: str,
    texts: Iterable[str],
    *,
    features: bool = True,
    fields: TextFields = OWN_TEXTS,
) -> Iterator[ItemCount]:
    """One for each text, in order; `fields` are searched. Raises OpenSearchException."""
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        queries = [items_query(text, fields=fields) for text in batch]
        yield from _of_batch(client, index, queries, features)


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
