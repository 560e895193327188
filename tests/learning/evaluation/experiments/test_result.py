"""From rows of the log to a result: who counts, for what, and what is said of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from learning.data.participants import ParticipantJoin
from learning.evaluation.experiments.exclusions import Exclusions, Sorted
from learning.evaluation.experiments.result import ExperimentResult, result_of
from learning.evaluation.experiments.status_text import status_lines
from query_service.schemas.administration.experiments import Experiment, VariantSettings

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START.timestamp() + 30 * 86_400
HITS = [f"item-{n}" for n in range(10)]


def experiment(**fields: object) -> Experiment:
    values: dict[str, object] = {
        "id": "varied", "b": VariantSettings(diversity=0.5), "salt": "salt", "started_at": START,
    }  # fmt: skip
    return Experiment.model_validate(values | fields)


class Log:
    """Rows of UBI as the service writes them."""

    def __init__(self) -> None:
        self.join = ParticipantJoin()
        self.queries = 0

    def query(
        self, session: str, variant: str, at: float = 0.0, user: str = "", **own: object
    ) -> str:
        """A query `at` seconds after the start; returns its id."""
        self.queries += 1
        query_id = f"q{self.queries}"
        teams = {"teams": own.pop("teams")} if "teams" in own else {}
        self.join.add_query({
            "query_id": query_id, "session_id": session, "user_id": user,
            "timestamp": START.timestamp() + at, "query_response_hit_ids": HITS,
            "query_attributes": {
                "live_intent": {
                    "experiment": {"id": "varied", "variant": variant, **teams},
                },
            },
            "answer": {"took_ms": 20.0, "total": 10, **own},
        })  # fmt: skip
        return query_id

    def event(
        self,
        action: str,
        session: str,
        query_id: str = "",
        item: int = 0,
        at: float = 1.0,
        **row: Any,
    ) -> None:
        self.join.add_event({
            "action_name": action, "session_id": session, "query_id": query_id,
            "timestamp": START.timestamp() + at,
            "event_attributes": {"object": {"object_id": f"item-{item}"}}, **row,
        })  # fmt: skip

    def result(self, **fields: object) -> ExperimentResult:
        return result_of(experiment(**fields), self.join.participants(), NOW)


def shop(rates: dict[str, float], count: int, seed: int = 0) -> Log:
    """Visitors of both variants who click with these rates, the first hit or the third."""
    log, rng = Log(), np.random.default_rng(seed)
    for number in range(count):
        variant = "ab"[number % 2]
        for step in range(int(rng.geometric(0.5))):
            query = log.query(f"s{number}", variant, at=60.0 * step)
            if rng.random() < rates[variant]:
                log.event("click", f"s{number}", query, int(rng.choice([0, 2])), at=60.0 * step + 5)
                if rng.random() < 0.2:
                    log.event("purchase", f"s{number}", at=60.0 * step + 30)
    return log


def test_a_better_variant_is_said_to_be_better_and_json_says_the_same() -> None:
    result = shop({"a": 0.2, "b": 0.4}, 3000).result()
    assert result.verdict == "click_through: b is better"
    by_name = {metric.name: metric for metric in result.metrics}
    assert by_name["click_through"].a == pytest.approx(0.2, abs=0.03)
    assert by_name["click_through"].effect.estimate == pytest.approx(0.2, abs=0.04)
    assert by_name["mrr"].a == pytest.approx(0.2 * (1 + 1 / 3) / 2, abs=0.03)
    assert by_name["conversion"].verdict == "b is better"
    assert {each.state for each in result.guardrails} == {"ok"}
    read = json.loads(json.dumps(result.as_json, allow_nan=False))
    assert read["verdict"] == result.verdict
    assert read["visitors"] == {"a": 1500, "b": 1500}
    assert "click_through: b is better" in list(status_lines(read))


def test_a_worse_variant_is_said_to_be_worse_and_an_equal_one_neither() -> None:
    assert shop({"a": 0.4, "b": 0.2}, 3000).result().verdict == "click_through: b is worse"
    equal = shop({"a": 0.3, "b": 0.3}, 3000).result(metric="mrr")
    assert equal.verdict == "mrr: no difference is shown"


def test_nothing_is_said_of_a_few_visitors_or_none() -> None:
    assert "too few visitors" in shop({"a": 0.0, "b": 1.0}, 100).result().verdict
    empty = Log().result()
    assert "too few visitors" in empty.verdict
    assert any("-" in line for line in status_lines(empty.as_json))


def test_shares_that_do_not_fit_make_the_effect_unbelievable() -> None:
    result = shop({"a": 0.2, "b": 0.4}, 3000).result(share=0.2)
    assert result.verdict.startswith("not to be believed")


def test_slower_emptier_and_degraded_answers_break_the_guardrails() -> None:
    log = Log()
    for number in range(800):
        worse = {"took_ms": 90.0, "total": number % 3, "degraded": ["rerank"]}
        log.query(f"s{number}", "ab"[number % 2], **(worse if number % 2 else {}))
    result = log.result()
    assert {each.name: each.state for each in result.guardrails} == {
        "latency_p95_ms": "broken", "zero_results": "broken", "degraded": "broken",
    }  # fmt: skip
    assert result.verdict.endswith("broken: latency_p95_ms, zero_results, degraded")


def test_what_comes_after_the_window_does_not_count_and_open_windows_wait() -> None:
    log = Log()
    query = log.query("s", "a")
    log.event("click", "s", query, at=7200)
    log.query("s", "a", at=7300)
    log.query("late", "b", at=30 * 86_400 - 60)
    result = log.result(window_minutes=60)
    assert result.units == {"a": 1, "b": 0}
    assert result.queries == {"a": 1, "b": 0}
    assert result.metrics[0].a == 0
    assert result.waiting == 1
    whole = log.result(window_minutes=0)
    assert whole.queries == {"a": 2, "b": 1}
    assert whole.metrics[0].a == 0.5


def test_a_session_belongs_to_its_user_and_two_variants_count_for_none() -> None:
    log = Log()
    log.query("phone", "a", user="ann")
    log.query("laptop", "a", user="ann")
    log.query("laptop", "a")  # before she was known there
    log.query("shared", "a")
    log.query("shared", "b", user="bob")
    result = log.result()
    assert result.units == {"a": 1, "b": 0}
    assert result.queries["a"] == 3
    [(reason, count)] = result.left_out.items()
    assert "both variants" in reason
    assert count == 1


def bots() -> Iterator[tuple[Log, str]]:
    log = Log()
    for number in range(61):
        log.query("s", "a", at=0.5 * number)
    yield log, "bot: more than 60 queries in a minute"
    log = Log()
    for number in range(501):
        log.query("s", "a", at=100.0 * number)
    yield log, "bot: more than 500 queries in a day"
    log = Log()
    log.query("s", "a")
    for number in range(51):
        log.event("purchase", "s", at=60.0 * number)
    yield log, "outlier: more than 50 purchases in a day"


@pytest.mark.parametrize(("log", "reason"), list(bots()))
def test_bots_and_outliers_are_left_out_and_counted(log: Log, reason: str) -> None:
    result = log.result()
    assert result.left_out == {reason: 1}
    assert result.units["a"] == 0
    assert any(line.endswith(reason) for line in status_lines(result.as_json))
    assert Sorted.of(log.join.participants(), Exclusions(1000, 1000, 1000, 1000)).left_out == {}


def test_clicks_are_counted_once_an_item_and_what_was_not_shown_not_at_all() -> None:
    log = Log()
    query = log.query("s", "a")
    for item in (4, 1, 4, 99):
        log.event("select_item", "s", query, item, at=10.0 - item / 100)
    log.event("click", "s")
    log.event("click", "s", "of another service")
    log.event("view", "s", query, 7)
    [participant] = log.join.participants()
    assert [position for position, _ in participant.answers[0].clicks] == [5, 2]
    assert log.join.left_out == {
        "clicks on items that were not shown": 1,
        "clicks without query_id": 1,
        "clicks of queries that took no part": 1,
    }


def test_a_further_page_is_no_query_of_its_own() -> None:
    log = Log()
    log.query("s", "a")
    log.query("s", "a", at=5, offset=10)
    assert log.result().queries["a"] == 1


def interleaved(rate_b: float, visitors: int, seed: int = 0) -> Log:
    log, rng = Log(), np.random.default_rng(seed)
    for number in range(visitors):
        query = log.query(f"s{number}", "interleaved", teams="ab-abababa")
        team = "b" if rng.random() < rate_b else "a"
        log.event("click", f"s{number}", query, {"a": 0, "b": 1}[team])
        if number % 10 == 0:
            log.event("click", f"s{number}", query, 2, at=2)  # a pinned item is for no team
    return log


def test_the_team_whose_hits_are_clicked_is_preferred() -> None:
    fields = {"method": "interleaving"}
    assert interleaved(0.65, 1500).result(**fields).verdict == "preference: b is better"
    assert interleaved(0.35, 1500).result(**fields).verdict == "preference: b is worse"
    equal = interleaved(0.5, 1500).result(**fields)
    assert equal.verdict == "preference: no difference is shown"
    assert equal.metrics[0].a + equal.metrics[0].b == 1500
    assert {each.state for each in equal.guardrails} == {"of both together"}
    assert "preference" in "\n".join(status_lines(equal.as_json))
