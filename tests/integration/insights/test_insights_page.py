"""The page of insights: what visitors did through the API is in its panels, in a real browser."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from opensearchpy import OpenSearch

from indexer.encoder.encoder import Encoder
from live_intent.sample.recent_visits import load_recent_visits
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.browsing import assert_accessible, visit
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, item_ids, serving_index
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
VISITORS = 6
SEARCHES = 3 * VISITORS + 1
BOARDS = ("search", "personalisation", "exposure", "indexing", "health")


@pytest.fixture(scope="module")
def api(
    shop: ClusterSettings, client: OpenSearch, names: IndexNames, encoder: Encoder
) -> Iterator[Api]:
    """A service with some searches: of six visitors for desk lamps, who click on the second hit;
    of one for what nobody else searches for, and of six for what the shop lacks."""
    with serving_index(shop, encoder) as served:
        for number in range(VISITORS):
            session = f"visitor-{number}"
            answer = served.search("desk lamp", session)
            query_id = answer["query_id"]
            served.event("click", item_ids(answer)[1], session, query_id=query_id)
            served.search("coffee machine", session)
            served.search("zzzz", session, filters={"brand": ["no such brand"]})
        served.search("jacket for peter miller", "visitor-0")

        def recorded() -> bool:
            client.indices.refresh(index=names.ubi_queries)
            clicked = {"query": {"exists": {"field": "answer.clicks"}}}
            searches = client.count(index=names.ubi_queries)["count"]
            clicks = client.count(index=names.ubi_queries, body=clicked)["count"]
            return bool((searches, clicks) == (SEARCHES, VISITORS))

        wait_until(recorded)
        yield served


class Texts(HTMLParser):
    """The texts of a page, by the id of the panel that they are in."""

    def __init__(self) -> None:
        super().__init__()
        self.panel, self.texts = "", {}

    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.panel = dict(attrs)["aria-labelledby"]

    def handle_data(self, data):
        if data.strip():
            self.texts.setdefault(self.panel, []).append(data.strip())


def panels(api: Api, board: str, time_range: str = "24h") -> dict[str, list[str]]:
    response = api("GET", f"/insights?board={board}&range={time_range}")
    assert response.status == 200
    page = Texts()
    page.feed(response.body)
    return page.texts


def test_figures_and_queries_are_those_of_the_visits(api):
    shown = panels(api, "search")
    figures = shown["search-figures"]
    assert figures[figures.index("Searches") + 1] == str(SEARCHES)
    assert figures[figures.index("Click-through") + 1] == f"{100 * 6 / 13:.1f} %"
    assert figures[figures.index("MRR") + 1] == f"{3 / 13:.3f}"
    assert figures[figures.index("Zero results") + 1] == f"{100 * 6 / SEARCHES:.1f} %"
    top = shown["top-queries"]
    assert top[top.index("desk lamp") + 1 :][:4] == ["6", "6", "100.0 %", "0.500"]
    assert "zzzz" in shown["queries-without-results"]
    assert "coffee machine" in shown["abandoned-queries"]
    assert "desk lamp" not in shown["abandoned-queries"]


def test_queries_of_few_sessions_are_never_shown(api):
    for board in BOARDS:
        assert "peter miller" not in api("GET", f"/insights?board={board}").body


def test_personal_answers_exposure_and_latency_have_values(api):
    personal = panels(api, "personalisation")["personal-figures"]
    share = personal[personal.index("Personalised") + 1]
    assert 0 < float(share.removesuffix(" %")) < 100
    exposure = panels(api, "exposure")
    assert "No query" not in str(exposure["exposure-brands"])
    assert float(exposure["exposure-figures"][exposure["exposure-figures"].index("Hits shown") + 1])
    health = panels(api, "health")["health-figures"]
    assert re.fullmatch(r"[\d,.]+ ms", health[health.index("p95") + 1])


def test_a_rebuild_is_in_the_history(api, shop, client, names, encoder, shop_catalogue):
    context = index_context(client, names, shop.bundles_dir)
    index = rebuild_index(context, encoder, shop_catalogue)
    client.indices.refresh(index=names.rebuilds)
    history = panels(api, "indexing")["rebuilds"]
    assert index in history
    assert "Swapped in" in history


def test_wrong_addresses_are_named_and_an_empty_time_is_said(api, client, fresh_names):
    wrong = api("GET", "/insights?board=nothing")
    assert (wrong.status, "search, personalisation" in wrong.body["detail"]) == (404, True)
    assert api("GET", "/insights?range=2y").status == 404
    policy = api("GET", "/insights").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy


def test_an_empty_shop_has_an_empty_page(
    client, fresh_settings, fresh_names, encoder, shop_catalogue
):
    context = index_context(client, fresh_names, fresh_settings.bundles_dir)
    rebuild_index(context, encoder, shop_catalogue)
    with serving_index(fresh_settings, encoder) as served:
        shown = panels(served, "search")
        assert "Nothing in this time." in shown["searches"]
        assert any("No query of at least 5 sessions" in text for text in shown["top-queries"])
        # Simulated visits fill it, and the page says what they are.
        assert load_recent_visits(client, fresh_names, visitors=60) > 300
        assert load_recent_visits(client, fresh_names) == 0
        text = served("GET", "/insights?range=30d").body
        assert "Simulated visits:" in text
        assert "Nothing in this time." not in text


@pytest.mark.parametrize("width", [1280, 390])
def test_each_dashboard_in_a_browser(api, browser, axe, width):
    with visit(browser, api.url, width) as page:
        page.goto(f"{api.url}/insights?range=24h")
        for title in ("Personalisation", "Exposure", "Indexing history", "Service health"):
            page.get_by_role("link", name=title).click()
            page.get_by_role("heading", level=1, name=title).wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert_accessible(page, axe, f"{title} at {width}")
        assert "board=health" in page.url
        page.go_back()
        page.get_by_role("heading", level=1, name="Indexing history").wait_for()


def test_a_plot_says_its_values_by_keyboard_and_pointer(api, browser):
    with visit(browser, api.url) as page:
        page.goto(f"{api.url}/insights?range=24h&board=search")
        page.get_by_role("link", name="7 days").click()
        page.locator(".ranges [aria-current]", has_text="7 days").wait_for()
        plot = page.locator(".plot").first
        plot.focus()
        page.keyboard.press("End")
        tip = plot.locator(".tip")
        assert "Searches:" in (tip.text_content() or "")
        page.keyboard.press("Escape")
        assert tip.is_hidden()
        plot.hover()
        assert tip.is_visible()
