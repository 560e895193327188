"""Feeds of Google Merchant, as TSV, RSS and Atom."""

from pathlib import Path

import pytest

from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.rejects import Reject

TSV = (
    "id\ttitle\tlink\timage link\tavailability\tprice\tsale_price\tsale_price_effective_date\t"
    "brand\tgtin\tmpn\titem_group_id\tgoogle_product_category\tproduct_type\tcolor\t"
    "product_detail\tcustom_label_0\n"
    'L1\t24" "Glow" Lamp\thttps://s.example/1\t1.jpg\tin stock\t39.90 EUR\t29,90 EUR\t\tLumen\t'
    "4012345678918\tGL-1\tL\t594\tHome > Lamps,Sale>Light\tred\tGeneral:Watts:7\tmargin-a\n"
    "L2\tLamp\thttps://s.example/2\t2.jpg\tout_of_stock\t39.90 EUR\t29.90 EUR\t"
    "2020-01-01T00:00Z/2020-02-01T00:00Z\tLumen\t\t\tL\tHome > Lighting\t\tblue\t\t\n"
)
ITEM = """
<item>
  <g:id>L1</g:id><title>Lamp &amp; shade</title><g:title>Lamp &eacute; & shade</g:title>
  <description><![CDATA[<p>Warm&nbsp;light</p>]]></description>
  <link>https://s.example/1?a=1&b=2</link><g:image_link>1.jpg</g:image_link>
  <g:availability>preorder</g:availability><g:price>39.90 EUR</g:price>
  <g:product_type>Home &gt; Lamps</g:product_type><g:product_type>Sale</g:product_type>
  <g:item_group_id>L</g:item_group_id><g:gtin>4012345678918</g:gtin><g:size/>
  <g:product_detail><g:attribute_name>Watts</g:attribute_name>
    <g:attribute_value>7</g:attribute_value></g:product_detail>
  <g:shipping><g:country>DE</g:country><g:price>4 EUR</g:price></g:shipping>
  <media:title>Other</media:title>
</item>"""
RSS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- <item><g:id>no</g:id></item> -->\n'
    '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>'
    "{items}</channel></rss>\n"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:p="http://base.google.com/ns/1.0">'
    "<title>Shop</title><entry><p:id>A1</p:id><id>tag:x</id><title>Chair</title><link "
    'href="https://s.example/a" rel="alternate"/><summary>Oak</summary><p:price>5 GBP</p:price>'
    "</entry></feed>"
)


def read(content: bytes, folder: Path, **changes: str) -> tuple[list[Item], list[Reject], Notes]:
    file, notes = folder / "feed", Notes()
    file.write_bytes(content)
    with CatalogueSource(file, **changes).open() as catalogue:  # type: ignore[arg-type]
        assert catalogue.recognised.format == "google"
        rows = list(read_items(catalogue, notes))
    items = [row for row in rows if isinstance(row, Item)]
    return items, [row for row in rows if isinstance(row, Reject)], notes


