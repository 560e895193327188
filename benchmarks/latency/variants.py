"""A search that shows one hit for each product against one that shows every variant, alternating.

    python -m benchmarks.latency.variants [--queries 300] [--keep]

The catalogue has 6,834 products of eight colours each, from every eighth homedepot title: 54,672
items. Each query is asked in changing order with hits collapsed and not, and both again with five
facets, by sessions of 20 events. Prints p50 and p95 of each, and the ratios of the p50s.
"""

import gzip
import json
from pathlib import Path

from benchmarks.datasets import read
from benchmarks.latency.facets import COLOURS, FACETS, figures_of, parsed_options, write_catalogue

VARIANTS = 8
WAYS = {
    "items": {"collapse": False},
    "products": {"collapse": True},
    "items_facets": {"collapse": False, "facets": FACETS},
    "products_facets": {"collapse": True, "facets": FACETS},
}


def main() -> None:
    """Run the benchmark with the options of the command line."""
    figures = figures_of("variants", write_variants, WAYS, parsed_options(__doc__))
    p50 = {way: times["p50"] for way, times in figures["ms"].items()}
    figures["ratio_of_p50"] = round(p50["products"] / p50["items"], 3)
    figures["ratio_of_p50_facets"] = round(p50["products_facets"] / p50["items_facets"], 3)
    print(json.dumps(figures, indent=2))


def write_variants(titles: Path, folder: Path) -> Path:
    """Write the products' variants, which differ by colour, in the title too."""
    path = folder / "variants.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for number, row in enumerate(read(write_catalogue(titles, folder))):
            if number % VARIANTS:
                continue
            for colour in COLOURS[:VARIANTS]:
                variant = {"item_id": f"{row['item_id']}-{colour}", "group_id": row["item_id"]}
                attributes = row["attributes"] | {"colour": colour}
                title = f"{row['title']} {colour}"
                file.write(
                    json.dumps(row | variant | {"title": title, "attributes": attributes}) + "\n"
                )
    return path


if __name__ == "__main__":
    main()
