"""`live-intent evaluate events` as a process, on an export and on what a service wrote."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, sync_playwright

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import (
    TINY,
    environment,
    index_context,
    rebuilt,
    start_process,
    tiny_model,
)
from tests.integration.serving import Api, ids, in_thread, write_items
from tests.integration.test_page import ARGUMENTS, NAMES

pytestmark = pytest.mark.node
SAMPLE = (
    Path(os.environ.get("DATASETS_DIR", "../shared/data"))
    / "ubi_sample/ubi_queries_events.ndjson.gz"
)
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def run(node_url: str, names: IndexNames, tmp_path: Path) -> Callable[..., Ended]:
    def process(*arguments: object) -> Ended:
        started = start_process(
            ["evaluate", "events", *map(str, arguments)],
            environment(node_url, names, tmp_path / "state"),
            tmp_path,
        )
        out, err = started.communicate(timeout=120)
        return subprocess.CompletedProcess(started.args, started.returncode, out, err)

    return process


@pytest.fixture(scope="module")
def visits(
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> SimpleNamespace:
    """A service, eight searches on it, and clicks on what it showed."""
    folder = tmp_path_factory.mktemp("visits")
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model(), device="cpu", **TINY))
    cluster = cluster_settings.model_copy(update={"state_dir": folder})
    items = write_items(folder / "items.jsonl")
    rebuilt(index_context(client, names, cluster.bundles_dir), encoder, items)
    app = create_app(load(ServiceSettings, default_deadline_ms=20_000), cluster, encoder)
    service = app.extensions["live_intent"]
    with in_thread(app) as api:
        shown = _visit(api)
        assert service.store.flush(20)
    service.close()
    return SimpleNamespace(items=items, shown=shown)


def _visit(api: Api) -> list[list[str]]:
    """In each search but the last two the third hit is clicked; of the page behind, the first."""
    shown = []
    for n in range(7):
        session = f"session-{n}"
        answer = api.search(("desk lamp", "Acme running shoes")[n % 2], session, size=6)
        shown.append(ids(answer))
        if n < 6:
            told = {"query_id": answer["query_id"], "position": 3}
            assert api.event("click", ids(answer)[2], session, **told).status < 300
    second = api.search("desk lamp", "session-7", size=6, **{"from": 6})
    shown.append(ids(second))
    told = {"query_id": second["query_id"], "position": 7}
    assert api.event("click", ids(second)[0], "session-7", **told).status < 300
    assert api.event("click", "i1", "session-7", query_id="nobody-asked").status < 300
    assert api.event("view", "i1", "session-7").status < 300
    return shown


def test_what_the_service_logged(run, visits, tmp_path: Path) -> None:
    ended = run("--cluster", "--json", "--report", tmp_path / "report")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["queries"] == "8, 7 of them with 7 clicks on items shown"
    assert told["sessions"] == 8
    assert told["items"] == 60
    assert "note" not in told
    measures = told["rows"][0]["measures"]
    assert measures["click-through"]["mean"] == pytest.approx(7 / 8)
    assert measures["clicked position"]["mean"] == pytest.approx((6 * 3 + 7) / 7)
    assert measures["MRR of the first click"]["mean"] == pytest.approx((6 / 3 + 1 / 7) / 7)
    assert measures["NDCG@10 of clicks"]["mean"] == pytest.approx((6 / 2 + 1 / 3) / 7)
    assert measures["IPS NDCG@10"]["count"] == 7
    assert measures["popularity shown / catalogue"]["mean"] > 0
    seen = {item for hits in visits.shown for item in hits}
    assert told["totals"]["coverage, shown"]["mean"] == pytest.approx(len(seen) / 60)
    assert any("the query is not in the log" in remark for remark in told["remarks"])
    assert any("query_id is missing" in remark for remark in told["remarks"])
    kept = json.loads((tmp_path / "report/report.json").read_text())
    assert len(kept["rows"][0]["values"]["click-through"]) == 8

    # The same again, against itself; and only what is to come.
    again = run("--cluster", "--baseline", tmp_path / "report/report.json")
    assert again.returncode == 0, again.stderr
    assert "+0.0000 [+0.0000, +0.0000]" in again.stdout
    later = run("--cluster", "--since", "2096-01-01")
    assert later.returncode == 2
    assert "no query tells what it showed: it holds no query" in later.stderr


def test_an_export_with_a_catalogue_of_ones_own(run, visits, tmp_path: Path) -> None:
    export = tmp_path / "export.jsonl"
    rows = [
        {"query_id": f"q{n}", "user_query": "lamp", "query_response_hit_ids": hits}
        for n, hits in enumerate(visits.shown)
    ]
    export.write_text("\n".join(map(json.dumps, rows)))
    ended = run("--events", export, "--items", visits.items)
    assert ended.returncode == 0, ended.stderr
    assert "counterfactual measures are left out: there is no click" in ended.stdout
    assert "coverage, shown" in ended.stdout
    both = run("--events", export, "--cluster")
    assert both.returncode == 2
    assert "name one source" in both.stderr


def test_the_published_sample_and_its_page(run, tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip(f"the data set ubi_sample is not at {SAMPLE.parent} (set DATASETS_DIR)")
    ended = run("--events", SAMPLE.resolve(), "--report", "report")
    assert ended.returncode == 0, ended.stderr
    assert "SIMULATED" in ended.stdout
    assert "queries: 278, 90 of them with 180 clicks on items shown" in ended.stdout
    (tmp_path / "report/notes.txt").write_text("mine")
    refused = run("--events", SAMPLE.resolve(), "--report", "report")
    assert refused.returncode == 2
    assert "notes.txt" in refused.stderr


def test_the_page_in_a_browser(run, visits, tmp_path: Path, browser: Browser) -> None:
    ended = run("--cluster", "--report", "report")
    assert ended.returncode == 0, ended.stderr
    for scheme, width in (("light", 1280), ("dark", 360)):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        page = context.new_page()
        wrong: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message, wrong=wrong: wrong.append(message.text))
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
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
        assert wrong == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    import shutil

    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser on this machine: install one of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()
