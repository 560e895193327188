"""The page at /, in a real browser: search, like, see both lists, have the session erased."""

import re
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, Page, expect

from indexer.encoder.encoder import Encoder
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def site(shop: ClusterSettings, encoder: Encoder) -> Iterator[Api]:
    settings = load(ServiceSettings, default_deadline_ms=20_000)
    with serving(create_app(settings, shop, encoder)) as api:
        yield api


@pytest.fixture
def page(browser: Browser, site: Api) -> Iterator[Page]:
    """A page of a new visitor; it must ask no other site, and have no script errors."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    urls: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not [url for url in urls if not url.startswith((site.url, "data:"))]
    assert errors == []


def search(page: Page, site: Api, text: str) -> None:
    page.goto(f"{site.url}/?q={text}")
    expect(page.locator(".hit").first).to_be_visible(timeout=30_000)


def test_a_new_visitor_sees_popular_items_and_queries_to_try(page: Page, site: Api) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Popular now")).to_be_visible(timeout=30_000)
    expect(page.locator(".hit")).to_have_count(10)
    expect(page.get_by_text("Nothing is known of this visitor.")).to_be_visible()
    page.get_by_role("button", name="headphones", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?q=headphones$"))
    expect(page.locator(".hit .title").first).to_contain_text("headphones", timeout=30_000)
    expect(page.locator(".hit .why").first).to_contain_text("headphones")
    expect(page.locator("main .status")).to_contain_text("retrieve")


def test_typing_searches_and_changes_the_address(page: Page, site: Api) -> None:
    page.goto(site.url)
    page.get_by_role("searchbox", name="Search the catalogue").press_sequentially("desk lamp")
    expect(page).to_have_url(re.compile(r"\?q=desk\+lamp$"))
    expect(page.locator(".hit .title").first).to_contain_text("desk lamp", timeout=30_000)


def test_a_like_personalises_the_list_which_can_be_compared_or_turned_off(
    page: Page, site: Api
) -> None:
    search(page, site, "Acme")
    lamp = page.locator(".hit", has_text="desk lamp").first
    title = lamp.locator(".title").inner_text()
    lamp.get_by_role("button", name="Like: ", exact=False).first.click()
    expect(page.locator(".events")).to_contain_text(f"Liked {title}", timeout=30_000)
    expect(page.get_by_role("heading", name="For you", exact=True)).to_be_visible()
    expect(page.locator(".why", has_text="you liked").first).to_be_visible()
    page.get_by_label("Side by side").check()
    expect(page.locator("main section")).to_have_count(2, timeout=30_000)
    expect(page.get_by_role("heading", name="For anyone")).to_be_visible()
    personal, general = (page.locator("main section").nth(n).locator(".title") for n in (0, 1))
    assert personal.all_inner_texts() != general.all_inner_texts()
    page.get_by_label("Side by side").uncheck()
    page.get_by_label("Personalise").uncheck()
    expect(page.get_by_role("heading", name="For anyone")).to_be_visible(timeout=30_000)
    expect(page.locator("main section")).to_have_count(1)


def test_a_visitor_can_erase_the_session_or_start_another(page: Page, site: Api) -> None:
    search(page, site, "Bolt")
    page.locator(".hit .title").first.click()
    expect(page.locator(".events")).to_contain_text("Clicked", timeout=30_000)
    session = page.locator("#session").inner_text()
    assert site("GET", f"/v1/sessions/{session}").status == 200
    page.reload()
    expect(page.locator("#session")).to_have_text(session, timeout=30_000)
    page.get_by_role("button", name="Forget me").click()
    expect(page.locator("#session")).not_to_have_text(session, timeout=30_000)
    assert site("GET", f"/v1/sessions/{session}").status == 404
    other = page.locator("#session").inner_text()
    page.get_by_role("button", name="New visitor").click()
    expect(page.locator("#session")).not_to_have_text(other, timeout=30_000)


def test_an_unreachable_service_is_reported_until_it_answers_again(page: Page, site: Api) -> None:
    search(page, site, "Cube")
    page.route("**/v1/search", lambda route: route.abort())
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_have_text("The service can't be reached.")
    page.unroute("**/v1/search")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_be_hidden(timeout=30_000)


def test_both_lists_fit_a_window_360_pixels_wide(page: Page, site: Api) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    search(page, site, "coffee")
    page.get_by_label("Side by side").check()
    expect(page.locator("main section")).to_have_count(2, timeout=30_000)
    width = page.locator("body").evaluate("body => body.scrollWidth")
    assert width <= 360


def test_markup_in_a_title_is_shown_as_text(
    page: Page, site: Api, client: OpenSearch, names: IndexNames
) -> None:
    title = "<img src=x onerror=alert(1)> Zanzibar"
    document = client.get(index=names.items, id="i0")["_source"]
    document |= {"item_id": "x1", "title": title}
    client.index(index=names.items, id="x1", body=document, refresh=True)
    search(page, site, "Zanzibar")
    expect(page.locator(".hit .title").first).to_have_text(title)
    assert page.locator("main img").count() == 0


def test_the_api_is_documented_at_docs(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible(timeout=30_000)
