"""Column mappings by options and by file."""

from pathlib import Path

import pytest

from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.column_map import ColumnMap, MappingError

TOML = """
format = "csv"
category_separator = "/"
ignore = ["internal"]

[fields]
item_id = "sku"
title = "name"
description = ["short", "long"]
attributes.colour = "color"

[constants]
currency = "USD"
attributes.shop = "north"
"""


def test_options_map_columns_to_fields() -> None:
    mapping = ColumnMap.parse(["title=name", "attributes.colour=color"])
    row = {"item_id": "1", "name": "Red phone", "color": "red", "attributes.weight": 3}
    assert mapping.pick(row) == {
        "item_id": "1",
        "title": "Red phone",
        "attributes": {"colour": "red", "weight": 3},
    }


def test_several_columns_of_one_field_are_joined() -> None:
    mapping = ColumnMap.parse(
        ["description=short", "description=long", "category=department", "category=group"]
    )
    row = {"short": "Small.", "long": "Large.", "department": "Home", "group": "Garden"}
    assert mapping.pick(row) == {"description": "Small. Large.", "category": ["Home", "Garden"]}
    assert mapping.pick({"short": " ", "long": "Large."}) == {"description": "Large."}


def test_options_replace_entries_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(TOML)
    mapping = ColumnMap.parse(["title=label"], file)
    row = {"sku": "1", "name": "n", "label": "l", "short": "a", "color": "red", "internal": "x"}
    assert mapping.format == "csv"
    assert mapping.rules.category_separator == "/"
    assert mapping.pick(row) == {
        "item_id": "1",
        "title": "l",
        "description": "a",
        "currency": "USD",
        "attributes": {"shop": "north", "colour": "red"},
    }


def test_a_row_s_value_replaces_a_constant(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[constants]\ncurrency = "USD"\n')
    mapping = ColumnMap.parse((), file)
    assert mapping.pick({"currency": "EUR"})["currency"] == "EUR"
    assert mapping.pick({"currency": ""})["currency"] == "USD"


def test_columns_that_nobody_mapped_are_private() -> None:
    notes = Notes()
    row = {"item_id": "1", "title": "t", "margin": 0.3, "tags": ["a"], "supplier": {"email": "e"}}
    picked = ColumnMap().pick({**row, "attributes": {"colour": "red"}}, notes)
    assert picked["attributes"] == {"colour": "red"}
    assert notes.private == {"margin": 1, "tags": 1, "supplier.email": 1}


def test_a_column_is_public_when_it_is_named() -> None:
    notes = Notes()
    mapping = ColumnMap(public=PublicAttributes.of(["tags", "size.*"]))
    row = {"item_id": "1", "tags": ["a"], "size": {"width": 3}, "margin": 1}
    picked = mapping.pick({**row, "attributes": {"colour": "red"}}, notes)
    assert picked["attributes"] == {"tags": ["a"], "size.width": 3}
    assert notes.private == {"margin": 1, "colour": 1}
    everything = ColumnMap(public=PublicAttributes.parse("*")).pick(row)
    assert everything["attributes"] == {"tags": ["a"], "size.width": 3, "margin": 1}


def test_a_mapping_file_names_the_public_attributes(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('public = ["colour"]\n')
    assert ColumnMap.parse((), file).public == PublicAttributes(("colour",))
    file.write_text('public = "colour"\n')
    with pytest.raises(MappingError, match="public wants a list"):
        ColumnMap.parse((), file)


def test_columns_of_one_attribute_are_a_list() -> None:
    mapping = ColumnMap.parse(["attributes.colour=colour1", "attributes.colour=colour2"])
    row = {"colour1": "red", "colour2": ["blue", "green"]}
    assert mapping.pick(row) == {"attributes": {"colour": ["red", "blue", "green"]}}


def test_attributes_as_a_list_of_names_and_values() -> None:
    given = [{"name": "Colour", "options": ["red", "blue"]}, {"name": "Size", "value": 8}]
    picked = ColumnMap().pick({"attributes": [*given, {"name": "Size", "value": 9}]})
    assert picked == {"attributes": {"Colour": ["red", "blue"], "Size": [8, 9]}}


def test_attributes_as_an_object_in_a_text() -> None:
    picked = ColumnMap().pick({"attributes": '{"colour": "red", "size": 8}'})
    assert picked == {"attributes": {"colour": "red", "size": 8}}


def test_a_dotted_column_names_a_part_of_an_object() -> None:
    mapping = ColumnMap.parse(["brand=brand.name", "price=offers.0.price", "image_url=images.src"])
    row = {
        "item_id": "1",
        "title": "Chair",
        "brand": {"name": "Sitto", "id": 3},
        "offers": [{"price": 5}, {"price": 6}],
        "images": [{"src": "a.jpg"}, {"src": "b.jpg"}, {"alt": "c"}],
    }
    notes = Notes()
    assert mapping.pick(row, notes) == {
        "item_id": "1",
        "title": "Chair",
        "brand": "Sitto",
        "price": 5,
        "image_url": ["a.jpg", "b.jpg"],
    }
    mapping.check_rows(notes.columns, whole=True)
    assert mapping.pick({"brand": "Sitto", "brand.name": "Of that column"}) == {
        "brand": "Of that column"
    }


def test_a_dotted_column_that_no_row_has_is_refused() -> None:
    mapping, notes = ColumnMap.parse(["brand=brand.nmae"]), Notes()
    mapping.pick({"item_id": "1", "title": "Chair", "brand": {"name": "Sitto"}}, notes)
    with pytest.raises(MappingError, match=r"no row has 'brand.nmae' \(mapped to brand\)"):
        mapping.check_rows(notes.columns, whole=True)
    mapping.check_rows(notes.columns, whole=False)  # a few items, none of which has a brand
    with pytest.raises(MappingError, match=r"no row has 'nmae' \(mapped to title\)"):
        ColumnMap.parse(["title=nmae"]).check_rows(notes.columns, whole=False)


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        ("Handle,Title,Body (HTML),Vendor,Type,Variant Price", "Shopify: --format shopify"),
        ("ID,Type,SKU,Name,Regular price,Categories", "WooCommerce: --format woocommerce"),
        ("id,title,description,link,availability,price", "Google Merchant: --format google"),
        ("sku,attribute_set_code,product_type,name", "Magento: --map item_id="),
    ],
)
def test_rows_of_shops_are_known_by_their_columns(header: str, advice: str) -> None:
    with pytest.raises(MappingError, match=f"no column gives .*{advice}"):
        ColumnMap().check_header(header.split(","))
    with pytest.raises(MappingError, match=f"no row has .*{advice}"):
        ColumnMap().check_rows(set(header.split(",")), whole=True)


