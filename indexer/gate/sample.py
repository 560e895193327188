"""A sample of the items of an index, with their vectors."""

from dataclasses import dataclass
from typing import Any

from indexer.bundle.projections import Vectors
from indexer.catalogue.items import Item
from indexer.index.context import IndexContext
from indexer.index.documents import from_float16_base64, to_stored_item
from plugin_config.schema import VECTOR, VECTOR_FLOAT16

SEED = 7  # the same items at each look


@dataclass(frozen=True)
class SampledItem:
    """An item as an index stores it. `vector` float32 [dims] is the float16 copy."""

    item: Item
    vector: Vectors


def sample_items(context: IndexContext, index: str, size: int) -> list[SampledItem]:
    """Up to `size` items that have a vector, drawn by chance, each time the same ones."""
    body: dict[str, Any] = {
        "size": size,
        "_source": {"excludes": [VECTOR]},
        "docvalue_fields": [VECTOR_FLOAT16],
        "query": {
            "function_score": {
                "query": {"exists": {"field": VECTOR_FLOAT16}},
                "random_score": {"seed": SEED, "field": "_seq_no"},
                "boost_mode": "replace",
            }
        },
    }
    params = {"request_timeout": context.settings.bulk_timeout_s}
    hits = context.client.search(index=index, body=body, params=params)["hits"]["hits"]
    return [
        SampledItem(
            to_stored_item(hit["_source"]), from_float16_base64(hit["fields"][VECTOR_FLOAT16][0])
        )
        for hit in hits
    ]
