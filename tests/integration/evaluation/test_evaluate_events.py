"""`live-intent evaluate events` as a process, on an export and on what a service has written."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration import command_line
from tests.integration.json_lines import write_json_lines
from tests.integration.serving import Api, item_ids, serving

pytestmark = pytest.mark.node
SAMPLE = "ubi_sample/ubi_queries_events.ndjson.gz"


@pytest.fixture
def evaluate(
    environment: dict[str, str], tmp_path: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`live-intent evaluate events` with these arguments, in the test's folder."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return command_line.run(environment, "evaluate", "events", *arguments, folder=tmp_path)

    return run


@pytest.fixture(scope="module")
def shown_lists(shop: ClusterSettings, encoder: Encoder) -> list[list[str]]:
    """The item ids that a service showed in eight searches, after clicks on some of them."""
    app = create_app(load(ServiceSettings, default_deadline_ms=20_000), shop, encoder)
    with serving(app) as api:
        shown = search_and_click(api)
        assert app.extensions["live_intent"].store.flush(20)
    return shown


def search_and_click(api: Api) -> list[list[str]]:
    """Search eight times; return the item ids shown.

    In the first six searches the third hit is clicked; in the last, of a second page, the first.
    """
    shown = []
    for n in range(7):
        session = f"session-{n}"
        answer = api.search(("desk lamp", "Acme running shoes")[n % 2], session, size=6)
        shown.append(item_ids(answer))
        if n < 6:
            fields = {"query_id": answer["query_id"], "position": 3}
            assert api.event("click", shown[-1][2], session, **fields).status < 300
    second_page = api.search("desk lamp", "session-7", size=6, **{"from": 6})
    shown.append(item_ids(second_page))
    fields = {"query_id": second_page["query_id"], "position": 7}
    assert api.event("click", shown[-1][0], "session-7", **fields).status < 300
    assert api.event("click", "i1", "session-7", query_id="nobody-asked").status < 300
    assert api.event("view", "i1", "session-7").status < 300
    return shown


def test_measures_of_what_a_service_showed_and_visitors_clicked(
    evaluate, shown_lists, tmp_path: Path
) -> None:
    result = evaluate("--cluster", "--json", "--report", tmp_path / "report")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["queries"] == "8, 7 of them with 7 clicks on items shown"
    assert report["sessions"] == 8
    assert report["items"] == 60
    assert "note" not in report
    measures = report["rows"][0]["measures"]
    assert measures["click-through"]["mean"] == pytest.approx(7 / 8)
    assert measures["clicked position"]["mean"] == pytest.approx((6 * 3 + 7) / 7)
    assert measures["MRR of the first click"]["mean"] == pytest.approx((6 / 3 + 1 / 7) / 7)
    assert measures["NDCG@10 of clicks"]["mean"] == pytest.approx((6 / 2 + 1 / 3) / 7)
    assert measures["IPS NDCG@10"]["count"] == 7
    assert measures["popularity shown / catalogue"]["mean"] > 0
    shown = {item_id for item_ids in shown_lists for item_id in item_ids}
    assert report["totals"]["coverage, shown"]["mean"] == pytest.approx(len(shown) / 60)
    assert any("the query is not in the log" in remark for remark in report["remarks"])
    assert any("query_id is missing" in remark for remark in report["remarks"])
    written = json.loads((tmp_path / "report/report.json").read_text())
    assert len(written["rows"][0]["values"]["click-through"]) == 8

    # The same log compared with itself; then only what comes after a date in the future.
    again = evaluate("--cluster", "--baseline", tmp_path / "report/report.json")
    assert again.returncode == 0, again.stderr
    assert "+0.0000 [+0.0000, +0.0000]" in again.stdout
    future = evaluate("--cluster", "--since", "2096-01-01")
    assert future.returncode == 2
    assert "no query tells what it showed: it holds no query" in future.stderr


def test_an_export_is_evaluated_with_the_shop_s_catalogue(
    evaluate, shown_lists, shop_catalogue, tmp_path: Path
) -> None:
    export = write_json_lines(
        tmp_path / "export.jsonl",
        (
            {"query_id": f"q{n}", "user_query": "lamp", "query_response_hit_ids": item_ids}
            for n, item_ids in enumerate(shown_lists)
        ),
    )
    result = evaluate("--events", export, "--items", shop_catalogue)
    assert result.returncode == 0, result.stderr
    assert "counterfactual measures are left out: there is no click" in result.stdout
    assert "coverage, shown" in result.stdout
    both = evaluate("--events", export, "--cluster")
    assert both.returncode == 2
    assert "name one source" in both.stderr


def test_the_published_ubi_sample_and_a_report_folder_with_other_files(
    evaluate, dataset, tmp_path: Path
) -> None:
    events = dataset(SAMPLE).resolve()
    result = evaluate("--events", events, "--report", "report")
    assert result.returncode == 0, result.stderr
    assert "SIMULATED" in result.stdout
    assert "queries: 278, 90 of them with 180 clicks on items shown" in result.stdout
    (tmp_path / "report/notes.txt").write_text("mine")
    refused = evaluate("--events", events, "--report", "report")
    assert refused.returncode == 2
    assert "notes.txt" in refused.stderr


def test_the_report_s_page_in_a_browser(
    evaluate, shown_lists, tmp_path: Path, browser: Browser
) -> None:
    result = evaluate("--cluster", "--report", "report")
    assert result.returncode == 0, result.stderr
    urls: list[str] = []
    messages: list[str] = []
    for scheme, width in (("light", 1280), ("dark", 360)):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: urls.append(request.url))
        page.goto((tmp_path / "report/index.html").as_uri())
        assert page.title() == "Evaluation: events"
        plots = page.get_by_role("img")
        assert plots.count() >= 3 + 7 * 2
        for plot in plots.all():
            assert plot.get_attribute("aria-label")
            assert plot.bounding_box()["height"] > 40
        assert page.get_by_role("heading", name="Exposure by brand").is_visible()
        page.get_by_text("The numbers").first.click()
        assert page.locator("details table").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
    assert messages == []
    assert [url for url in urls if not url.startswith(("file:", "data:"))] == []
