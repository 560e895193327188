"""Recommendations without a query, on real sessions: MovieLens through `/v1/recommend`'s own code.

    python -m benchmarks.relevance.movielens [--split test] [--sessions 1000] [--keep]

The command line indexes the movies with a TOML mapping; their popularity is the number of ratings
by users of the training split, who are in no other split. The earlier half of a session is recorded
as events (like, view or dislike, by the rating), then 10 items are recommended; relevant are those
rated 3.5 or more in its later half. Baselines: the most popular items, and the answer for an
unknown visitor. Prints Recall@10 and NDCG@10 with 95 % intervals over sessions, and the paired
difference to popularity.
"""

import argparse
import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.datasets import DATASETS, existing, read
from benchmarks.relevance.ratings import RatedSession, read_ratings, sessions
from benchmarks.served import own_index, rebuild
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from learning.data.splits import split_of
from learning.evaluation.measures.intervals import Interval, bootstrap, paired_difference
from learning.evaluation.measures.metrics import Values, ndcg, padded, recall
from plugin_config.settings import ClusterSettings, load
from query_service.models import Models
from query_service.ranking.reranker import Reranker
from query_service.schemas.behaviour.events import ReceivedEvent
from query_service.schemas.search.requests import RecommendRequest
from query_service.serving.service import Service
from query_service.settings import ServiceSettings

SIZE = 10
MOST_HITS = 100  # of a request
DEADLINE_MS = 60_000
MAPPING = """\
[fields]
category = "genres"
description = "overview"
"""


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="test")
    parser.add_argument("--sessions", type=int, default=1000, help="at most so many")
    parser.add_argument("--scenario", choices=("shop", "feed", "video"), default="feed")
    parser.add_argument("--keep", action="store_true", help="leave the indexes where they are")
    options = parser.parse_args()
    folder = existing(DATASETS / "movielens")
    ratings = read_ratings(folder / "ratings.jsonl.gz")
    popular = Counter(each.item_id for each in ratings if split_of(each.user_id) == "train")
    held_out = sessions(each for each in ratings if split_of(each.user_id) == options.split)
    held_out = held_out[: options.sessions]
    with own_index("movielens", keep=options.keep) as (client, names):
        indexing = {}
        if not (options.keep and client.indices.exists_alias(name=names.items)):
            indexing = index(folder / "items.jsonl.gz", popular)
        encoder, cluster = load_encoder(load(EncoderSettings)), load(ClusterSettings)
        service = Service(load(ServiceSettings), cluster, client, encoder, Models(Reranker()))
        service.start()
        try:
            figures = ask_all(service, held_out, popular, options.scenario)
        finally:
            service.close()
    head = {"split": options.split, "scenario": options.scenario, "indexing": indexing}
    print(json.dumps(head | figures, indent=2))


def index(items: Path, popular: Mapping[str, int]) -> dict[str, Any]:
    """Index the movies with their popularity by the command line; return the rebuild's figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        mapping, catalogue = folder / "movielens.toml", folder / "items.jsonl"
        mapping.write_text(MAPPING, encoding="utf-8")
        with catalogue.open("w") as file:
            for row in read(items):
                row["popularity"] = popular.get(row["item_id"], 0)
                file.write(json.dumps(row) + "\n")
        rejects = str(folder / "rejects.jsonl")
        return rebuild(catalogue, ["--mapping", str(mapping), "--rejects", rejects])


def ask_all(
    service: Service, held_out: Sequence[RatedSession], popular: Counter[str], scenario: str
) -> dict[str, Any]:
    """Recommend in each of the three ways for every session; return how well each did."""
    by_popularity = [item_id for item_id, _ in popular.most_common()]
    lists: dict[str, list[list[str]]] = {"popularity": [], "nothing known": [], "recommend": []}
    ms: list[float] = []
    degraded = 0
    for session in held_out:
        rated = {each.item_id for each in session.early}
        lists["popularity"].append([i for i in by_popularity if i not in rated][:SIZE])
        unknown, unknown_degraded = recommend(
            service, uuid.uuid4().hex, scenario, SIZE + len(rated)
        )
        lists["nothing known"].append([i for i in unknown if i not in rated][:SIZE])
        session_id = f"bench-{uuid.uuid4().hex}"
        record(service, session_id, session)
        started = time.perf_counter()
        item_ids, session_degraded = recommend(service, session_id, scenario, SIZE)
        ms.append((time.perf_counter() - started) * 1000)
        lists["recommend"].append(item_ids)
        degraded += session_degraded + unknown_degraded
    rows = {name: measures(item_ids, held_out) for name, item_ids in lists.items()}
    return {
        "sessions": len(held_out),
        "users": len({each.user_id for each in held_out}),
        "degraded": degraded,
        "recommend_ms_p50": round(sorted(ms)[len(ms) // 2], 1),
        "rows": {
            name: {measure: _as_text(bootstrap(values)) for measure, values in row.items()}
            for name, row in rows.items()
        },
        "recommend_minus_popularity": {
            measure: _as_text(paired_difference(values, rows["popularity"][measure]))
            for measure, values in rows["recommend"].items()
        },
    }


def record(service: Service, session_id: str, session: RatedSession) -> None:
    """Record the earlier half as events, shifted in time so that the last of them is now."""
    shift = time.time() - session.early[-1].timestamp
    events = [
        ReceivedEvent(
            action=each.action,
            item_id=each.item_id,
            session_id=session_id,
            timestamp=each.timestamp + shift,
        )
        for each in session.early
    ]
    for outcome in service.record_events(events):
        if outcome.status != "accepted":
            raise SystemExit(f"an event was not accepted: {outcome}")


def recommend(
    service: Service, session_id: str, scenario: str, size: int
) -> tuple[list[str], bool]:
    """Return the ids of up to MOST_HITS recommended items, and whether the answer is degraded."""
    request = RecommendRequest.model_validate(
        {
            "session_id": session_id,
            "size": min(size, MOST_HITS),
            "scenario": scenario,
            "deadline_ms": DEADLINE_MS,
        }
    )
    response = service.pipeline.recommend(request)
    return [hit.item_id for hit in response.hits], bool(response.degraded)


def measures(lists: Sequence[list[str]], held_out: Sequence[RatedSession]) -> dict[str, Values]:
    """Return NDCG@10 and Recall@10 of each session, float64 [sessions]."""
    gains = padded(
        [
            [float(item_id in session.targets) for item_id in item_ids]
            for item_ids, session in zip(lists, held_out, strict=True)
        ],
        SIZE,
    )
    ideal = padded([[1.0] * len(session.targets) for session in held_out])
    return {"NDCG@10": ndcg(gains, ideal, SIZE), "Recall@10": recall(gains, ideal, SIZE)}


def _as_text(interval: Interval) -> str:
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


if __name__ == "__main__":
    main()
