"""What OpenSearch stores of an item, and an item back from it."""

import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.items import Item
from indexer.catalogue.terms import attribute_features, category_paths
from plugin_config.schema import VECTOR, VECTOR_FLOAT16

SMALLEST_RANK = 1e-30  # `rank_feature` refuses what float32 would round to zero


def to_document(item: Item, vector: NDArray[np.float32] | None) -> dict[str, Any]:
    """The document of an item; `vector` is g_i, float32 [dims].

    Without a vector the document can be found by words only, until the rebuild that fills the
    index (or the next upsert) gives it one.
    """
    document: dict[str, Any] = {
        "item_id": item.item_id,
        "title": item.title,
        "available": item.available,
        "popularity": item.popularity,
        "features": attribute_features(item),
    }
    if item.popularity > SMALLEST_RANK:
        document["popularity_rank"] = item.popularity
    if item.category:
        document["category"] = category_paths(item.category)
    for name in (
        "description", "brand", "price", "currency", "image_url", "attributes", "language",
        "updated_at",
    ):  # fmt: skip
        value = getattr(item, name)
        if value not in ("", None, {}):
            document[name] = value
    if vector is not None:
        document[VECTOR] = vector
        document[VECTOR_FLOAT16] = float16_base64(vector)
    return document


def to_stored_item(source: Mapping[str, Any]) -> Item:
    """The item that a document's `_source` was made from."""
    paths = source.get("category") or [""]
    return Item(
        item_id=source["item_id"],
        title=source["title"],
        description=source.get("description", ""),
        brand=source.get("brand", ""),
        category=tuple(part for part in max(paths, key=len).split(" > ") if part),
        price=source.get("price"),
        currency=source.get("currency", ""),
        available=source.get("available", True),
        popularity=source.get("popularity", 0.0),
        image_url=source.get("image_url", ""),
        attributes=dict(source.get("attributes", {})),
        language=source.get("language", ""),
        updated_at=source.get("updated_at"),
    )


def float16_base64(vector: NDArray[np.float32]) -> str:
    """A vector [dims] as base64 of little-endian float16, for the `binary` field.

    Half the bytes of float32; the cosine of unit vectors moves by less than 0.001.
    """
    return binascii.b2a_base64(vector.astype("<f2").tobytes(), newline=False).decode("ascii")


def from_float16_base64(text: str) -> NDArray[np.float32]:
    """The vector of `float16_base64`, float32 [dims]; the engine's doc values lack the padding."""
    padded = text + "=" * (-len(text) % 4)
    return np.frombuffer(binascii.a2b_base64(padded), dtype="<f2").astype(np.float32)
