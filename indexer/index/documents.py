"""The document that OpenSearch stores of an item, and the item of a document."""

import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.categories import category_paths, category_texts
from indexer.catalogue.items import Item
from indexer.catalogue.survey.popularity_pivot import SMALLEST_RANK
from indexer.catalogue.values.markup import plain_text
from indexer.catalogue.words.terms import attribute_terms
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.localized_texts import localized_part, stored_translations
from plugin_config.schema import DESCRIPTION_TEXT, GROUP_KEY, VECTOR, VECTOR_FLOAT16

# Fields that are stored as they are: always, and unless they are empty.
LONG_DEADLINE = ("item_id", "title", "available", "popularity")
UNLESS_EMPTY = (
    "description", "brand", "price", "currency", "image_url", "language", "updated_at",
    "identifiers", "group_id", "prices",
)  # fmt: skip
KEYED = ("brand", "category", "language", "currency")  # with filter keys below `keys`


def to_document(
    item: Item, vector: NDArray[np.float32] | None, attributes: AttributeSchema
) -> dict[str, Any]:
    """The document of an item; `vector` is g_i, float32 [dims], `attributes` those of the index.

    Without a vector only text queries match the document, until the rebuild that fills the index
    (or the next upsert) adds one.
    """
    document: dict[str, Any] = {name: getattr(item, name) for name in LONG_DEADLINE}
    document["features"] = attribute_terms(item)
    if attributes.has_groups:
        document[GROUP_KEY] = item.group_id or item.item_id
    if item.popularity > SMALLEST_RANK:
        document["popularity_rank"] = item.popularity
    if item.category:
        document["category"] = category_texts(item.category_paths)
    for name in UNLESS_EMPTY:
        value = getattr(item, name)
        known = attributes.has_groups or name != "group_id"
        known = known and (attributes.price_lists is not None or name != "prices")
        if value not in ("", None, (), {}) and known:
            document[name] = value
    if item.description:
        document[DESCRIPTION_TEXT] = plain_text(item.description)
    keyed = KEYED if attributes.facets is not None else KEYED[:-1]  # of an index made before facets
    keys = {name: _filter_keys(document[name]) for name in keyed if name in document}
    document |= ({"keys": keys} if keys else {}) | attributes.document_part(item.attributes)
    document |= localized_part(item, attributes.languages)
    if vector is not None:
        document[VECTOR] = vector
        document[VECTOR_FLOAT16] = float16_base64(vector)
    return document


def to_stored_item(source: Mapping[str, Any]) -> Item:
    """The item of a document's `_source`: the reverse of `to_document`."""
    paths = category_paths(source.get("category") or [])
    names = (*LONG_DEADLINE, *UNLESS_EMPTY, "attributes")
    fields = {name: source[name] for name in names if name in source}
    fields["identifiers"] = tuple(fields.get("identifiers", ()))
    return Item(
        category=paths[0] if paths else (),
        other_categories=paths[1:],
        translations=stored_translations(source),
        **fields,
    )


def _filter_keys(value: str | list[str]) -> list[str]:
    return [filter_key(text) for text in ([value] if isinstance(value, str) else value)]


def float16_base64(vector: NDArray[np.float32]) -> str:
    """A vector [dims] as base64 of little-endian float16, for the `binary` field.

    Half the bytes of float32; a cosine of unit vectors changes by less than 0.001.
    """
    return binascii.b2a_base64(vector.astype("<f2").tobytes(), newline=False).decode("ascii")


def from_float16_base64(text: str) -> NDArray[np.float32]:
    """The vector of `float16_base64`, float32 [dims]; doc values come without base64 padding."""
    padded = text + "=" * (-len(text) % 4)
    return np.frombuffer(binascii.a2b_base64(padded), dtype="<f2").astype(np.float32)
