"""The formats of shop systems, recognised by their header."""

from collections.abc import Collection

from indexer.catalogue.formats.google import GOOGLE
from indexer.catalogue.formats.shop_format import ShopFormat
from indexer.catalogue.formats.shopify import SHOPIFY
from indexer.catalogue.formats.woocommerce import WOOCOMMERCE

SHOPS = {shop.name: shop for shop in (SHOPIFY, WOOCOMMERCE, GOOGLE)}
# Read as plain rows, with these options.
_MAGENTO = frozenset(("sku", "name", "attribute_set_code"))
_MAGENTO_OPTIONS = (
    "--map item_id=sku --map title=name --map category=categories --map image_url=base_image "
    "--map available=is_in_stock --category-separator / --paths-separator ,"
)


def recognised_shop(header: Collection[str]) -> ShopFormat | None:
    """The format that a header belongs to; None for one with item_id and title, and others."""
    if {"item_id", "title"} <= set(header):
        return None
    return next((shop for shop in SHOPS.values() if not shop.missing(header)), None)


def advice(columns: Collection[str]) -> str:
    """What columns belong to and the options that read them; "" for unknown ones."""
    shop = recognised_shop(columns)
    if shop is not None:
        return f"It looks like {shop.title}: --format {shop.name}"
    if {column.lower() for column in columns} >= _MAGENTO:
        return f"It looks like a product export of Magento: {_MAGENTO_OPTIONS}"
    return ""
