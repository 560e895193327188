"""The pages of feed and video, each over a catalogue of its own, in a real browser."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch
from playwright.sync_api import Browser, Locator, Page, expect

from indexer.encoder.encoder import Encoder
from live_intent.sample.samples import SAMPLES
from plugin_config.schema import IndexNames
from plugin_config.settings import ClusterSettings, load
from query_service.settings import ServiceSettings
from query_service.web.app import create_app
from tests.integration.browsing import TIMEOUT_MS, assert_accessible, visit
from tests.integration.json_lines import write_json_lines
from tests.integration.rebuilding import index_context, rebuild_index
from tests.integration.serving import Api, item_ids, serving
from tests.integration.waiting import wait_until

ITEMS = 120  # of each sample: ten of each topic or genre
pytestmark = pytest.mark.node
VISIT = {"session_id": "v1", "deadline_ms": 20_000}


@pytest.fixture(scope="module")
def site(
    client: OpenSearch, cluster_settings: ClusterSettings, encoder: Encoder, tmp_path_factory: Any
) -> Iterator[Api]:
    """A shop without items, with the samples of both scenarios beside it."""
    folder: Path = tmp_path_factory.mktemp("scenarios")
    for name in ("feed", "video"):
        names = IndexNames(f"{cluster_settings.index_prefix}{name}-")
        context = index_context(client, names, cluster_settings.bundles_dir)
        catalogue = write_json_lines(folder / f"{name}.jsonl", islice(SAMPLES[name].items(), ITEMS))
        rebuild_index(context, encoder, catalogue)
    settings = load(ServiceSettings, default_deadline_ms=20_000, scenarios="feed,video")
    with serving(create_app(settings, cluster_settings, encoder)) as api:
        yield api


@pytest.fixture
def page(browser: Browser, site: Api) -> Iterator[Page]:
    with visit(browser, site.url) as page:
        yield page


def shown(page: Page) -> Locator:
    return page.locator("#hits > .card:not(.skeleton)")


def show(page: Page, url: str) -> Locator:
    """Go to the page and wait for its list; return its cards."""
    page.goto(url)
    expect(shown(page).first).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.locator("main")).to_have_attribute("aria-busy", "false", timeout=TIMEOUT_MS)
    return shown(page)


def events(page: Page, site: Api, scenario: str) -> list[dict[str, Any]]:
    """What the service keeps of the page's visitor, oldest first."""
    session = page.evaluate("localStorage.getItem('live-intent-session')")
    answer = site("GET", f"/{scenario}/v1/sessions/{session}")
    return answer.body["session"]["events"] if answer.status == 200 else []


def ids(cards: Locator) -> list[str]:
    return [card.get_attribute("data-item") or "" for card in cards.all()]


def test_two_likes_change_the_feed_which_says_why(page: Page, site: Api) -> None:
    posts = show(page, f"{site.url}/feed/?category=Night+sky")
    title = posts.first.locator(".title").inner_text()
    for row in (0, 1):
        posts.nth(row).get_by_role("button", name="Like: ").click()
        expect(
            page.get_by_role("button", name=re.compile(f"Liked posts: {row + 1} "))
        ).to_be_visible()
    assert [event["action"] for event in events(page, site, "feed")] == ["like", "like"]
    expect(page.locator("#because li")).to_have_count(2)
    page.get_by_role("button", name="All topics").click()
    expect(page.get_by_role("heading", name="For you")).to_be_visible(timeout=TIMEOUT_MS)
    topics = posts.locator(".writer .quiet")
    first = [text.split(" · ")[0] for text in topics.all_inner_texts()[:10]]
    general = site("POST", "/feed/v1/recommend", VISIT | {"scenario": "feed", "size": 10})
    before = [hit["source"]["category"] for hit in general.body["hits"]]
    assert first.count("Night sky") > before.count(["Night sky"])
    sky = posts.filter(has_text="Night sky").first
    sky.get_by_role("button", name="Why this?").click()
    expect(sky.locator(".why-panel")).to_contain_text("you liked “")
    page.get_by_role("button", name="Liked posts: 2 items").click()
    expect(page.get_by_role("dialog")).to_contain_text(title)


