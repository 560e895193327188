"""What keys, browser keys and rates cost a request: microseconds, medians of alternating requests.

    python -m benchmarks.latency.access

No cluster is asked: the requests are refused by their body, after access was checked.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from plugin_config.connection.client import connect
from plugin_config.settings import ClusterSettings, load
from query_service.access.key_ring import KnownKeys
from query_service.access.key_text import KeyText, browser_key, hash_of, new_key_id, new_secret
from query_service.access.stored_key import SecretHash, StoredKey
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.serving.service import Service
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.query_service.apps import Zeros

REQUESTS = 2000
BODY = {"query": "", "session_id": "s"}
RATES = {"rate_per_address": "1000000/minute", "rate_per_key": "1000000/minute",
         "rate_per_session": "1000000/minute"}  # fmt: skip


def _app(folder: Path, keys: dict[str, StoredKey], **settings: Any) -> Any:
    cluster = load(ClusterSettings, opensearch_url="http://127.0.0.1:9", state_dir=folder)
    options = load(ServiceSettings, **settings)
    service = Service(options, cluster, connect(cluster), Zeros(), Models(Reranker()))
    if keys:
        service.key_ring._known = KnownKeys(keys, time.monotonic())
    return create_app(options, cluster, service=service).test_client()


def main() -> None:
    """Print the table."""
    key_id, secret = new_key_id(), new_secret()
    scopes = frozenset({"search", "events"})
    keys = {key_id: StoredKey(key_id, "bench", scopes, (SecretHash(hash_of(secret)),))}
    whole = f"li_{key_id}_{secret}"
    parent = KeyText.parse(whole)
    assert parent is not None
    restrictions = {"filters": {"brand": "Acme"}, "origins": ["https://shop.example"]}
    browser = browser_key(parent, json.dumps(restrictions).encode())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = {"Origin": "https://shop.example"}
        variants = {
            "no key asked for": (_app(folder, {}), {}),
            "key": (_app(folder, keys), {"Authorization": f"Bearer {whole}"}),
            "browser key": (_app(folder, keys), page | {"Authorization": f"Bearer {browser}"}),
            "key and three rates": (
                _app(folder, keys, **RATES), {"Authorization": f"Bearer {whole}"}),
        }  # fmt: skip
        times: dict[str, list[float]] = {variant: [] for variant in variants}
        for _ in range(REQUESTS):
            for variant, (client, headers) in variants.items():
                began = time.perf_counter()
                answer = client.post(
                    "/v1/search", json={**BODY, "session_id": "s"}, headers=headers
                )
                times[variant].append(time.perf_counter() - began)
                assert answer.status_code == 422, answer.data
    first = statistics.median(times["no key asked for"])
    for variant, measured in times.items():
        middle = statistics.median(measured)
        print(f"{variant:22} {middle * 1e6:7.0f} us  {(middle - first) * 1e6:+6.0f} us")


if __name__ == "__main__":
    main()