def test_a_list_of_names_and_values_gives_attributes() -> None:
    row = {"attributes": [{"name": "colour", "value": "red"}, {"name": "size", "value": 40}]}
    assert ColumnMap().pick(row) == {"attributes": {"colour": "red", "size": 40}}


@pytest.mark.parametrize("option", ["title", "title=", "=name"])
def test_an_option_needs_a_field_and_a_column(option: str) -> None:
    with pytest.raises(MappingError, match="write it as field=column"):
        ColumnMap.parse([option])


def test_the_error_of_an_unknown_field_lists_the_fields() -> None:
    with pytest.raises(MappingError, match=r"'tite' is not a field of an item.*title"):
        ColumnMap.parse(["tite=name"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[feilds]\n", "'feilds' is not known"),
        ("fields = 3\n", "fields has to be a table"),
        ("[fields]\ntitle = 3\n", "title wants a column's name"),
        ("[fields\n", "can't be read"),
        ("ignore = 'x'\n", "ignore wants a list"),
        ("delimiter = 1\n", "delimiter wants a text"),
        ("duplicates = 'first'\n", "duplicates='first': allowed are 'reject', 'last'"),
        ("strict = 'yes'\n", "strict='yes': allowed are True, False"),
        ("paths_separator = '>'\n", "paths_separator and category_separator are both"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(text)
    with pytest.raises(MappingError, match=message):
        ColumnMap.parse((), file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="can't be read"):
        ColumnMap.parse((), tmp_path / "none.toml")


def test_a_header_without_needed_columns_is_refused() -> None:
    mapping = ColumnMap.parse(["title=name"])
    mapping.check_header(["item_id", "name"])
    with pytest.raises(MappingError, match=r"no column 'name' \(mapped to title\).*sku, label"):
        mapping.check_header(["sku", "label"])
    with pytest.raises(MappingError, match=r"--map item_id=COLUMN. The columns: sku, name"):
        mapping.check_header(["sku", "name"])
    with pytest.raises(MappingError, match="names 'name' twice"):
        mapping.check_header(["item_id", "name", "name"])


def test_columns_with_numbers_are_identifiers_too() -> None:
    row = {"item_id": "1", "SKU": "AB-1", "ean": 4006381333931, "upc": " ", "colour": "red"}
    picked = ColumnMap().pick(row)
    assert picked["identifiers"] == ["AB-1", 4006381333931]
    assert "attributes" not in picked
    mapping = ColumnMap.parse(["identifiers=art_no", "identifiers=codes", "item_id=ean"])
    picked = mapping.pick({"art_no": "7-B", "codes": ["x1", "x2"], "ean": "4006381333931"})
    assert picked["identifiers"] == ["7-B", "x1", "x2"]
    assert "identifiers" not in ColumnMap.parse(["item_id=sku"]).pick({"sku": "AB-1"})
