"""The shops of examples/, built from the real npm packages, in a real browser."""

import functools
import http.server
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.integration.documentation import ROOT
from tests.integration.serving import Api, ServeItems
from tests.integration.waiting import wait_until
from tests.local_server import local_server

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]
SHOPS = ("instantsearch-js", "react-instantsearch")
BRANDS = ("Acme", "Bolt", "Cube", "Delta", "Echo")
KINDS = ("Desk lamp", "Floor lamp", "Garden chair", "Coffee machine")
RULES = {
    "rules": [
        {"id": "a", "when": {"query": {"is": "returns"}}, "then": {"redirect": "/returns.html"}},
        {"id": "b", "when": {"query": {"is": "lamp"}}, "then": {"banner": {"text": "Lamp week"}}},
    ]
}


def row(n: int) -> dict[str, Any]:
    kind = KINDS[n % 4]
    return {
        "item_id": f"i{n}", "title": f"{kind} no {n}", "brand": BRANDS[n % 5],
        "description": f"A {kind.lower()} with <b>warmth</b> & charm, for long evenings at home "
                       "and for short ones in the garden or anywhere else",
        "category": ["Garden" if n % 4 == 2 else "Home", kind], "price": 10 + n,
        "available": n % 4 != 1,
        "attributes": {"colour": ("red", "blue")[n % 2], "rating": n % 5 + 1},
    }  # fmt: skip


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both shops; skipped without npm, or where packages can't be fetched."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the shops of examples/ can't be built")
    folder = tmp_path_factory.mktemp("shops")
    for name in SHOPS:
        shutil.copytree(ROOT / "examples" / name, folder / name)
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                   "--ignore-scripts", "--prefer-offline", "--fetch-retries=0"]  # fmt: skip
        for command in (install, ["npm", "run", "build"]):
            ran = subprocess.run(
                command,
                cwd=folder / name,
                env=os.environ | {"npm_config_update_notifier": "false"},
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            if command is install and ran.returncode:
                pytest.skip(f"npm can't fetch packages: {ran.stderr.strip()[-300:]}")
            assert ran.returncode == 0, ran.stdout + ran.stderr
    (folder / "returns.html").write_text("<h1>How to return things</h1>")
    return folder


@pytest.fixture(scope="module")
def shop_url(built: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(built))
    with local_server(handler) as url:
        yield url


@pytest.fixture(scope="module")
def api(serve_items: ServeItems, shop_url: str) -> Iterator[Api]:
    rows = (row(n) for n in range(80))
    with serve_items(rows, cors_origins=shop_url, rule_writes=True) as api:
        assert api("PUT", "/v1/rules", RULES).status == 200
        yield api


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest, api: Api, shop_url: str) -> Any:
    """A visitor's page of the shop that the test names; it asks no other site."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(20_000)
    urls: list[str] = []
    errors: list[str] = []
    page.on("request", lambda sent: urls.append(sent.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    service = api.url.removeprefix("http://")
    page.goto(f"{shop_url}/{request.param}/index.html?service={service}")
    expect(page.get_by_text("80 results").first).to_be_visible()
    yield page
    context.close()
    assert not [url for url in urls if not url.startswith((api.url, shop_url, "data:"))]
    assert [error for error in errors if "favicon" not in error and "404" not in error] == []


js = pytest.mark.parametrize("page", ["instantsearch-js"], indirect=True)
react = pytest.mark.parametrize("page", ["react-instantsearch"], indirect=True)


def titles(page: Page) -> Locator:
    return page.locator(".ais-Hits-item h4, .ais-InfiniteHits-item h4")


def labels(page: Page, container: str) -> list[str]:
    found = page.locator(f"{container} .ais-RefinementList-labelText").all_inner_texts()
    return [text.strip() for text in found]


def search(page: Page, text: str) -> None:
    page.get_by_placeholder("Search", exact=True).fill(text)


@js
def test_search_box_hits_highlight_snippet_stats_and_pagination(page: Page) -> None:
    search(page, "desk lamp")
    expect(titles(page).first).to_contain_text("Desk lamp")
    expect(titles(page).first.locator("mark").first).to_have_text("Desk")
    expect(page.locator(".ais-Snippet").first).to_contain_text("with warmth & charm")
    search(page, "")
    expect(page.locator("#stats")).to_contain_text("80 results")
    expect(titles(page)).to_have_count(6)
    first = titles(page).all_inner_texts()
    page.locator("#pagination").get_by_role("link", name="Page 2").click()
    expect(titles(page).first).not_to_have_text(first[0])
    assert not set(first) & set(titles(page).all_inner_texts())
    page.locator("#per-page select").select_option("12")
    expect(titles(page)).to_have_count(12)


@js
def test_lists_of_values_are_disjunctive_searchable_and_can_be_cleared(page: Page) -> None:
    expect(page.locator("#brands li")).to_have_count(5)
    page.locator("#brands").get_by_text("Acme").click()
    expect(page.locator("#stats")).to_contain_text("16 results")
    assert set(labels(page, "#brands")) == set(BRANDS)  # its own filter does not shrink it
    page.locator("#brands").get_by_text("Bolt").click()
    expect(page.locator("#stats")).to_contain_text("32 results")
    expect(page.locator("#current")).to_contain_text("Acme")
    page.locator("#colours").get_by_text("red").click()
    expect(page.locator("#stats")).to_contain_text("16 results")
    expect(page.locator("#colours li")).to_have_count(1)  # conjunctive
    page.locator("#clear").get_by_role("button").click()
    expect(page.locator("#stats")).to_contain_text("80 results")
    page.locator("#brands input[type=search]").fill("del")
    expect(page.locator("#brands li")).to_have_count(1)
    expect(page.locator("#brands mark")).to_have_text("Del")
    page.locator("#brands").get_by_text("Delta").click()
    expect(page.locator("#stats")).to_contain_text("16 results")


@js
def test_categories_as_a_tree_with_breadcrumb(page: Page) -> None:
    expect(page.locator("#categories li")).to_have_count(2)
    page.locator("#categories").get_by_role("link", name=re.compile("Home")).click()
    expect(page.locator("#stats")).to_contain_text("60 results")
    page.locator("#categories").get_by_role("link", name=re.compile("Floor lamp")).click()
    expect(page.locator("#stats")).to_contain_text("20 results")
    expect(page.locator("#categories li")).to_have_count(5)  # both roots, and those below Home
    expect(page.locator("#breadcrumb")).to_contain_text("Floor lamp")
    page.locator("#breadcrumb").get_by_role("link", name="Home", exact=True).last.click()
    expect(page.locator("#stats")).to_contain_text("60 results")


@js
def test_ranges_menus_of_numbers_ratings_and_toggles(page: Page) -> None:
    inputs = page.locator("#price input")
    expect(inputs.first).to_have_attribute("min", "10")
    expect(inputs.last).to_have_attribute("max", "89")
    inputs.first.fill("20")
    inputs.last.fill("29")
    page.locator("#price button").click()
    expect(page.locator("#stats")).to_contain_text("10 results")
    expect(page.locator("#price-slider [role=slider]")).to_have_count(2)
    page.locator("#clear").get_by_role("button").click()
    page.locator("#price-menu").get_by_text("Under 50").click()
    expect(page.locator("#stats")).to_contain_text("41 results")
    page.locator("#clear").get_by_role("button").click()
    page.locator("#rating a").nth(0).click()  # four stars and up
    expect(page.locator("#stats")).to_contain_text("32 results")
    page.locator("#clear").get_by_role("button").click()
    page.locator("#available").get_by_text("In stock").click()
    expect(page.locator("#stats")).to_contain_text("60 results")


@js
def test_replicas_sort(page: Page) -> None:
    page.locator("#sort select").select_option("items_price_asc")
    expect(titles(page).first).to_contain_text("no 0")
    page.locator("#sort select").select_option("items_price_desc")
    expect(titles(page).first).to_contain_text("no 79")


@js
def test_a_rule_redirects_and_another_gives_a_banner(page: Page, api: Api) -> None:
    answer = api("POST", "/1/indexes/items/query", {"query": "lamp"}).body
    assert answer["appliedRules"] == [{"objectID": "b"}]
    assert answer["userData"] == [{"text": "Lamp week"}]
    search(page, "lamp")
    expect(page.locator("#banner")).to_contain_text("Lamp week")
    search(page, "returns")
    expect(page.get_by_role("heading", name="How to return things")).to_be_visible()


@js
def test_clicks_count_and_views_are_impressions(page: Page, api: Api) -> None:
    search(page, "garden chair")
    expect(titles(page).first).to_contain_text("Garden chair")
    wanted = titles(page).nth(3).inner_text()
    titles(page).nth(3).click()
    cookies = page.context.cookies()
    (token,) = [cookie["value"] for cookie in cookies if cookie["name"] == "_ALGOLIA"]
    kept: dict[str, Any] = {}

    def clicks_arrived() -> bool:
        kept.update(api("GET", f"/v1/sessions/{token}").body)
        actions = [row["action_name"] for row in kept.get("ubi_events", {}).get("rows", ())]
        return "click" in actions and "impression" in actions

    wait_until(clicks_arrived)
    (event,) = kept["session"]["events"]
    assert (event["action"], event["title"], event["position"]) == ("click", wanted, 4)
    queries = {row["user_query"]: row["query_id"] for row in kept["ubi_queries"]["rows"]}
    assert event["query_id"] == queries["garden chair"]
    page.reload()
    search(page, "garden chair")
    expect(titles(page).first).to_contain_text(wanted)


@react
def test_the_shop_in_react_with_version_4_of_the_library(page: Page) -> None:
    search(page, "coffee machine")
    expect(titles(page).first).to_contain_text("Coffee machine")
    expect(titles(page).first.locator("mark").first).to_have_text("Coffee")
    search(page, "")
    expect(titles(page)).to_have_count(6)
    page.get_by_role("button", name="Show more results").click()
    expect(titles(page)).to_have_count(12)
    assert len(set(titles(page).all_inner_texts())) == 12
    page.locator(".ais-RefinementList").first.get_by_text("Acme").click()
    expect(page.locator(".ais-Stats")).to_contain_text("16 results")
    page.locator(".ais-RefinementList").first.locator("input").first.fill("ec")
    expect(page.locator(".ais-RefinementList").first.locator("li")).to_have_count(1)
    page.locator(".ais-ClearRefinements button").click()
    expect(page.locator(".ais-Stats")).to_contain_text("80 results")
    page.locator(".ais-HierarchicalMenu").get_by_text("Garden", exact=True).click()
    expect(page.locator(".ais-Stats")).to_contain_text("20 results")
    page.locator(".ais-ClearRefinements button").click()
    expect(page.locator(".ais-Stats")).to_contain_text("80 results")
    page.locator(".ais-ToggleRefinement").get_by_text("In stock").click()
    expect(page.locator(".ais-Stats")).to_contain_text("60 results")
    page.locator(".ais-SortBy-select").select_option("items/sort/price:asc")
    expect(titles(page).first).to_contain_text("no 0")
    expect(page.locator(".ais-Menu-item").first).to_be_visible()
