"""The page at /, in a real browser: search, like, see the difference, be forgotten."""

import re
import shutil
from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.rebuilding import TINY, index_context, rebuilt, tiny_model
from tests.integration.serving import Api, in_thread, write_items

pytestmark = pytest.mark.node
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser on this machine: install one of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(
    client: OpenSearch,
    names: IndexNames,
    node_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("page")
    encoder = load_encoder(load(EncoderSettings, encoder=tiny_model(), device="cpu", **TINY))
    cluster = load(
        ClusterSettings, opensearch_url=node_url, index_prefix=names.prefix, state_dir=folder
    )
    catalogue = write_items(folder / "items.jsonl")
    rebuilt(index_context(client, names, cluster.bundles_dir), encoder, catalogue)
    app = create_app(load(ServiceSettings, default_deadline_ms=20_000), cluster, encoder)
    with in_thread(app) as served:
        yield served
    app.extensions["live_intent"].close()


@pytest.fixture
def page(browser: Browser, site: Api) -> Iterator[Page]:
    """A page of a new visitor; nothing may go elsewhere, and nothing may go wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    elsewhere: list[str] = []
    wrong: list[str] = []
    opened.on("request", lambda request: elsewhere.append(request.url))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert not [url for url in elsewhere if not url.startswith((site.url, "data:"))]
    assert wrong == []


def search(page: Page, site: Api, text: str) -> None:
    page.goto(f"{site.url}/?q={text}")
    expect(page.locator(".hit").first).to_be_visible(timeout=30_000)


def test_a_new_visitor_sees_what_is_popular_and_what_to_try(page: Page, site: Api) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Popular now")).to_be_visible(timeout=30_000)
    expect(page.locator(".hit")).to_have_count(10)
    expect(page.get_by_text("Nothing is known of this visitor.")).to_be_visible()
    page.get_by_role("button", name="headphones", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?q=headphones$"))
    expect(page.locator(".hit .title").first).to_contain_text("headphones", timeout=30_000)
    expect(page.locator(".hit .why").first).to_contain_text("headphones")
    expect(page.locator("main .status")).to_contain_text("retrieve")


def test_typing_searches_and_the_address_keeps_step(page: Page, site: Api) -> None:
    page.goto(site.url)
    page.get_by_role("searchbox", name="Search the catalogue").press_sequentially("desk lamp")
    expect(page).to_have_url(re.compile(r"\?q=desk\+lamp$"))
    expect(page.locator(".hit .title").first).to_contain_text("desk lamp", timeout=30_000)


def test_a_like_moves_the_list_and_both_lists_can_be_seen(page: Page, site: Api) -> None:
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
    own, anyone = (page.locator("main section").nth(n).locator(".title") for n in (0, 1))
    assert own.all_inner_texts() != anyone.all_inner_texts()
    page.get_by_label("Side by side").uncheck()
    page.get_by_label("Personalise").uncheck()
    expect(page.get_by_role("heading", name="For anyone")).to_be_visible(timeout=30_000)
    expect(page.locator("main section")).to_have_count(1)


def test_a_visitor_can_be_forgotten_or_be_another(page: Page, site: Api) -> None:
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


def test_an_error_is_told(page: Page, site: Api) -> None:
    search(page, site, "Cube")
    page.route("**/v1/search", lambda route: route.abort())
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_have_text("The service can't be reached.")
    page.unroute("**/v1/search")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_be_hidden(timeout=30_000)


def test_it_fits_a_narrow_window(page: Page, site: Api) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    search(page, site, "coffee")
    page.get_by_label("Side by side").check()
    expect(page.locator("main section")).to_have_count(2, timeout=30_000)
    width = page.locator("body").evaluate("body => body.scrollWidth")
    assert width <= 360


def test_titles_are_text_and_never_markup(
    page: Page, site: Api, client: OpenSearch, names: IndexNames
) -> None:
    title = "<img src=x onerror=alert(1)> Zanzibar"
    found = client.get(index=names.items, id="i0")["_source"]
    client.index(
        index=names.items, id="x1", body=found | {"item_id": "x1", "title": title}, refresh=True
    )
    search(page, site, "Zanzibar")
    expect(page.locator(".hit .title").first).to_have_text(title)
    assert page.locator("main img").count() == 0


def test_the_apis_description_is_shown(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible(timeout=30_000)
