"""The list of settings, and docs/configuration.md."""

from pathlib import Path

import pytest

from live_intent.settings_listing import listing, markdown

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("LIVE_INTENT_"):
            monkeypatch.delenv(name)


def test_the_page_agrees_with_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run scripts/configuration"


def test_every_setting_has_a_description() -> None:
    assert [row.variable for row in listing() if not row.description] == []


def test_origin_is_shown_and_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_USER", "reader")
    monkeypatch.setenv("LIVE_INTENT_OPENSEARCH_PASSWORD", "open sesame")
    rows = {row.variable: row for row in listing()}
    assert rows["LIVE_INTENT_OPENSEARCH_USER"].origin == "environment"
    assert rows["LIVE_INTENT_OPENSEARCH_PASSWORD"].value == "(hidden)"
    assert rows["LIVE_INTENT_OPENSEARCH_URL"].origin == "default"
