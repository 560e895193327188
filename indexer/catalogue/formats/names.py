"""The names of `--format`."""

FILE_FORMATS = ("jsonl", "csv", "parquet")  # columns are fields, or mapped
SHOP_FORMATS = ("shopify", "woocommerce", "google")
FORMAT_NAMES = ("auto", *FILE_FORMATS, *SHOP_FORMATS)
