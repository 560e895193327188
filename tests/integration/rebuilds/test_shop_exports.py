"""Exports of shops from file to index: rebuilt, changed, and grouped."""

from collections.abc import Callable
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from indexer.index.rebuilding.rebuild import RebuildReport
from plugin_config.schema import IndexNames
from tests.integration.command_line import invoke

pytestmark = pytest.mark.node

SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price,Image Src,Cost per item\n"
    "tee,Fern Tee,<p>Soft</p>,Leafy,Shirts,true,Size,Small,T-S,0,19.00,a.jpg,7\n"
    "tee,,,,,,,Large,T-L,4,21.00,,7\ntee,,,,,,,,,,,b.jpg,\n"
    "cap,Moss Cap,,Leafy,Hats,true,Title,Default Title,C-1,3,15.00,c.jpg,7\n"
)
FEED = (
    '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>cap</g:id>'
    "<title>Moss Cap</title><g:price>12.00 EUR</g:price><g:item_group_id>cap</g:item_group_id>"
    "</item></channel></rss>"
)


def test_an_export_becomes_an_index_that_a_feed_and_prices_change(
    run_rebuild: Callable[..., RebuildReport],
    fresh_environment: dict[str, str],
    fresh_names: IndexNames,
    client: OpenSearch,
    tmp_path: Path,
) -> None:
    file = tmp_path / "export"
    file.write_text(SHOPIFY)
    report = run_rebuild(file)
    assert (report.rows, report.items, report.count) == (4, 3, 3)
    assert report.reading.format == "shopify"
    assert report.reading.left_out == {"further pictures of a product": 1}

    def stored(item_id: str) -> dict[str, object]:
        client.indices.refresh(index=fresh_names.items)
        document: dict[str, object] = client.get(index=fresh_names.items, id=item_id)["_source"]
        return document

    large = stored("tee:Large")
    assert (large["title"], large["price"], large["group_id"]) == ("Fern Tee", 21.0, "tee")
    assert large["attributes"] == {"Size": "Large"}
    assert "Cost" not in str(large)
    file.write_text(FEED)
    done = invoke(fresh_environment, "index", "upsert", file, "-q")
    assert done.exit_code == 0, done.output
    assert "read as: a feed of Google Merchant as XML in UTF-8" in done.output
    assert (stored("cap")["price"], stored("cap")["currency"]) == (12.0, "EUR")
    file.write_text("Handle,Option1 Name,Option1 Value,Variant Price\ntee,Size,Large,18.50\n")
    done = invoke(fresh_environment, "index", "update", file, "-q", "--format", "shopify")
    assert done.exit_code == 0, done.output
    changed = stored("tee:Large")
    assert (changed["price"], changed["title"]) == (18.5, "Fern Tee")
