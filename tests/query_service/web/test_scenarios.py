"""Which scenarios a service has catalogues for, and what follows for pages and deadlines."""

import pytest

from plugin_config.errors import SettingsError
from plugin_config.settings import load
from query_service.settings import ServiceSettings
from query_service.web.deadlines import Deadlines
from query_service.web.scenarios import ScenarioPage


@pytest.mark.parametrize("value", ["films", "feed,feed", "feed;video", "shop"])
def test_an_unknown_scenario_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=f"{value}: .*feed and video, each once"):
        load(ServiceSettings, scenarios=value)


def test_links_lead_from_each_page_to_the_others() -> None:
    settings = load(ServiceSettings, scenarios=" feed, video ")
    shop = ScenarioPage.of_shop(settings)
    assert shop.links() == [
        ("Shop", "./", True),
        ("Feed", "./feed/", False),
        ("Films", "./video/", False),
    ]
    assert ScenarioPage("video", shop.beside).links() == [
        ("Shop", "../", False),
        ("Feed", "../feed/", False),
        ("Films", "./", True),
    ]
    assert shop.over_the_same_items == ()


def test_without_scenarios_the_pages_show_the_services_own_items() -> None:
    page = ScenarioPage.of_shop(load(ServiceSettings))
    assert page.links() == []
    assert page.over_the_same_items == ("feed", "video")


def test_the_deadline_of_a_scenarios_search_is_that_of_its_body() -> None:
    deadlines = Deadlines(load(ServiceSettings, scenarios="feed"))
    body = b'{"deadline_ms": 1234}'
    assert deadlines.of_bytes("POST", "/v1/search", body) == 1234
    assert deadlines.of_bytes("POST", "/feed/v1/search", body) == 1234
    assert deadlines.of_bytes("POST", "/video/v1/search", body) != 1234
