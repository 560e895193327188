"""Random visitors and candidates, as the engine stores them.

Whatever is stored as float16 is a float16 number from the start, so that both sides begin with the
same numbers.
"""

import base64
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.model_bundle import ModelBundle
from indexer.bundle.projections import Projections, unit
from indexer.bundle.term_map import TermMap
from indexer.catalogue.items import Item
from indexer.catalogue.survey.statistics import Statistics
from indexer.catalogue.words.terms import attribute_terms
from indexer.index.documents import from_float16_base64
from query_service.retrieval.candidates.candidates import Candidates
from query_service.retrieval.legs import LEGS
from query_service.sessions.documents import (
    Scope,
    event_to_stored,
    milliseconds,
    query_to_stored,
    visitor_from_documents,
)
from query_service.sessions.limits import SessionLimits
from query_service.user.actions import ACTIONS
from query_service.user.engine_vectors import attribute_vector, query_meaning
from query_service.user.visitor import Event, PastQuery, Visitor
from tests.query_service.fixtures import NOW, spec

Floats = NDArray[np.float32]
BRANDS = ("", "Äpfel", "STRAßE", "lumo", "İris")
CATEGORIES = ((), ("Phones",), ("Phones > Cases",), ("Straße > Ärmel", "zz"))
SESSION, EARLIER = "s", "before"


@dataclass(frozen=True)
class Shape:
    """The size and kind of a case. `layout`: that of the index, and M, K, D of the vectors."""

    layout: str = "sum"
    M: int = 16
    K: int = 8
    D: int = 24
    events: int = 10
    queries: int = 5
    candidates: int = 30
    query_terms: int = 2
    has_query_vector: bool = True
    scenario: str = "shop"
    residuals: bool = False
    other_space: float = 0.1  # how many rows are of another space


def float16(values: NDArray[Any]) -> Floats:
    return values.astype("<f2").astype(np.float32)


