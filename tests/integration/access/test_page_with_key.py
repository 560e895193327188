"""The shop page of a service that asks for keys, in a real browser."""

import json
from typing import TYPE_CHECKING

import pytest

from indexer.encoder.encoder import Encoder
from plugin_config.settings import ClusterSettings
from query_service.access.key_text import KeyText, browser_key
from tests.integration.command_line import invoke
from tests.integration.serving import serving_index

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.node


def test_it_asks_for_a_key_that_counts_for_its_origin_alone(
    shop: ClusterSettings, encoder: Encoder, environment: dict[str, str], browser: "Browser"
) -> None:
    scopes = ("--scope", "search", "--scope", "events")
    made = invoke(environment, "keys", "create", "page", *scopes).stdout.strip()
    parent = KeyText.parse(made)
    assert parent is not None
    with serving_index(shop, encoder, require_keys=True) as api:
        for origin, status in (("https://other.example", 403), (api.url, 200)):
            key = browser_key(parent, json.dumps({"origins": [origin]}).encode())
            page = browser.new_page()
            page.on("dialog", lambda dialog, key=key: dialog.accept(key))
            statuses: list[int] = []
            page.on(
                "response",
                lambda response, statuses=statuses: (
                    statuses.append(response.status)
                    if "/v1/sessions" in response.url and response.request.method == "POST"
                    else None
                ),
            )
            page.goto(api.url)
            if status == 200:
                page.wait_for_selector("#hits .card:not(.skeleton)", timeout=20_000)
                token = page.evaluate("localStorage['live-intent-session-token']")
                assert token.startswith("lis_")
            else:
                page.wait_for_function("localStorage['live-intent-api-key']", timeout=20_000)
                page.wait_for_selector("#error:not([hidden])", timeout=20_000)
            assert set(statuses) == {status}
            page.close()
