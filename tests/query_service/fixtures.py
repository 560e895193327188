"""A small made-up bundle and visitor for tests of the pure functions."""

from collections.abc import Sequence

import numpy as np

from indexer.bundle.model_bundle import ModelBundle, fit_bundle, fit_space
from indexer.bundle.projections import unit
from indexer.catalogue.items import Item
from indexer.catalogue.survey.statistics import Statistics
from indexer.encoder_spec import EncoderSpec
from query_service.retrieval.candidates.candidates import Candidates
from query_service.user.visitor import Event, PastQuery, Visitor

D, M, K = 16, 8, 4
NOW = 1_800_000_000.0
BRANDS = ("xiaomi", "huawei", "lumo")


def spec(layout: str = "sum") -> EncoderSpec:
    return EncoderSpec(
        model="test", weights_hash="0" * 16, pooling="mean", normalize=True, query_prefix="",
        item_prefix="", max_length=64, dimension=D, layout=layout, meaning_dims=M,
        behaviour_dims=K,
    )  # fmt: skip


def items() -> list[Item]:
    return [
        Item(
            item_id=str(i), title=f"{BRANDS[i % 3]} phone number{i % 7}", brand=BRANDS[i % 3],
            category=("Phones",), price=100.0 + i, currency="CNY", popularity=float(i),
        )
        for i in range(30)
    ]  # fmt: skip


def embeddings() -> np.ndarray:
    """Embeddings with a cluster for each brand, float32 [30, D]."""
    rng = np.random.default_rng(3)
    centres = np.eye(3, D, dtype=np.float32)
    noise = 0.3 * rng.normal(size=(30, D)).astype(np.float32)
    return unit(np.stack([centres[i % 3] for i in range(30)]) + noise)


def bundle(layout: str = "sum") -> ModelBundle:
    encoder, e = spec(layout), embeddings()
    space = fit_space(encoder, e)
    return fit_bundle(
        "items-test", encoder, items(), e, projections=space, statistics=Statistics(30, 29.0)
    )


def event(model_bundle: ModelBundle, item: int, action: str = "click", **changes: object) -> Event:
    from indexer.catalogue.words.terms import attribute_terms

    values: dict = {
        "action": action, "item_id": str(item), "timestamp": NOW - 60, "session_id": "s",
        "title": items()[item].title, "features": tuple(attribute_terms(items()[item])),
        "vector": model_bundle.item_vectors(embeddings())[item],
        "vector_space": model_bundle.vector_space,
    }  # fmt: skip
    return Event(**(values | changes))


def query(text: str, vector: np.ndarray, **changes: object) -> PastQuery:
    values: dict = {"query_text": text, "timestamp": NOW - 60, "session_id": "s", "vector": vector}
    return PastQuery(**(values | changes))


def visitor(events: list[Event] = [], queries: list[PastQuery] = []) -> Visitor:  # noqa: B006
    return Visitor("s", "", tuple(events), tuple(queries))


def subset(candidates: Candidates, rows: Sequence[int]) -> Candidates:
    """The candidates in these rows, in that order."""
    fields = {
        name: tuple(values[row] for row in rows) if isinstance(values, tuple) else values[rows]
        for name, values in vars(candidates).items()
        if name != "legs"
    }
    return Candidates(legs=candidates.legs, **fields)
