"""A shop to try rules on: lamps of two brands, hoses, and an API that has few candidates."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, serving_index

LAMPS, HOSES = 60, 20


def rule_shop_rows() -> list[dict[str, Any]]:
    """60 lamps, every third by Bolt, every ninth red; 20 hoses; the last lamp is unavailable."""
    rows: list[dict[str, Any]] = [
        {"item_id": f"lamp-{n:02}", "title": f"desk lamp {'red' if n % 9 == 0 else 'white'}",
         "brand": "Acme" if n % 3 else "Bolt", "category": ["Home", "Light"], "price": 10 + n,
         "popularity": n % 4, "available": n != LAMPS - 1, "attributes": {"watts": n % 5}}
        for n in range(LAMPS)
    ]  # fmt: skip
    rows += [
        {"item_id": f"hose-{n:02}", "title": f"garden hose {n}", "brand": "Rain",
         "category": ["Garden"], "price": 5}
        for n in range(HOSES)
    ]  # fmt: skip
    return rows


def make_rule_shop(
    client: OpenSearch, names: IndexNames, settings: ClusterSettings, encoder: Encoder, folder: Path
) -> None:
    """Index the shop's items."""
    catalogue = write_json_lines(folder / "items.jsonl", rule_shop_rows())
    rebuild_index(index_context(client, names, settings.bundles_dir), encoder, catalogue)


@contextmanager
def rule_api(cluster: ClusterSettings, encoder: Encoder, **settings: object) -> Iterator[Api]:
    """The service; rules can be written over HTTP, and are looked for every 50 ms."""
    options = {"candidates_per_leg": 20, "swap_poll_s": 0.05} | settings
    with serving_index(cluster, encoder, **options) as api:
        yield api