def test_comments_shares_and_dislikes_are_sent_and_kept(page: Page, site: Api) -> None:
    posts = show(page, f"{site.url}/feed/?category=Coffee")
    post = posts.first
    item = post.get_attribute("data-item")
    post.get_by_role("button", name="Comments: ").click()
    box = post.get_by_role("textbox", name="Comment on ")
    expect(box).to_be_focused()
    box.fill("Which grinder is it?")
    box.press("Enter")
    expect(post.locator(".comments .mine")).to_contain_text("Which grinder is it?")
    posts.nth(1).get_by_role("button", name="Share: ").click()
    posts.nth(2).get_by_role("button", name="Not for me: ").click()
    expect(page.get_by_text("You will see less like this.")).to_be_visible()
    expect(page.locator("#because li")).to_have_count(3)
    kept = events(page, site, "feed")
    assert [event["action"] for event in kept] == ["comment", "share", "dislike"]
    assert kept[0]["text"] == "Which grinder is it?"
    page.goto(f"{site.url}/feed/?item={item}")
    expect(page.get_by_role("dialog").locator(".mine")).to_contain_text("Which grinder is it?")


def test_the_feed_goes_on_as_it_is_scrolled_and_counts_a_like_at_once(
    page: Page, site: Api
) -> None:
    posts = show(page, f"{site.url}/feed/")
    expect(posts).to_have_count(24)
    posts.nth(3).get_by_role("button", name="Like: ").click()
    expect(page.locator("#because li")).to_have_count(1)
    page.mouse.move(640, 600)
    page.mouse.wheel(0, 30_000)
    expect(posts).to_have_count(48, timeout=TIMEOUT_MS)
    expect(page.get_by_text("From here on, what you just did counts")).to_be_visible()
    last = posts.nth(24)
    last.get_by_role("button", name="Why this?").click()
    expect(last.locator(".why-panel")).to_contain_text("you liked “")
    page.get_by_role("button", name="Show more").click()
    expect(posts.nth(71)).to_be_attached(timeout=TIMEOUT_MS)
    shown_ids = ids(posts)
    assert len(set(shown_ids)) == len(shown_ids)


def test_posts_are_searched_and_topics_chosen_by_keyboard(page: Page, site: Api) -> None:
    show(page, f"{site.url}/feed/")
    box = page.get_by_role("combobox", name="Search the posts")
    box.press_sequentially("bread")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("Escape")
    box.fill("bread")
    box.press("Enter")
    expect(page.get_by_role("heading", name="“bread”")).to_be_focused()
    expect(shown(page).first.locator(".title mark").first).to_be_visible()
    page.go_back()
    topic = page.get_by_role("button", name="Gardening")
    topic.press("Enter")
    expect(page).to_have_url(re.compile(r"/feed/\?category=Gardening$"))
    expect(topic).to_be_focused()
    expect(topic).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#count")).to_contain_text("10 posts")
    shown(page).first.locator(".title").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="More like this for you")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_watched_part_of_a_film_is_sent_and_kept(page: Page, site: Api) -> None:
    films = show(page, f"{site.url}/video/?category=Western")
    title = films.first.locator(".title").inner_text()
    films.first.locator(".title").click()
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_role("button", name="Play", exact=True).click()
    slider = dialog.get_by_role("slider", name="Position in ")
    expect(slider).not_to_have_value("0")
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog.get_by_role("status")).to_contain_text("% watched")
    slider.fill("60")
    for _ in range(5):
        slider.press("ArrowRight")
    expect(dialog.get_by_role("status")).to_contain_text("65 % watched: it counts")
    slider.fill("70")  # sent when the view is left, at the latest
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    wait_until(lambda: watched(page, site)[-1:] == [0.7])
    page.goto(f"{site.url}/video/")
    row = page.get_by_role("region", name="Continue watching")
    expect(row.get_by_role("link", name=title)).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_role("heading", name="For you")).to_be_visible(timeout=TIMEOUT_MS)
    western = shown(page).filter(has_text="Western").first
    western.get_by_role("button", name="Why this?").click()
    expect(western.locator(".why-panel")).to_contain_text("watched")
    general = site("POST", "/video/v1/recommend", VISIT | {"scenario": "video", "size": 24})
    assert ids(shown(page)) != item_ids(general.body)
    row.get_by_role("link", name=title).click()
    expect(page.get_by_role("dialog").get_by_role("slider")).to_have_value("70")


