"""Shopify's product export: variants, pictures, drafts."""

from pathlib import Path

import pytest

from indexer.catalogue.items import Item, read_items
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.rejects import Reject

EXPORT = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Inventory Policy,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,\
Variant Image,Cost per item,Status
fern-tee,Fern Tee,"<p>Soft,
cool</p>",Leafy,Clothing > Tops,Shirts,"tee, summer",true,Size,Small,Colour,Red,FT-SR,shopify,0,\
deny,"19.00",25.00,'0123456789012,a.jpg,,7.00,active
fern-tee,,,,,,,,,Small,,Blue,FT-SB,shopify,0,continue,21.00,21.00,,b.jpg,blue.jpg,7.00,
fern-tee,,,,,,,,,,,,,,,,,,,c.jpg,,,
moss-cap,Moss Cap,,Leafy,,Hats,,true,Title,Default Title,,,MC-1,,0,deny,15.00,,,m.jpg,,,active
old-hat,Old Hat,,Leafy,,Hats,,true,Title,Default Title,,,OH-1,,1,deny,1.00,,,,,,archived
web-hat,Web Hat,,Leafy,,Hats,,FALSE,Title,Default Title,,,WH-1,,1,deny,1.00,,,,,,active
fern-tee,,,,,,,,,Large,,Red,FT-LR,shopify,3,deny,19.00,,,,,,
"""


def read(
    text: str, folder: Path, options: tuple[str, ...] = (), **changes: object
) -> tuple[list[Item], list[Reject], Notes]:
    file, notes = folder / "export.csv", Notes()
    file.write_text(text, encoding="utf-8")
    mapping = ColumnMap.parse(options, **changes)  # type: ignore[arg-type]
    with CatalogueSource(file, mapping).open() as catalogue:
        assert catalogue.recognised.format == "shopify"
        rows = list(read_items(catalogue, notes))
    items = [row for row in rows if isinstance(row, Item)]
    return items, [row for row in rows if isinstance(row, Reject)], notes


def test_each_variant_is_an_item_with_what_its_product_says(tmp_path: Path) -> None:
    (red, blue, cap), rejects, notes = read(EXPORT, tmp_path)
    assert red == Item(
        "fern-tee:Small:Red",
        "Fern Tee",
        description="<p>Soft,\ncool</p>",
        brand="Leafy",
        category=("Shirts",),
        other_categories=(("Clothing", "Tops"),),
        price=19.0,
        available=False,
        image_url="a.jpg",
        attributes={"Size": "Small", "Colour": "Red", "regular_price": 25.0},
        identifiers=("FT-SR", "0123456789012"),
        group_id="fern-tee",
    )
    assert (blue.item_id, blue.title, blue.price) == ("fern-tee:Small:Blue", "Fern Tee", 21.0)
    assert (blue.available, blue.image_url) == (True, "blue.jpg")
    assert blue.attributes == {"Size": "Small", "Colour": "Blue"}
    assert (cap.item_id, cap.group_id, cap.available) == ("moss-cap", "moss-cap", True)
    assert notes.left_out == {
        "further pictures of a product": 1,
        "status archived": 1,
        "not published": 1,
    }
    (reject,) = rejects
    assert (reject.line, reject.raw.startswith("fern-tee,")) == (9, True)
    assert "rows of one handle have to stand together" in reject.reason
    assert set(notes.private) == {"Tags", "Cost per item"}


def test_the_user_s_mapping_comes_first(tmp_path: Path) -> None:
    options = ("item_id=Variant SKU", "attributes.cost=Cost per item", "brand=Type")
    items, _, notes = read(EXPORT, tmp_path, options)
    assert [item.item_id for item in items] == ["FT-SR", "FT-SB", "MC-1"]
    assert items[0].attributes["cost"] == "7.00"
    assert items[0].brand == "Shirts"
    assert "Type" not in notes.private


def test_tags_are_a_list_once_they_are_public(tmp_path: Path) -> None:
    from indexer.catalogue.attributes.public_attributes import PublicAttributes

    items, _, _ = read(EXPORT, tmp_path, public=PublicAttributes.of(["Tags"]))
    assert items[0].attributes == {"Tags": ["tee", "summer"]}


def test_the_newer_header_is_read_alike(tmp_path: Path) -> None:
    text = (
        "Title,URL handle,Description,Vendor,Published on online store,Status,SKU,Option1 name,"
        "Option1 value,Price,Compare-at price,Inventory quantity,"
        "Continue selling when out of stock,Product image URL\n"
        "Fern Tee,fern-tee,Soft,Leafy,TRUE,Active,FT-S,Size,Small,19.00,,0,TRUE,a.jpg\n"
        ",fern-tee,,,,,FT-L,,Large,21.00,,0,DENY,\n"
    )
    (small, large), _, _ = read(text, tmp_path)
    assert (small.item_id, small.available, small.description) == ("fern-tee:Small", True, "Soft")
    assert (large.title, large.available, large.price) == ("Fern Tee", False, 21.0)


def test_variants_without_options_have_their_sku(tmp_path: Path) -> None:
    text = "Handle,Title,Variant SKU,Variant Price\na,Ash,A-1,1\na,,A-2,2\na,,A-2,2\n,Oak,O-1,3\n"
    items, rejects, _ = read(text, tmp_path)
    assert [item.item_id for item in items] == ["a", "a:A-2"]
    assert "item_id a:A-2 stands on line 3 already" in rejects[0].reason
    assert rejects[1].reason == "Handle is missing"


@pytest.mark.parametrize("size", [1, 2000])
def test_a_first_row_that_is_bad_costs_its_product_only(size: int, tmp_path: Path) -> None:
    rows = "".join(f"h{n},,Wide,{n}\n" for n in range(size))
    text = f"Handle,Title,Option1 Value,Variant Price\nbad,Bad\nbad,,Wide,1\n{rows}ok,Fine,,2\n"
    items, rejects, _ = read(text, tmp_path)
    assert [item.title for item in items] == ["Fine"]
    assert len(rejects) == size + 2
