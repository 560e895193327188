"""The plugin's ranking is that of Python: R, event weights, every share, totals, within 1e-4."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from indexer.index.documents import float16_base64
from plugin_config.settings import load
from query_service.engine_models.engine_model import engine_model
from query_service.ranking.rerank_input import rerank_input
from query_service.ranking.reranker import Reranker, RerankerWeights
from query_service.ranking.scores import Scores
from query_service.settings import ServiceSettings
from query_service.user.decay_time import decay_time
from query_service.user.intent import Intent
from query_service.user.user_vector import UserVector, build
from tests.engine_plugin.java_classes import JavaClasses
from tests.engine_plugin.parity_cases import SESSION, ParityCase, Shape

CONCAT = Shape("concat")
SHAPES = {
    "sum": Shape(),
    "concat": CONCAT,
    "odd dims": replace(CONCAT, M=7, K=5, D=13),
    "default dims": replace(CONCAT, M=200, K=100, D=256, events=100, queries=40),
    "learned item halves": replace(CONCAT, residuals=True),
    "feed": replace(CONCAT, scenario="feed"),
    "video in sum": Shape(scenario="video", events=30),
    "no query vector": replace(CONCAT, has_query_vector=False),
    "no words": replace(CONCAT, query_terms=0, has_query_vector=False),
    "one term": Shape(query_terms=1),
    "100 events": Shape(events=100),
    "one event": replace(CONCAT, events=1, queries=0),
    "no events": replace(CONCAT, events=0),
    "no queries": replace(CONCAT, queries=0),
    "nothing": Shape(events=0, queries=0),
    "one candidate": Shape(candidates=1),
    "all of another space": replace(CONCAT, other_space=1.0),
}
SETTINGS = load(ServiceSettings)
SEEDS = range(4)
CASES = [ParityCase(shape, seed) for shape in SHAPES.values() for seed in SEEDS]
NAMES = [f"{name} {seed}" for name in SHAPES for seed in SEEDS]


@pytest.fixture(scope="module")
def java(
    java_classes: JavaClasses, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What the plugin computes for each of CASES, in one process."""
    folder = tmp_path_factory.mktemp("parity")
    asked, answered = folder / "cases.json", folder / "results.json"
    asked.write_text(json.dumps({"cases": [as_json(case) for case in CASES]}), encoding="utf-8")
    java_classes.run_main("liveintent.ranking.Parity", asked, answered)
    results: list[dict[str, Any]] = json.loads(answered.read_text(encoding="utf-8"))["results"]
    return results


def as_json(case: ParityCase) -> dict[str, Any]:
    asked = {
        "model": engine_model(case.bundle, SETTINGS),
        "session_id": SESSION,
        "now": case.now,
        "scenario": case.shape.scenario,
        "weights": case.weights,
        "query_terms": case.shape.query_terms,
        "documents": case.documents,
        "candidates": case.hits,
    }
    if case.query_vector is not None:
        asked["query_vector"] = float16_base64(case.query_vector)
    return asked


def user_vector(case: ParityCase) -> UserVector:
    visitor = case.visitor
    return build(
        visitor,
        case.bundle,
        now=decay_time(visitor, case.now),
        query_vector=case.query_vector,
        scenario=case.shape.scenario,
    )


def scores(case: ParityCase, built: UserVector) -> Scores:
    known = built if built.known and built.knows_behaviour else None
    text = " ".join(["word"] * case.shape.query_terms)
    intent = Intent(case.visitor, text, case.query_vector, known)
    weights = replace(RerankerWeights(), **case.weights)
    return Reranker(weights).score(rerank_input(case.bundle, case.candidates, intent))


@pytest.mark.parametrize("index", range(len(CASES)), ids=NAMES)
def test_equals_python(index: int, java: list[dict[str, Any]]) -> None:
    case, result = CASES[index], java[index]
    built = user_vector(case)
    close(result["R"], built.R)
    close(result["event_weights"], built.event_weights)
    assert result["known"] == (built.known and built.knows_behaviour)
    expected = scores(case, built)
    shares = result["shares"]
    close(shares["words"], expected.legs["words"])
    close(shares["meaning"], expected.legs["meaning"])
    close(shares["person"], expected.person.sum(axis=1))
    close(shares["events"], expected.events.sum(axis=1))
    close(shares["popularity"], expected.popularity)
    close(shares["total"], expected.total)


def close(java: Any, python: np.ndarray) -> None:
    np.testing.assert_allclose(np.array(java, np.float32), python, rtol=0, atol=1e-4)


def test_the_cases_have_what_they_are_for() -> None:
    events = [event for case in CASES for event in case.visitor.events]
    assert {event.session_id for event in events} == {"s", "before"}
    assert any(event.vector is None for event in events)
    assert any(event.text_vector is not None for event in events)
    weights = np.concatenate([user_vector(case).event_weights for case in CASES])
    assert (weights < 0).any()
    assert (weights > 0).any()
    assert sum(user_vector(case).knows_behaviour for case in CASES) > len(CASES) / 2


def test_counts_what_is_left_out(java: list[dict[str, Any]]) -> None:
    for case, result in zip(CASES, java, strict=True):
        visitor = case.visitor
        events = sum(event.vector is not None for event in visitor.events)
        queries = sum(query.vector is not None for query in visitor.queries)
        rows = len(visitor.events) + len(visitor.queries)
        assert result["counts"] == [events, queries, rows - events - queries]
