"""Items to documents and back."""

import numpy as np

from indexer.catalogue.items import Item
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import float16_base64, from_float16_base64, to_document, to_stored_item
from plugin_config.attribute_fields import AttributeFields

FULL = Item(
    item_id="7",
    title="Red phone",
    description="Slim.",
    brand="Acme",
    category=("Phones", "Smart"),
    price=99.5,
    currency="USD",
    available=False,
    popularity=3.0,
    image_url="https://example.com/7.jpg",
    attributes={"colour": ["Red", "Blue"], "screen.size": 5.5, "new": True},
    language="en",
    updated_at="2026-11-24T10:15:00Z",
    other_categories=(("Gifts",), ("Phones", "Hi > Fi")),
    identifiers=("AB-12", "4006381333931"),
    group_id="phone-7",
)
SCHEMA = AttributeSchema(
    AttributeFields({"colour": "text", "screen.size": "number", "new": "boolean"})
)


def test_fields_of_a_document() -> None:
    vector = np.array([0.6, 0.8], dtype=np.float32)
    document = to_document(FULL, vector, SCHEMA)
    assert document["category"] == [
        "Phones",
        "Phones > Smart",
        "Gifts",
        "Phones > Hi \\> Fi",
    ]
    assert document["keys"] == {
        "brand": ["acme"],
        "category": ["phones", "phones > smart", "gifts", "phones > hi \\> fi"],
        "language": ["en"],
    }
    assert document["popularity_rank"] == 3.0
    assert "brand:acme" in document["features"]
    assert document["vector"] is vector
    np.testing.assert_allclose(from_float16_base64(document["vector_float16"]), vector, atol=1e-3)


def test_words_see_the_text_of_a_description_and_the_source_keeps_its_html() -> None:
    html = "<style>.a{padding:0}</style><p>Soft &amp; warm</p><!-- padding -->"
    document = to_document(Item("1", "Tee", html), None, SCHEMA)
    assert document["description"] == html
    assert document["description_text"] == "Soft & warm"


def test_blank_fields_are_absent() -> None:
    document = to_document(Item("1", "Phone"), None, SCHEMA)
    fields = {"item_id", "title", "available", "popularity", "features", "group_key"}
    assert set(document) == fields


def test_variants_share_a_group_key_and_other_items_have_their_own() -> None:
    assert to_document(FULL, None, SCHEMA)["group_key"] == "phone-7"
    assert to_document(Item("1", "Phone"), None, SCHEMA)["group_key"] == "1"


def test_an_index_made_before_groups_gets_documents_without_them() -> None:
    document = to_document(FULL, None, AttributeSchema.of_mapping({"properties": {}}))
    assert "group_key" not in document
    assert "group_id" not in document


def test_a_document_gives_its_item_back() -> None:
    assert to_stored_item(to_document(FULL, None, SCHEMA)) == FULL
    assert to_stored_item(to_document(Item("1", "Phone"), None, SCHEMA)) == Item("1", "Phone")


def test_float16_is_little_endian_and_close_to_float32() -> None:
    assert float16_base64(np.array([1.0], dtype=np.float32)) == "ADw="
    assert from_float16_base64("ADw") == from_float16_base64("ADw=") == 1.0
    vector = np.random.default_rng(1).normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    decoded = from_float16_base64(float16_base64(vector))
    assert decoded.dtype == np.float32
    assert float(decoded @ vector) > 0.999
