"""What consent and pseudonyms cost: events and reads of sessions, alternating, as ratios.

python -m benchmarks.latency.privacy --rounds 150
"""

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence

from opensearchpy import OpenSearch

from benchmarks.served import own_index
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.privacy.pseudonyms import Pseudonyms, parse_keys
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.sessions.documents import KnownItem
from query_service.sessions.store import SessionStore

SESSIONS = 20
FIRST = "k1:first-secret-of-the-trial"
KEYS = {"no key": "", "one key": FIRST, "two keys": f"k2:second-secret-of-the-trial,{FIRST}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=150)
    rounds = parser.parse_args().rounds
    with own_index("privacy", keep=False) as (client, names):
        ensure_indexes(client, names)
        took = _times(client, names, rounds)
    for (what, step), seconds in took.items():
        median, plain = statistics.median(seconds), statistics.median(took["no key", step])
        print(f"{step:6} {what:9} {median * 1000:6.2f} ms, ratio {median / plain:.2f}")


def _times(
    client: OpenSearch, names: IndexNames, rounds: int
) -> dict[tuple[str, str], list[float]]:
    stores = {
        what: SessionStore(client, names, pseudonyms=Pseudonyms(parse_keys(keys)))
        for what, keys in KEYS.items()
    }
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds):
        for what, store in random.sample(sorted(stores.items()), len(stores)):
            # Of its own: else a store with keys would find what the one without has written.
            session_id, user_id = f"{what}: s{number % SESSIONS}", f"{what}: u"
            event = ReceivedEvent("click", session_id, f"i{number}", user_id=user_id)
            begun = time.perf_counter()
            store.record_events([event], _unknown)
            recorded = time.perf_counter()
            store.read(session_id, user_id)
            took[what, "event"].append(recorded - begun)
            took[what, "read"].append(time.perf_counter() - recorded)
    for store in stores.values():
        store.close()
    return took


def _unknown(item_ids: Sequence[str]) -> dict[str, KnownItem]:
    return {}


if __name__ == "__main__":
    main()
