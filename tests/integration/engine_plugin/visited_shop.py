"""A small shop for the engine plugin: items of random vectors, a model, sessions, a pipeline."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from indexer.index.documents import float16_base64
from plugin_config.settings import load
from query_service.engine_models.engine_model import engine_model
from query_service.sessions.documents import document_id
from query_service.settings import ServiceSettings
from tests.query_service.fixtures import D as DIMS
from tests.query_service.fixtures import bundle

SPACE, FINGERPRINT = "0123456789abcdef", "test-encoder"
MAPPING: dict[str, Any] = {
    "_meta": {"live_intent": {"vector_space": SPACE, "fingerprint": FINGERPRINT}},
    "properties": {
        "title": {"type": "text"},
        "brand": {"type": "keyword"},
        "category": {"type": "keyword"},
        "price": {"type": "float"},
        "popularity": {"type": "float"},
        "vector_float16": {"type": "binary", "doc_values": True},
    },
}
COLOURS, THINGS = ("red", "green", "blue"), ("lamp", "chair", "table", "shelf")


def items(count: int = 90) -> list[dict[str, Any]]:
    """Items with random unit vectors; no two titles have the same BM25 for two words."""
    random = np.random.default_rng(7)
    rows = []
    for row in range(count):
        colour, thing = COLOURS[row % len(COLOURS)], THINGS[row % len(THINGS)]
        filler = " ".join(f"w{row}x{word}" for word in range(row // 6))
        vector = random.normal(size=DIMS)
        rows.append(
            {
                "item_id": f"i{row}",
                "title": f"{colour} {thing} {filler}".strip(),
                "brand": f"Brand{row % 5}",
                "category": [thing, f"home > {thing}"],
                "price": 5.0 + row,
                "popularity": float(random.integers(0, 50)),
                "vector_float16": float16_base64((vector / np.linalg.norm(vector)).astype("f4")),
            }
        )
    return rows


def model_document(index: str, **changes: Any) -> dict[str, Any]:
    """A model document of the layout sum, with the numbers of the query service."""
    of_space = {"vector_space": SPACE, "fingerprint": FINGERPRINT, "max_popularity": 50.0}
    return engine_model(bundle(), load(ServiceSettings), index=index) | of_space | changes


def pipeline_body(
    prefix: str, rank: Mapping[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """A pipeline of all three processors; `rank`: of the response processor."""
    own: dict[str, Any] = {
        "sessions_index": f"{prefix}sessions",
        "models_index": f"{prefix}engine-models",
    }
    own |= {"timeout_ms": 10_000}  # the machine of a test may be busy
    return {
        "request_processors": [{"live_intent": own | settings}],
        "phase_results_processors": [{"live_intent": {}}],
        "response_processors": [{"live_intent": {} if rank is None else {"rank": rank}}],
    }


@dataclass(frozen=True)
class VisitedShop:
    """Indexes below `prefix`, the pipeline `<prefix>live-intent`."""

    client: OpenSearch
    prefix: str
    items: list[dict[str, Any]] = field(default_factory=items)

    @property
    def one(self) -> str:
        """An index of one shard with one segment."""
        return f"{self.prefix}one"

    @property
    def three(self) -> str:
        """An index of three shards with the same items."""
        return f"{self.prefix}three"

    @property
    def segments(self) -> str:
        """An index of one shard with eight segments, with the same items."""
        return f"{self.prefix}segments"

    @property
    def pipeline(self) -> str:
        return f"{self.prefix}live-intent"

    def add_stores(self) -> None:
        """The indexes of sessions and models, whose fields are not parsed."""
        for name in ("sessions", "engine-models"):
            body = {"mappings": {"enabled": False}}
            self.client.indices.create(index=f"{self.prefix}{name}", body=body)

    def put_pipeline(self, name: str = "", **settings: Any) -> None:
        """The pipeline with these settings of its request processor."""
        body = pipeline_body(self.prefix, **settings)
        self.client.transport.perform_request(
            "PUT", f"/_search/pipeline/{name or self.pipeline}", body=body
        )

    def add_index(
        self,
        name: str,
        shards: int = 1,
        bulks: int = 1,
        *,
        model: bool = True,
        mapping: Mapping[str, Any] | None = None,
        **index: Any,
    ) -> str:
        """A new index with all items, in as many segments as `bulks`; its name."""
        index_name = f"{self.prefix}{name}"
        settings = {"number_of_shards": shards, "number_of_replicas": 0} | index
        # Merges would undo the segments.
        settings["merge.policy.segments_per_tier"] = 50
        body = {"settings": {"index": settings}, "mappings": mapping or MAPPING}
        self.client.indices.create(index=index_name, body=body)
        for part in range(bulks):
            rows = self.items[part::bulks]
            bulk(
                self.client,
                ({"_index": index_name, "_id": row["item_id"], **row} for row in rows),
                refresh=True,
            )
        if model:
            self.put_model(index_name)
        return index_name

    def put_model(self, index: str, **changes: Any) -> None:
        """The model document of an index."""
        self.client.index(
            index=f"{self.prefix}engine-models", id=index, body=model_document(index, **changes)
        )

    def visit(
        self, session_id: str, rows: Iterable[int], kind: str = "session", **changes: Any
    ) -> None:
        """A stored session (or user) with a click on each item, a minute apart."""
        now = int(time.time() * 1000)
        positions = list(rows)
        events = [
            self.event(session_id, row, now - 60_000 * (len(positions) - at))
            for at, row in enumerate(positions)
        ]
        document = {"kind": kind, f"{kind}_id": session_id, "events": events} | changes
        self.client.index(
            index=f"{self.prefix}sessions", id=document_id(kind, session_id), body=document
        )

    def event(self, session_id: str, row: int, at: int, action: str = "purchase") -> dict[str, Any]:
        """The stored form of an event on an item."""
        item = self.items[row]
        return {
            "event_id": f"{session_id}-{row}-{at}",
            "action": action,
            "item_id": item["item_id"],
            "timestamp": at,
            "received_at": at,
            "session_id": session_id,
            "features": [
                f"brand:{item['brand'].lower()}",
                f"category:home > {item['category'][0]}",
            ],
            "vector": item["vector_float16"],
            "vector_space": SPACE,
        }

    def search(
        self, index: str, session_id: str = "", *, pipeline: str = "", **body: Any
    ) -> dict[str, Any]:
        """A search through the pipeline; with a session, of its visitor."""
        live = body.pop("live_intent", {})
        params = body.pop("params", {})
        if session_id or live:
            body["ext"] = {"live_intent": {"session_id": session_id, **live}}
        answer: dict[str, Any] = self.client.search(
            index=index,
            body={"query": {"match": {"title": "red lamp"}}} | body,
            params={"search_pipeline": pipeline or self.pipeline} | params,
        )
        return answer


def ids(answer: Mapping[str, Any]) -> list[str]:
    """The ids of an answer's hits."""
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def scores(answer: Mapping[str, Any]) -> NDArray[np.float32]:
    """The scores of an answer's hits, float32 [n]."""
    return np.array([hit["_score"] for hit in answer["hits"]["hits"]], dtype=np.float32)


def state(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the answer says of the visitor."""
    said: dict[str, Any] = answer["ext"]["live_intent"]
    return said