class ParityCase:
    """What the engine reads of one search: documents, model and hits."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape = shape
        self._rng = np.random.default_rng(seed)
        self.bundle = self._bundle()
        self.items = [self._item(i) for i in range(40)]
        ids = [item.item_id for item in self.items]
        self.vectors = float16(self.bundle.item_vectors(self._embeddings(40), ids))
        self.query_vector = float16(self._embeddings(1)[0]) if shape.has_query_vector else None
        self.now = NOW + float(self._rng.choice([0, 1000, 5000, 90_000]))
        self.weights = {"attention": 0.4, "person": 1.5} if seed % 3 == 0 else {}

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """Sources of the user's document, then of the session's; some rows are in both."""
        events = [self._event_row(i) for i in range(self.shape.events)]
        queries = [self._query_row(i) for i in range(self.shape.queries)]
        documents = []
        for kind, sessions in (("user", (SESSION, EARLIER)), ("session", (SESSION,))):
            documents.append({
                "kind": kind,
                "events": [row for row in events if row["session_id"] in sessions],
                "queries": [row for row in queries if row["session_id"] in sessions],
            })  # fmt: skip
        return documents

    @cached_property
    def visitor(self) -> Visitor:
        """The visitor as Python has them, with the vectors that the engine counts."""
        scope = Scope(oldest=SessionLimits().oldest(milliseconds(self.now)))
        stored = visitor_from_documents(SESSION, "u", self.documents, SessionLimits(), scope=scope)
        space, fingerprint = self.bundle.vector_space, self.bundle.spec.fingerprint
        events = [
            event if event.vector_space == space else replace(event, vector=None, text_vector=None)
            for event in stored.events
        ]
        rows = {row["query_id"]: row for each in self.documents for row in each["queries"]}
        queries = [
            replace(query, vector=self._vector(query, rows[query.query_id]))
            if query.fingerprint == fingerprint
            else replace(query, vector=None)
            for query in stored.queries
        ]
        return replace(stored, events=tuple(events), queries=tuple(queries))

    @cached_property
    def candidates(self) -> Candidates:
        n, rng = self.shape.candidates, self._rng
        rows = rng.integers(0, len(self.items), n)
        items = [self.items[row] for row in rows]
        words = np.full(n, np.nan, np.float32)
        has_words = np.zeros(n, dtype=bool)
        if self.shape.query_terms:
            has_words = rng.random(n) < 0.8
            words[has_words] = rng.gamma(4, 2, int(has_words.sum()))
        leg_scores = np.full((n, len(LEGS)), np.nan, np.float32)
        leg_scores[:, [leg.name for leg in LEGS].index("words")] = words
        return Candidates(
            ids=tuple(str(row) for row in range(n)), legs=LEGS, leg_scores=leg_scores,
            vectors=self.vectors[rows], has_words=has_words,
            popularity=np.array([item.popularity for item in items], np.float32),
            price=np.array([item.price or np.nan for item in items], np.float32),
            brands=tuple(item.brand for item in items),
            categories=tuple(
                tuple(sorted(" > ".join(path) for path in item.category_paths)) for item in items
            ),
            titles=("",) * n, identified=np.zeros(n, dtype=bool), groups=("",) * n,
        )  # fmt: skip

    @property
    def hits(self) -> list[dict[str, Any]]:
        """The candidates as JSON, without what is missing."""
        candidates = self.candidates
        words = candidates.scores_of("words")
        result = []
        for row in range(len(candidates)):
            hit = {
                "vector": base64.b64encode(
                    candidates.vectors[row].astype("<f2").tobytes()
                ).decode(),
                "popularity": float(candidates.popularity[row]),
                "has_words": bool(candidates.has_words[row]),
                "brand": candidates.brands[row] or None,
                "categories": list(candidates.categories[row]),
                "price": _known(candidates.price[row]),
                "bm25": _known(words[row]),
            }
            result.append({name: value for name, value in hit.items() if value is not None})
        return result

    def _bundle(self) -> ModelBundle:
        shape, rng = self.shape, self._rng
        encoder = replace(
            spec(shape.layout), dimension=shape.D, meaning_dims=shape.M, behaviour_dims=shape.K
        )
        projections = None
        if shape.layout == "concat":
            basis = np.linalg.qr(rng.normal(size=(shape.D, shape.D)))[0]
            residuals = (
                0.3 * rng.normal(size=(20, shape.K)) if shape.residuals else np.zeros((0, 0))
            )
            projections = Projections(
                float16(basis[: shape.M]),
                float16(basis[-shape.K :]),
                tuple(str(i) for i in range(len(residuals))),
                residuals.astype(np.float32),
            )
        meaning_dims = shape.M if projections else shape.D
        behaviour_dims = shape.K if projections else shape.D
        vocabulary = sorted({term for i in range(40) for term in attribute_terms(self._item(i))})
        kept = vocabulary[::2]  # the others are unknown
        # Sums of such numbers are float16 numbers.
        rows = rng.integers(-64, 65, (len(kept), behaviour_dims)).astype(np.float32) / 64
        idf = rng.choice([1, 2], len(kept)).astype(np.float32)
        nothing = TermMap((), np.zeros(0, np.float32), np.zeros((0, meaning_dims), np.float32))
        statistics = Statistics(40, float(rng.choice([0, 50, 1000])))
        return ModelBundle(
            "items-test", encoder, nothing, TermMap(tuple(kept), idf, rows), projections, statistics
        )

    def _embeddings(self, n: int) -> Floats:
        centre = self._rng.normal(size=(3, self.shape.D))
        noise = self._rng.normal(size=(n, self.shape.D))
        return unit((centre[np.arange(n) % 3] + 0.7 * noise).astype(np.float32))

    def _item(self, i: int) -> Item:
        categories = [tuple(path.split(" > ")) for path in CATEGORIES[i % len(CATEGORIES)]]
        return Item(
            item_id=str(i), title=f"title {i % 7}", brand=BRANDS[i % len(BRANDS)],
            category=categories[0] if categories else (), other_categories=tuple(categories[1:]),
            price=None if i % 6 == 0 else 1.37**i, currency="CNY", popularity=float(i % 9) * 20,
        )  # fmt: skip

    def _time(self, index: int, count: int) -> float:
        """Steps of a minute to a day, the newest last; some rows of one time."""
        age = float(self._rng.choice([0, 60, 3600, 86_400])) * (count - index)
        return NOW - min(age, 29 * 86_400)

    def _event_row(self, index: int) -> dict[str, Any]:
        rng, item = self._rng, int(self._rng.integers(0, len(self.items)))
        action = str(rng.choice(ACTIONS))
        text_vector = float16(self._embeddings(1)[0]) if rng.random() < 0.2 else None
        event = Event(
            action=action,
            item_id=str(item),
            timestamp=self._time(index, self.shape.events),
            session_id=str(rng.choice([SESSION, SESSION, EARLIER])),
            features=tuple(attribute_terms(self.items[item])) if rng.random() < 0.9 else (),
            vector=self.vectors[item] if rng.random() < 0.9 else None,
            vector_space=self._either(self.bundle.vector_space),
            text="a comment" if text_vector is not None else "",
            text_vector=text_vector,
            watched_fraction=float(rng.random() * 0.4) if action == "watch" else None,
        )
        return event_to_stored(
            event,
            event_id=f"e{index}",
            received_at=milliseconds(NOW),
            attribute_vector=attribute_vector(event.features, self.bundle),
        )

    def _query_row(self, index: int) -> dict[str, Any]:
        rng, embedding = self._rng, float16(self._embeddings(1)[0])
        query = PastQuery(
            query_text=str(rng.choice(["Shoes", "shoes", "lamp", f"query {index}"])),
            timestamp=self._time(index, self.shape.queries),
            session_id=str(rng.choice([SESSION, SESSION, EARLIER])),
            query_id=f"q{index}",
            vector=embedding if rng.random() < 0.9 else None,
            fingerprint=self._either(self.bundle.spec.fingerprint),
        )
        meaning = query_meaning(query.vector, self.bundle)
        row = query_to_stored(query, milliseconds(NOW), meaning)
        return row | {"vector_space": self._either(self.bundle.vector_space)}

    def _vector(self, query: PastQuery, row: dict[str, Any]) -> Floats | None:
        """An embedding whose meaning is that of the stored row."""
        projections = self.bundle.projections
        if projections is None or row["vector_space"] != self.bundle.vector_space:
            return query.vector
        if "meaning" not in row:
            return query.vector
        return (self._inverse @ from_float16_base64(row["meaning"])).astype(np.float32)

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        """From a meaning to an embedding that has it, [D, M]."""
        assert self.bundle.projections is not None
        return np.linalg.pinv(self.bundle.projections.P_M.astype(np.float64))

    def _either(self, name: str) -> str:
        return "other" if self._rng.random() < self.shape.other_space else name


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