def test_a_feed_with_tabs(tmp_path: Path) -> None:
    (first, second), rejects, notes = read(TSV.encode(), tmp_path)
    assert not rejects
    assert first == Item(
        "L1",
        '24" "Glow" Lamp',
        brand="Lumen",
        category=("Home", "Lamps"),
        other_categories=(("Sale", "Light"),),
        price=29.9,
        currency="EUR",
        image_url="1.jpg",
        attributes={
            "color": "red",
            "link": "https://s.example/1",
            "regular_price": 39.9,
            "Watts": "7",
        },
        identifiers=("4012345678918", "GL-1"),
        group_id="L",
    )
    assert (second.price, second.available, second.category) == (
        39.9,
        False,
        ("Home", "Lighting"),
    )
    assert set(notes.private) == {"custom_label_0"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_feed_as_rss(encoding: str, tmp_path: Path) -> None:
    (item,), rejects, notes = read(RSS.format(items=ITEM).encode(encoding), tmp_path)
    assert not rejects
    assert item == Item(
        "L1",
        "Lamp é & shade",
        description="<p>Warm&nbsp;light</p>",
        category=("Home", "Lamps"),
        other_categories=(("Sale",),),
        price=39.9,
        currency="EUR",
        image_url="1.jpg",
        attributes={"link": "https://s.example/1?a=1&b=2", "Watts": "7"},
        identifiers=("4012345678918",),
        group_id="L",
    )
    assert set(notes.private) == {"shipping.country", "shipping.price"}


def test_a_feed_as_atom(tmp_path: Path) -> None:
    (item,), _, _ = read(ATOM.encode(), tmp_path)
    assert (item.item_id, item.description, item.price) == ("A1", "Oak", 5.0)
    assert item.attributes == {"link": "https://s.example/a"}


def test_the_encoding_that_xml_names_is_used(tmp_path: Path) -> None:
    feed = RSS.format(items="<item><g:id>1</g:id><title>Größe Žár</title></item>")
    content = feed.replace("UTF-8", "ISO-8859-2").encode("iso-8859-2")
    (item,), _, _ = read(content, tmp_path)
    assert item.title == "Größe Žár"
    with pytest.raises(CatalogueError, match=r"encoding .*nonesuch.* is unknown"):
        read(feed.replace("UTF-8", "nonesuch").encode(), tmp_path)


def test_a_fault_costs_one_item(tmp_path: Path) -> None:
    bad = (
        "<item><g:id>2</g:id><title>B</titel></item>\n"
        "<item><g:id>3</g:id><title>C</title>\n"
        "<item><g:id>4</g:id><title><![CDATA[D</title></item>\n"
        "<item><g:id>5</g:id><title>E</title></item>\n"
        "<item><title>F</title></item>\n<item/>"
    )
    items, rejects, _ = read(RSS.format(items=f"{ITEM}\n{bad}").encode(), tmp_path)
    assert [item.item_id for item in items] == ["L1", "5"]
    assert [reject.line for reject in rejects] == [16, 17, 18, 20, 21]
    assert "not well-formed XML: mismatched tag" in rejects[0].reason
    assert "its element is never closed" in rejects[1].reason
    assert (rejects[3].reason, rejects[3].raw) == (
        "item_id is missing",
        "<item><title>F</title></item>",
    )


def test_entities_and_what_breaks_off_are_refused(tmp_path: Path) -> None:
    feed = RSS.format(items="<item><g:id>1</g:id><title>&xxe;</title></item>")
    declared = feed.replace("<rss", '<!DOCTYPE r [<!ENTITY xxe SYSTEM "file:///etc/passwd">]><rss')
    with pytest.raises(CatalogueError, match="declares entities, which are not read for safety"):
        read(declared.encode(), tmp_path)
    (item,), _, _ = read(feed.encode(), tmp_path)
    assert item.title == "&xxe;"
    with pytest.raises(CatalogueError, match="breaks off before its end"):
        read(feed[:-20].encode(), tmp_path)


def test_a_large_feed_is_read_in_pieces(tmp_path: Path) -> None:
    filler = "x" * 3000
    items = "".join(
        f"<item><g:id>{n}</g:id><title>T{n}</title><description>{filler}</description></item>\n"
        for n in range(1500)
    )
    huge = f"<item><g:id>huge</g:id><title>{'y' * (9 << 20)}</title></item>"
    deep = "<item><g:id>deep</g:id>" + "<a>" * 50 + "</a>" * 50 + "</item>"
    read_items_, rejects, _ = read(RSS.format(items=items + huge + deep + ITEM).encode(), tmp_path)
    assert [item.item_id for item in read_items_] == [*map(str, range(1500)), "L1"]
    assert ["more than 4 MiB" in reject.reason for reject in rejects] == [True, False]
    assert "more than 20 deep" in rejects[1].reason