def watched(page: Page, site: Api) -> list[float]:
    kept = events(page, site, "video")
    return [event["watched_fraction"] for event in kept if event["action"] == "watch"]


@pytest.mark.parametrize("name", ["feed", "video"])
def test_a_phone_needs_no_scrolling_sideways(browser: Browser, site: Api, name: str) -> None:
    with visit(browser, site.url, width=360) as page:
        cards = show(page, f"{site.url}/{name}/")
        assert page.locator("body").evaluate("body => body.scrollWidth") <= 360
        cards.first.locator(".title").click()
        expect(page.get_by_role("heading", name="More like this for you")).to_be_visible()
        assert page.locator("#item").evaluate("dialog => dialog.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["feed", "video"])
def test_axe_finds_nothing_serious(page: Page, site: Api, axe: str, name: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    cards = show(page, f"{site.url}/{name}/")
    cards.first.get_by_role("button", name="Like: ").click()
    expect(page.locator("#renew")).to_be_visible()
    page.locator("#renew").click()
    expect(page.get_by_role("heading", name="For you")).to_be_focused(timeout=TIMEOUT_MS)
    cards.first.get_by_role("button", name="Why this?").click()
    assert_accessible(page, axe, f"{name}: list")
    cards.nth(1).locator(".title").click()
    expect(page.get_by_role("heading", name="More like this for you")).to_be_visible()
    assert_accessible(page, axe, f"{name}: item")


def test_each_catalogue_has_its_own_api_and_visitors(site: Api) -> None:
    found = site("POST", "/feed/v1/search", VISIT | {"query": "bread", "scenario": "feed"})
    assert item_ids(found.body)
    assert all(item.startswith("post-") for item in item_ids(found.body))
    films = site("POST", "/video/v1/search", VISIT | {"query": "sourdough"})
    assert films.body["total"]["value"] == 0
    assert site("GET", "/readyz").status == 503  # the shop has no items
    event = {"session_id": "apart", "action": "watch", "item_id": "film-001"}
    assert site("POST", "/video/v1/events", event).status == 200
    assert site("GET", "/video/v1/sessions/apart").status == 200
    assert site("GET", "/v1/sessions/apart").status == 404
    assert site("GET", "/feed/readyz").status == 200
    assert site("GET", "/feed/openapi.json").body["servers"] == [{"url": "/feed"}]
    assert site("GET", "/films/v1/search").status == 404


def test_pages_without_their_slash_lead_to_it(page: Page, site: Api) -> None:
    show(page, f"{site.url}/feed")
    assert page.url == f"{site.url}/feed/"
    page.get_by_role("link", name="Films").click()
    expect(page).to_have_url(f"{site.url}/video/")
    page.get_by_role("link", name="Shop").click()
    expect(page).to_have_url(f"{site.url}/")
    expect(page.get_by_role("link", name="Shop")).to_have_attribute("aria-current", "page")


def test_a_service_of_one_catalogue_has_the_pages_over_its_own_items(
    browser: Browser, site: Api, cluster_settings: ClusterSettings, encoder: Encoder
) -> None:
    prefix = f"{cluster_settings.index_prefix}feed-"
    cluster = cluster_settings.model_copy(update={"index_prefix": prefix})
    settings = load(ServiceSettings, default_deadline_ms=20_000)
    with serving(create_app(settings, cluster, encoder)) as api, visit(browser, api.url) as page:
        for name in ("feed", "video"):
            cards = show(page, f"{api.url}/{name}/")
            assert page.url == f"{api.url}/{name}"
            assert cards.first.get_attribute("data-item", timeout=TIMEOUT_MS)
        expect(page.get_by_role("link", name="Shop")).to_have_count(0)
        assert api("GET", "/page/shared/none.js").status == 404
        assert api("GET", "/page/shared/top.html").status == 404
