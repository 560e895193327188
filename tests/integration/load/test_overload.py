"""More searches at once than a slow engine can answer, sent to a real service."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from query_service.web.load.concurrency_limit import FIRST
from tests.integration.load.scarce_engine import ScarceEngine, scarce_engine
from tests.integration.serve_process import Serve, serve
from tests.integration.serving import Api, Response
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
GRACE_S = 0.5
BUSY_S = 1.5  # for this process, whose threads are the clients and the engine
SILENT = "gives no sign of life"


@dataclass(frozen=True)
class Answer:
    response: Response
    seconds: float


@pytest.fixture(scope="module")
def engine(node_url: str) -> Iterator[ScarceEngine]:
    with scarce_engine(node_url) as engine:
        yield engine


@pytest.fixture(scope="module")
def service(
    shop: object,
    environment: dict[str, str],
    engine: ScarceEngine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serve]:
    # Each process has limits and a circuit breaker of its own.
    own = environment | {
        "LIVE_INTENT_OPENSEARCH_URL": engine.url,
        "LIVE_INTENT_PROCESSES": "1",
    }
    with serve(own, tmp_path_factory.mktemp("serve")) as process:
        for _ in range(20):  # the first ones take longer
            process.api().search("desk lamp", "warm-up")
        yield process


@pytest.fixture
def api(service: Serve, engine: ScarceEngine) -> Api:
    engine.cores, engine.work_s, engine.hangs = 1000.0, 0.0, False
    api = service.api()
    wait_until(api.ready)
    return api


def at_once(api: Api, count: int, deadline_ms: int, path: str = "/v1/search") -> list[Answer]:
    """The answers to so many requests that come together."""
    answers: list[Answer] = []
    together = threading.Barrier(count)

    def ask(number: int) -> None:
        body = {"session_id": f"burst-{number}", "deadline_ms": deadline_ms}
        body |= {"query": "desk lamp"} if path == "/v1/search" else {}
        together.wait()
        started = time.monotonic()
        response = api("POST", path, body)
        answers.append(Answer(response, time.monotonic() - started))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def metric(api: Api, name: str) -> float:
    lines = api("GET", "/metrics").body.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_what_can_be_answered_is_and_the_rest_is_refused_early(
    api: Api, engine: ScarceEngine
) -> None:
    engine.cores, engine.work_s = 2, 0.1  # 20 a second, if nothing is in vain
    answers = at_once(api, 64, 2000)
    statuses = Counter(answer.response.status for answer in answers)
    assert statuses.keys() == {200, 503}
    good = [each.response for each in answers if each.response.body.get("degraded") == []]
    assert len(good) >= 8  # on a machine that is itself too busy for more
    assert statuses[200] - len(good) <= 3
    refused = [answer for answer in answers if answer.response.status == 503]
    assert all(each.response.headers["Retry-After"] for each in refused)
    assert max(each.seconds for each in answers) < 2 + GRACE_S + BUSY_S
    assert metric(api, "live_intent_searches_refused_total") >= len(refused)
    assert 1 <= metric(api, "live_intent_search_limit ") <= 16
    wait_until(lambda: metric(api, "live_intent_searches_at_work ") == 0)
    assert metric(api, "live_intent_searches_waiting ") == 0


def test_as_many_as_fit_into_the_deadline_are_all_answered(api: Api, engine: ScarceEngine) -> None:
    engine.cores, engine.work_s = 2, 0.1
    answers = at_once(api, 16, 8000)
    assert {answer.response.status for answer in answers} == {200}
    assert all(answer.response.body["degraded"] == [] for answer in answers)


def test_searches_that_are_late_do_not_pass_for_a_silent_engine(
    api: Api, engine: ScarceEngine, service: Serve
) -> None:
    engine.cores, engine.work_s = 1, 2.0
    for _ in range(2):
        answers = at_once(api, 16, 1000)
        assert {answer.response.status for answer in answers} == {503}
        assert max(answer.seconds for answer in answers) < 1 + GRACE_S + BUSY_S
    engine.work_s = 0.0
    body = {"query": "desk lamp", "session_id": "after", "deadline_ms": 10_000}
    assert api("POST", "/v1/search", body).status == 200  # the very next one
    assert SILENT not in service.output
    assert metric(api, "live_intent_search_limit ") <= FIRST


def test_one_search_at_a_time_never_waits(api: Api, engine: ScarceEngine) -> None:
    engine.cores, engine.work_s = 1, 0.3
    at_once(api, 32, 500)
    engine.work_s = 0.02
    refused = metric(api, "live_intent_searches_refused_total")
    for _ in range(20):
        assert api.search("desk lamp", "alone")["timing_ms"]["queue"] < 200
    assert metric(api, "live_intent_searches_refused_total") == refused


def test_an_engine_without_a_sign_of_life_is_noted_once_and_so_is_its_return(
    api: Api, engine: ScarceEngine, service: Serve
) -> None:
    engine.hangs = True
    body = {"query": "desk lamp", "session_id": "silent", "deadline_ms": 500}

    def is_quick() -> bool:
        started = time.monotonic()
        assert api("POST", "/v1/search", body).status == 503
        return time.monotonic() - started < 0.2

    wait_until(is_quick)
    assert sum(is_quick() for _ in range(50)) >= 48  # none of them tries the engine
    assert service.output.count(SILENT) == 1
    engine.hangs = False
    wait_until(lambda: api("POST", "/v1/search", body).status == 200)
    wait_until(lambda: service.output.count("answers again after") == 1)
