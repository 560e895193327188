"""The shop page at /, in a real browser: search, filter, open, like, compare, erase."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, Locator, Page, expect

from indexer.catalogue.items import Item
from indexer.encoder.encoder import Encoder
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import to_document
from indexer.suggestions.build import build_suggestions
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.browsing import TIMEOUT_MS, assert_accessible, visit
from tests.integration.rebuilding import index_context
from tests.integration.serving import Api, serving

pytestmark = pytest.mark.node
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture, and a file that is none."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "lamp.svg").write_text(SVG, encoding="utf-8")
    (folder / "prices.csv").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def site(
    client: OpenSearch, names: IndexNames, shop: ClusterSettings, encoder: Encoder, images: Path
) -> Iterator[Api]:
    build_suggestions(index_context(client, names, shop.bundles_dir))
    settings = load(ServiceSettings, default_deadline_ms=20_000, images=images)
    with serving(create_app(settings, shop, encoder)) as api:
        yield api


@pytest.fixture
def page(browser: Browser, site: Api) -> Iterator[Page]:
    with visit(browser, site.url) as page:
        yield page


def cards(page: Page) -> Locator:
    return page.locator("#hits .card:not(.skeleton)")


def search(page: Page, site: Api, text: str) -> None:
    page.goto(f"{site.url}/?q={text}")
    expect(cards(page).first).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.locator("main")).to_have_attribute("aria-busy", "false", timeout=TIMEOUT_MS)


def open_developer_panel(page: Page) -> None:
    page.get_by_text("For developers").click()
    expect(page.get_by_role("heading", name="Both lists")).to_be_visible(timeout=TIMEOUT_MS)


def test_a_new_visitor_sees_popular_items_and_categories(page: Page, site: Api) -> None:
    page.goto(site.url)
    expect(page.get_by_role("heading", name="Popular now")).to_be_visible(timeout=TIMEOUT_MS)
    expect(cards(page)).to_have_count(24)
    open_developer_panel(page)
    expect(page.get_by_text("Nothing is known of this visitor.")).to_be_visible()
    page.locator("#facets").get_by_role("button", name="desk lamp").click()
    expect(page).to_have_url(re.compile(r"\?category=All\+%3E\+desk\+lamp$"))
    expect(page.get_by_role("heading", name="desk lamp", exact=True)).to_be_visible()
    expect(page.locator("#count")).to_contain_text("12 results")


def test_completions_are_chosen_by_keyboard(page: Page, site: Api) -> None:
    page.goto(site.url)
    box = page.get_by_role("combobox", name="Search the catalogue")
    box.press_sequentially("desk")
    expect(page.get_by_role("option").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    active = box.get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("desk")
    box.press_sequentially(" lamp")
    query = page.locator(".option.query").first
    expect(query.locator("mark").first).to_be_visible()
    box.press("Escape")
    box.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=desk\+lamp$"))
    expect(page.get_by_role("heading", name="“desk lamp”")).to_be_focused()
    expect(cards(page).first.locator(".title mark").first).to_be_visible(timeout=TIMEOUT_MS)


def test_a_brand_looks_like_the_other_completions(page: Page, site: Api) -> None:
    page.goto(site.url)
    page.get_by_role("combobox", name="Search the catalogue").press_sequentially("acm")
    brand = page.locator(".option.brand .option-text")
    expect(brand).to_be_visible(timeout=TIMEOUT_MS)
    style = "[getComputedStyle(node).fontSize, getComputedStyle(node).color]"
    plain = page.locator("body").evaluate(f"node => {style}")
    assert brand.evaluate(f"node => {style}") == plain
    assert brand.locator("mark").evaluate("node => getComputedStyle(node).padding") == "0px"


def test_the_address_holds_filters_and_sort_for_back_and_shared_links(
    page: Page, site: Api
) -> None:
    search(page, site, "lamp")
    page.get_by_role("checkbox", name="Acme").check()
    expect(page).to_have_url(re.compile(r"brand=Acme"))
    expect(page.get_by_role("button", name="Remove the filter Brand: Acme")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Acme")).to_be_focused()
    page.get_by_label("Sort").select_option("price:desc")
    expect(page).to_have_url(re.compile(r"sort=price%3Adesc"))
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    prices = [float(text) for text in cards(page).locator(".price").all_inner_texts()]
    assert prices == sorted(prices, reverse=True)
    makers = cards(page).locator(".maker")
    expect(makers.filter(has_text="Acme")).to_have_count(makers.count())
    shared = page.url
    page.go_back()
    page.go_back()
    expect(page.locator(".chip")).to_have_count(0)
    page.goto(shared)
    expect(page.get_by_label("Sort")).to_have_value("price:desc")
    expect(page.get_by_role("checkbox", name="Acme")).to_be_checked(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Remove the filter Brand: Acme").click()
    expect(page.get_by_role("checkbox", name="Acme")).not_to_be_checked()


def test_more_results_follow_without_repetition(page: Page, site: Api) -> None:
    search(page, site, "model")
    page.get_by_role("button", name="Show more").click()
    expect(cards(page)).to_have_count(48)
    expect(cards(page).nth(24).locator(".title")).to_be_focused()
    page.get_by_role("button", name="Show more").click()
    expect(cards(page)).to_have_count(60)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    ids = [card.get_attribute("data-item") for card in cards(page).all()]
    assert len(set(ids)) == 60


def test_a_like_sorts_the_list_which_the_panel_compares(page: Page, site: Api) -> None:
    search(page, site, "Acme")
    lamp = cards(page).filter(has_text="desk lamp").last
    title = lamp.locator(".title").inner_text()
    lamp.get_by_role("button", name="Like: ").click()
    expect(page.get_by_role("button", name="Liked items: 1 item")).to_be_visible()
    page.get_by_role("button", name="sort the list for you").click()
    expect(page.locator("#count")).to_contain_text("sorted for you", timeout=TIMEOUT_MS)
    expect(page.locator("#hits .move").first).to_be_visible()
    first = cards(page).first
    first.get_by_role("button", name="Why this?").click()
    expect(first.locator(".why-panel")).to_contain_text(f"you liked “{title}")
    expect(first.locator(".shares li").first).to_be_visible()
    open_developer_panel(page)
    personal, general = (page.locator(".two > div").nth(n).locator("li") for n in (0, 1))
    assert personal.all_inner_texts() != general.all_inner_texts()
    expect(page.locator(".timing")).to_contain_text("retrieve")


def test_a_product_opens_with_more_like_it_and_closes_by_back_or_escape(
    page: Page, site: Api
) -> None:
    search(page, site, "lamp")
    title = cards(page).first.locator(".title").inner_text()
    cards(page).first.locator(".title").click()
    dialog = page.get_by_role("dialog", name=title)
    expect(dialog.get_by_role("heading", name="More like this for you")).to_be_visible()
    expect(dialog.locator("#similar .title", has_text=title)).to_have_count(0)
    shared = page.url
    assert "item=i" in shared
    dialog.locator("#similar .title").first.click()
    expect(page.get_by_role("dialog", name=title)).to_be_hidden()
    page.go_back()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile(r"\?q=lamp$"))
    page.goto(shared)
    expect(page.get_by_role("dialog", name=title)).to_be_visible(timeout=TIMEOUT_MS)
    dialog.get_by_role("button", name=f"In the cart: {title}", exact=True).click()
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    page.get_by_role("button", name="Cart: 1 item").click(timeout=TIMEOUT_MS)
    expect(page.get_by_role("dialog", name="Your cart")).to_contain_text(title)
    page.get_by_role("button", name=f"Remove {title}").click()
    expect(page.get_by_text("Nothing is in your cart yet.")).to_be_visible()


def test_nothing_found_helps(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/?q=lamp&brand=Nobody")
    expect(page.get_by_text("Nothing was found for “lamp”")).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_role("heading", name="Popular instead")).to_be_visible()
    page.get_by_role("button", name="Remove all filters").click()
    expect(page).to_have_url(re.compile(r"\?q=lamp$"))
    expect(cards(page).first.locator(".title")).to_contain_text("lamp")


def test_the_start_page_leaves_out_languages_that_are_not_read_until_asked(
    page: Page, site: Api, client: OpenSearch, names: IndexNames
) -> None:
    for language in ("en", "zh"):
        item = Item(
            item_id=f"in-{language}", title=f"In {language}", popularity=1e6, language=language
        )
        document = to_document(item, None, AttributeSchema())
        client.index(index=names.items, id=item.item_id, body=document, refresh=True)
    try:
        page.goto(f"{site.url}/?sort=popularity")
        chip = page.get_by_role("button", name="Remove the filter In English")
        expect(chip).to_be_visible(timeout=TIMEOUT_MS)
        expect(page.locator("[data-item=in-en]")).to_be_visible()
        expect(page.locator("[data-item=in-zh]")).to_have_count(0)
        box = page.get_by_role("combobox", name="Search the catalogue")
        with page.expect_request("**/v1/suggest") as asked:
            box.click()
        assert "zh" in asked.value.post_data_json["filters"]["language"]["not"]
        box.press("Escape")
        chip.click()
        expect(page.locator("[data-item=in-zh]")).to_be_visible()
        expect(page).to_have_url(re.compile(r"lang=all$"))
    finally:
        for language in ("en", "zh"):
            client.delete(index=names.items, id=f"in-{language}", refresh=True)


def test_a_misspelt_query_offers_the_right_one(page: Page, site: Api) -> None:
    search(page, site, "wirelesss")
    page.get_by_role("button", name="wireless", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?q=wireless$"))
    expect(page.get_by_text("Did you mean")).to_be_hidden()
    page.go_back()
    page.get_by_role("button", name="Only “wirelesss”").click()
    expect(page).to_have_url(re.compile(r"spelling=off"))


def test_a_visitor_can_erase_the_session_or_start_another(page: Page, site: Api) -> None:
    search(page, site, "Bolt")
    cards(page).first.get_by_role("button", name="Like: ").click()
    expect(page.get_by_role("button", name="Liked items: 1 item")).to_be_visible()
    open_developer_panel(page)
    session = page.locator("#session").inner_text()
    assert site("GET", f"/v1/sessions/{session}").status == 200
    page.get_by_role("button", name="Forget me").click()
    expect(page.locator("#session")).not_to_have_text(session, timeout=TIMEOUT_MS)
    expect(page.get_by_role("button", name="Liked items: 0 items")).to_be_visible()
    assert site("GET", f"/v1/sessions/{session}").status == 404
    other = page.locator("#session").inner_text()
    page.get_by_role("button", name="New visitor").click()
    expect(page.locator("#session")).not_to_have_text(other, timeout=TIMEOUT_MS)


def test_an_unreachable_service_is_reported_until_it_answers_again(page: Page, site: Api) -> None:
    search(page, site, "Cube")
    page.route("**/v1/search", lambda route: route.abort())
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("The service can't be reached.")
    page.unroute("**/v1/search")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("alert")).to_be_hidden(timeout=TIMEOUT_MS)


def test_a_phone_has_the_filters_in_a_sheet_and_nothing_to_scroll_sideways(
    page: Page, site: Api
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    search(page, site, "coffee")
    expect(page.get_by_role("checkbox", name="Acme")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="Acme").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("checkbox", name="Acme")).to_be_hidden()
    expect(page.get_by_role("button", name="Filters")).to_be_focused()
    expect(page.locator(".chip")).to_have_count(1)
    assert page.locator("body").evaluate("body => body.scrollWidth") <= 360


def test_markup_in_texts_is_shown_as_text(
    page: Page, site: Api, client: OpenSearch, names: IndexNames
) -> None:
    title = "<img src=x onerror=alert(1)> Zanzibar"
    document = client.get(index=names.items, id="i0")["_source"]
    document |= {"item_id": "x1", "title": title, "description": "<script>alert(1)</script>Fine"}
    client.index(index=names.items, id="x1", body=document, refresh=True)
    try:
        search(page, site, "Zanzibar")
        expect(cards(page).first.locator(".title")).to_have_text(title)
        assert page.locator("main img").count() == 0
        cards(page).first.locator(".title").click()
        expect(page.get_by_role("dialog", name=title)).to_contain_text("Fine")
        assert page.locator("dialog img, dialog script").count() == 0
    finally:
        client.delete(index=names.items, id="x1", refresh=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, site: Api, axe: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    search(page, site, "lamp")
    cards(page).first.get_by_role("button", name="Why this?").click()
    assert_accessible(page, axe, "list")
    box = page.get_by_role("combobox", name="Search the catalogue")
    box.fill("desk")
    expect(page.get_by_role("option").first).to_be_visible()
    assert_accessible(page, axe, "typing")
    box.press("Escape")
    open_developer_panel(page)
    assert_accessible(page, axe, "developer")
    cards(page).nth(1).locator(".title").click()
    expect(page.get_by_role("heading", name="More like this for you")).to_be_visible()
    assert_accessible(page, axe, "product")


def test_pictures_of_the_folder_are_served_and_nothing_else(site: Api) -> None:
    answer = site("GET", "/images/lamp.svg")
    assert (answer.status, answer.body) == (200, SVG)
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for name in ("prices.csv", "none.svg", "..%2Flamp.svg", "."):
        assert site("GET", f"/images/{name}").status == 404, name


def test_the_api_is_documented_at_docs(page: Page, site: Api) -> None:
    page.goto(f"{site.url}/docs")
    expect(page.get_by_text("/v1/search").first).to_be_visible(timeout=TIMEOUT_MS)
