"""Texts of a catalogue and of visitors that hold markup, in a real browser on every page."""

from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, Page, expect

from indexer.suggestions.build import build_suggestions
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings
from tests.integration.browsing import TIMEOUT_MS, visit
from tests.integration.rebuilding import index_context
from tests.integration.serving import Api, ServeItems
from tests.integration.waiting import wait_until

pytestmark = pytest.mark.node
RUN = "document.documentElement.dataset.ran=1"
IMAGE = f"<img src=x onerror={RUN}>"
TITLE = f"{IMAGE} zanzibar lamp"
BRAND = f"Maker <svg onload={RUN}>"
CATEGORY = f"Lamps <script>{RUN}</script>"
QUERY = "zanzibar <b onclick=alert(1)>lamp</b>"


@pytest.fixture(scope="module")
def site(
    serve_items: ServeItems,
    client: OpenSearch,
    names: IndexNames,
    cluster_settings: ClusterSettings,
) -> Iterator[Api]:
    """A service of items with markup in each text, for which six visitors searched with markup."""
    rows = [
        {
            "item_id": f"m{number}",
            "title": f"{TITLE} {number}",
            "description": f"A lamp.</script><script>{RUN}</script> {IMAGE}",
            "brand": BRAND if number % 2 else "Acme",
            "category": CATEGORY,
            "price": 10 + number,
            "colour": f"blue{IMAGE}",
            "image": f"javascript:{RUN}",
            "url": f"javascript:{RUN}",
        }
        for number in range(30)
    ]
    with serve_items(rows) as api:
        build_suggestions(index_context(client, names, cluster_settings.bundles_dir))
        for number in range(6):
            api.search(QUERY, f"markup-{number}")

        def recorded() -> bool:
            client.indices.refresh(index=names.ubi_queries)
            return bool(client.count(index=names.ubi_queries)["count"] >= 6)

        wait_until(recorded)
        yield api


@pytest.fixture
def page(browser: Browser, site: Api) -> Iterator[Page]:
    with visit(browser, site.url) as page:
        yield page
        assert page.evaluate("document.documentElement.dataset.ran") is None
        assert page.locator("svg[onload], img[src=x], body script:not([src]), b").count() == 0
        assert page.locator("a[href^='javascript'], img[src^='javascript']").count() == 0


@pytest.mark.parametrize("path", ["/", "/feed", "/video"])
def test_texts_of_items_are_text_on_each_page(page: Page, site: Api, path: str) -> None:
    page.goto(f"{site.url}{path}?q=zanzibar")
    expect(page.get_by_text("zanzibar lamp").first).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.locator("main")).to_have_attribute("aria-busy", "false", timeout=TIMEOUT_MS)
    shown = page.locator("#hits").inner_text()
    assert IMAGE in shown
    expect(page.locator("#hits mark", has_text="zanzibar").first).to_be_visible()


def test_brands_categories_and_completions_are_text(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/?q=zanzibar")
    expect(page.locator("#facets")).to_contain_text(BRAND, timeout=TIMEOUT_MS)
    expect(page.locator("#facets")).to_contain_text(CATEGORY)
    page.get_by_role("checkbox", name=BRAND).check()
    expect(page.locator(".chip")).to_contain_text(BRAND)
    page.locator("#hits .title").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("A lamp.", timeout=TIMEOUT_MS)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Search the catalogue").fill("make")
    expect(page.get_by_role("option").first).to_contain_text("Maker <svg", timeout=TIMEOUT_MS)


def test_queries_of_visitors_are_text_on_insights(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/insights?range=24h&board=search")
    expect(page.locator("main")).to_contain_text(QUERY)
    page.goto(f"{site.url}/insights?range=24h&board=exposure")
    expect(page.locator("main")).to_contain_text(BRAND)


def test_the_docs_page_breaks_no_policy(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible(timeout=TIMEOUT_MS)
    page.get_by_text("/v1/search").first.click()
    expect(page.get_by_role("button", name="Try it out").first).to_be_visible(timeout=TIMEOUT_MS)
