"""Recommendations without a query, on real sessions: MovieLens through `/v1/recommend`'s own code.

    python -m benchmarks.movielens [--split test] [--sessions 300] [--keep]

The items are indexed by the command line with a TOML mapping; their popularity is the number of
ratings by users of the training split, whose sessions are asked for in no other. A session's
earlier half is recorded as events (like, view or dislike, by the rating), then 10 items are asked
for; those rated 3.5 or more in its later half are the relevant ones. Beside it: the most popular
items, and the answer for a visitor of whom nothing is known. Prints Recall@10 and NDCG@10 with
95 % intervals over sessions, and the paired difference to popularity.
"""

import argparse
import gzip
import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.own_index import rebuild, remove
from benchmarks.ratings import RatedSession, popularity, read_ratings, sessions
from benchmarks.served import DATASETS
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from learning.data.splits import split_of
from learning.evaluation.measures.intervals import bootstrap, paired_difference
from learning.evaluation.measures.metrics import Values, ndcg, padded, recall
from plugin_config.client import connect, ping_or_raise
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.schemas.events import ReceivedEvent
from query_service.schemas.search import RecommendRequest
from query_service.service import Service
from query_service.settings import ServiceSettings

SIZE = 10
DEADLINE_MS = 60_000
MAPPING = """\
[fields]
category = "genres"
description = "overview"
"""


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="test")
    parser.add_argument("--sessions", type=int, default=1000, help="at most so many")
    parser.add_argument("--scenario", choices=("shop", "feed", "video"), default="feed")
    parser.add_argument("--keep", action="store_true", help="leave the indexes where they are")
    given = parser.parse_args()
    folder = DATASETS / "movielens"
    if not folder.is_dir():
        raise SystemExit(f"there is no {folder}: set DATASETS_DIR to the data's folder")
    prefix = os.environ.get("LIVE_INTENT_INDEX_PREFIX", "")
    os.environ["LIVE_INTENT_INDEX_PREFIX"] = f"{prefix}bench-movielens-"
    ratings = read_ratings(folder / "ratings.jsonl.gz")
    popular = popularity(each for each in ratings if split_of(each.user_id) == "train")
    asked = sessions(each for each in ratings if split_of(each.user_id) == given.split)
    asked = asked[: given.sessions]
    settings = load(ClusterSettings)
    client = connect(settings)
    ping_or_raise(client)
    names = IndexNames(settings.index_prefix)
    try:
        indexing = {}
        if not (given.keep and client.indices.exists_alias(name=names.items)):
            indexing = index(folder / "items.jsonl.gz", popular)
        encoder = load_encoder(load(EncoderSettings))
        service = Service(load(ServiceSettings), settings, client, encoder, Models(Reranker()))
        service.start()
        try:
            figures = ask_all(service, asked, popular, given.scenario)
        finally:
            service.close()
    finally:
        if not given.keep:
            remove(client, names)
        client.close()
    told = {"split": given.split, "scenario": given.scenario, "indexing": indexing, **figures}
    print(json.dumps(told, indent=2))


def index(items: Path, popular: Mapping[str, int]) -> dict[str, Any]:
    """Index the movies, with their popularity, by the command line; the rebuild's figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        mapping, catalogue = folder / "movielens.toml", folder / "items.jsonl"
        mapping.write_text(MAPPING, encoding="utf-8")
        with gzip.open(items, "rt", encoding="utf-8") as lines, catalogue.open("w") as file:
            for line in lines:
                row = json.loads(line)
                file.write(json.dumps(row | {"popularity": popular.get(row["item_id"], 0)}) + "\n")
        rejects = str(folder / "rejects.jsonl")
        return rebuild(catalogue, ["--mapping", str(mapping), "--rejects", rejects]).figures()


def ask_all(
    service: Service, asked: Sequence[RatedSession], popular: Counter[str], scenario: str
) -> dict[str, Any]:
    """Every way of recommending, for every session, and how well each did."""
    by_popularity = [item_id for item_id, _ in popular.most_common()]
    lists: dict[str, list[list[str]]] = {"popularity": [], "nothing known": [], "recommend": []}
    ms: list[float] = []
    degraded = 0
    for session in asked:
        seen = {each.item_id for each in session.early}
        lists["popularity"].append([i for i in by_popularity if i not in seen][:SIZE])
        unknown = answer(service, uuid.uuid4().hex, scenario, SIZE + len(seen))
        lists["nothing known"].append([i for i in unknown[0] if i not in seen][:SIZE])
        session_id = f"bench-{uuid.uuid4().hex}"
        record(service, session_id, session)
        started = time.perf_counter()
        found, lacking = answer(service, session_id, scenario, SIZE)
        ms.append((time.perf_counter() - started) * 1000)
        lists["recommend"].append(found)
        degraded += lacking + unknown[1]
    rows = {name: measures(found, asked) for name, found in lists.items()}
    return {
        "sessions": len(asked),
        "users": len({each.user_id for each in asked}),
        "degraded": degraded,
        "recommend_ms_p50": round(sorted(ms)[len(ms) // 2], 1),
        "rows": {
            name: {m: told(bootstrap(values)) for m, values in row.items()}
            for name, row in rows.items()
        },
        "recommend_minus_popularity": {
            m: told(paired_difference(values, rows["popularity"][m]))
            for m, values in rows["recommend"].items()
        },
    }


def record(service: Service, session_id: str, session: RatedSession) -> None:
    """The earlier half as events, moved in time so that the last of them is now."""
    shift = time.time() - session.early[-1].timestamp
    events = [
        ReceivedEvent(each.action, each.item_id, session_id, timestamp=each.timestamp + shift)
        for each in session.early
    ]
    for outcome in service.record_events(events):
        if outcome.status != "accepted":
            raise SystemExit(f"an event was not kept as it should: {outcome}")


def answer(service: Service, session_id: str, scenario: str, size: int) -> tuple[list[str], bool]:
    """The ids of up to 100 recommended items, and whether the answer lacked a part."""
    request = RecommendRequest.model_validate(
        {
            "session_id": session_id,
            "size": min(size, 100),
            "scenario": scenario,
            "deadline_ms": DEADLINE_MS,
        }
    )
    response = service.pipeline.recommend(request)
    return [hit.item_id for hit in response.hits], bool(response.degraded)


def measures(lists: Sequence[list[str]], asked: Sequence[RatedSession]) -> dict[str, Values]:
    """NDCG@10 and Recall@10 of each session, float64 [sessions]."""
    gains = padded(
        [
            [float(item_id in session.wanted) for item_id in found]
            for found, session in zip(lists, asked, strict=True)
        ],
        SIZE,
    )
    ideal = padded([[1.0] * len(session.wanted) for session in asked])
    return {"NDCG@10": ndcg(gains, ideal, SIZE), "Recall@10": recall(gains, ideal, SIZE)}


def told(interval: Any) -> str:
    """Mean and interval as text."""
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


if __name__ == "__main__":
    main()
