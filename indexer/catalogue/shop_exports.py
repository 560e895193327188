"""Exports of known shop systems, recognised by their header, and the options that read them."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class ShopExport:
    """`columns`: all of these are in the header, in any letter case."""

    name: str
    columns: frozenset[str]
    options: str
    remark: str = ""


SHOP_EXPORTS = (
    ShopExport(
        "a product export of Shopify",
        frozenset(("handle", "title", "body (html)", "vendor")),
        '--map item_id=Handle --map title=Title --map "description=Body (HTML)" '
        '--map brand=Vendor --map category=Type --map "price=Variant Price" '
        '--map "image_url=Image Src" --max-rejects 100%',
        "Its further rows of one Handle are variants and images; they are not read yet and become "
        "bad rows without a title",
    ),
    ShopExport(
        "a product export of WooCommerce",
        frozenset(("id", "name", "regular price", "categories")),
        '--map item_id=ID --map title=Name --map description=Description '
        '--map "price=Regular price" --map "available=In stock?" --map category=Categories '
        "--paths-separator ', '",
        "Variations are read as items of their own",
    ),
    ShopExport(
        "a feed of Google Merchant or Meta",
        frozenset(("id", "title", "link", "availability")),
        "--map item_id=id --map image_url=image_link --map available=availability "
        "--map category=product_type",
    ),
    ShopExport(
        "a product export of Magento",
        frozenset(("sku", "name", "attribute_set_code")),
        "--map item_id=sku --map title=name --map category=categories --map image_url=base_image "
        "--map available=is_in_stock --category-separator / --paths-separator ,",
    ),
)  # fmt: skip


def advice(columns: Collection[str]) -> str:
    """What a header belongs to and the options that read it; "" for an unknown one."""
    lower_case = {column.lower() for column in columns}
    for export in SHOP_EXPORTS:
        if export.columns <= lower_case:
            remark = f". {export.remark}" if export.remark else ""
            return f"It looks like {export.name}: {export.options}{remark}"
    return ""
