"""OpenTelemetry traces across service and engine, received by a collector that speaks OTLP."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from tests.integration.busy_proxy import BusyProxy, busy_proxy
from tests.integration.observability.collector import Collector, ReceivedSpan, collecting
from tests.integration.rule_shop import rule_api
from tests.integration.serving import Api, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "order-7"}


@pytest.fixture(scope="module")
def proxy(node_url: str) -> Iterator[BusyProxy]:
    with busy_proxy(node_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def shop(rule_shop: ClusterSettings, proxy: BusyProxy) -> ClusterSettings:
    return rule_shop.model_copy(update={"opensearch_url": proxy.url})


def post(api: Api, path: str, body: object, headers: dict[str, str]) -> dict[str, str]:
    """Post with headers; return those of the answer."""
    request = urllib.request.Request(
        api.url + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return dict(response.headers) | {"body": response.read().decode()}


SEARCH = {"query": "desk lamp", "session_id": "traced", "deadline_ms": 20_000,
          "facets": ["brand"]}  # fmt: skip


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def trace(
    shop: ClusterSettings, encoder: Encoder, proxy: BusyProxy, collector: Collector
) -> Iterator[list[ReceivedSpan]]:
    """The spans of one search in a trace that the caller began."""
    patch = pytest.MonkeyPatch()
    patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    patch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop")
    patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    try:
        with serving_index(shop, encoder, traces=True) as api:
            api.event("click", "lamp-03", "traced")
            proxy.headers.clear()
            post(api, "/v1/search", SEARCH, SENT)
        # closing the service has sent what waited
        yield [span for span in collector.spans if span.trace_id == TRACE]
    finally:
        patch.undo()


def named(trace: list[ReceivedSpan], name: str) -> ReceivedSpan:
    return next(span for span in trace if span.name == name)


def test_a_search_is_a_span_with_its_steps_below(trace: list[ReceivedSpan]) -> None:
    root = named(trace, "POST /v1/search")
    assert root.parent_id == PARENT
    assert root.service == "live-intent"
    assert root.attributes["http.response.status_code"] == 200
    assert root.attributes["live_intent.request_id"] == "order-7"
    assert root.attributes["live_intent.personalized"] is True
    assert len(root.attributes["live_intent.query_id"]) == 1
    steps = {"queue", "encode", "session", "user_vector", "retrieve", "rerank", "page", "facets"}
    legs = {"retrieve words", "retrieve meaning", "retrieve person"}
    assert steps | legs <= {span.name for span in trace}
    for span in trace:
        if span.name in steps | legs:
            assert span.parent_id == root.span_id
            assert root.start_ns - 2e6 <= span.start_ns <= span.end_ns
    assert named(trace, "rerank").end_ns <= root.end_ns


def test_the_engine_gets_the_trace_with_each_request(
    trace: list[ReceivedSpan], proxy: BusyProxy
) -> None:
    calls = {span.span_id: span for span in trace if "db.system.name" in span.attributes}
    sent = [headers for _, headers in proxy.headers if headers.get("X-Opaque-Id") == TRACE]
    assert len(sent) >= 3  # session, legs, hits
    parents = {each["traceparent"].split("-")[2] for each in sent}
    assert all(each["traceparent"].startswith(f"00-{TRACE}-") for each in sent)
    assert parents == calls.keys()
    msearch = next(span for span in calls.values() if span.name.endswith("_msearch"))
    assert msearch.attributes["opensearch.took_ms"] >= 0
    others = [headers for _, headers in proxy.headers if "X-Opaque-Id" not in headers]
    assert others  # the background threads' own requests belong to no trace


def test_spans_have_no_text_and_no_id_of_a_person(
    trace: list[ReceivedSpan], collector: Collector
) -> None:
    assert "desk lamp" not in str(collector.spans)
    assert "traced" not in str([span.attributes for span in collector.spans])
    assert not any("traced" in span.name for span in collector.spans)


def test_exports_obey_the_standard_variables(
    trace: list[ReceivedSpan], collector: Collector
) -> None:
    assert all(headers["x-tenant"] == "shop" for headers in collector.headers)
    assert collector.headers[0]["content-type"] == "application/x-protobuf"


def test_a_sampler_that_drops_a_trace_still_sends_its_id_on(
    shop: ClusterSettings,
    encoder: Encoder,
    proxy: BusyProxy,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    with serving_index(shop, encoder, traces=True) as api:
        collector.spans.clear()
        proxy.headers.clear()
        other = TRACE.replace("0af7", "beef")
        post(api, "/v1/search", SEARCH, {"traceparent": f"00-{other}-{PARENT}-00"})
    assert not collector.spans
    assert any(headers.get("X-Opaque-Id") == other for _, headers in proxy.headers)


def test_a_collector_that_does_not_answer_costs_no_answer(
    shop: ClusterSettings, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_EXPORT_TIMEOUT", "1000")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with serving_index(shop, encoder, traces=True) as api:
        assert len(api.search("desk lamp", "alone")["hits"]) == 10


def test_without_the_setting_nothing_of_opentelemetry_is_imported_nor_sent(
    shop: ClusterSettings, encoder: Encoder, proxy: BusyProxy
) -> None:
    with rule_api(shop, encoder) as api:
        proxy.headers.clear()
        post(api, "/v1/search", SEARCH, SENT)
    assert proxy.headers
    assert not any({"X-Opaque-Id", "traceparent"} & headers.keys() for _, headers in proxy.headers)
    program = (
        "import sys, query_service.web.app; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


def test_the_row_and_the_log_have_the_ids(
    shop: ClusterSettings,
    encoder: Encoder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "live_intent.access")
    with rule_api(shop, encoder) as api:
        sent = post(api, "/v1/search", SEARCH, SENT)
        query_id = json.loads(sent["body"])["query_id"]
        assert sent["X-Request-Id"] == "order-7"
        asked = api("GET", f"/v1/queries/{query_id}/explanation").body["asked"]
        assert (asked["request_id"], asked["trace_id"]) == ("order-7", TRACE)

        def line() -> list[object]:
            return [each for each in caplog.records if getattr(each, "query_id", None)]

        wait_until(line, 10)
        [record] = line()
        fields = vars(record)
        assert fields["query_id"] == [query_id]
        assert (fields["request_id"], fields["trace_id"]) == ("order-7", TRACE)
        assert "query_text" not in fields
        assert "desk lamp" not in str(fields)
        bad = {"X-Request-Id": "a b\x7f", "traceparent": "00-" + "0" * 32 + "-x-01"}
        own = post(api, "/v1/search", SEARCH, bad)["X-Request-Id"]
        assert re.fullmatch("[0-9a-f]{32}", own)
    with rule_api(shop, encoder, log_query_texts=True) as api:
        caplog.clear()
        post(api, "/v1/search", SEARCH, {})
        wait_until(line, 10)
        assert vars(line()[0])["query_text"] == ["desk lamp"]  # asked for
