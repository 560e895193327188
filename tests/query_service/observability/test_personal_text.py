"""Texts of visitors are cut out of the log's lines, however they come there."""

import json
import logging

import pytest

from query_service.observability.identity import PERSONAL_TEXT
from query_service.observability.personal_text import CUT, without_personal_text
from query_service.web.observability import logs


@pytest.mark.parametrize(
    "message",
    [
        'Failed to parse query [Brüssel "hotel"]',
        'brüssel "HOTEL" is too long',
        json.dumps({"reason": 'failed on Brüssel "hotel"'}),
        json.dumps({"reason": 'failed on Brüssel "hotel"'}, ensure_ascii=False),
    ],
)
def test_it_is_found_as_it_is_and_as_json_escapes_it(message: str) -> None:
    cut = without_personal_text(message, 'Brüssel "hotel"')
    assert CUT in cut
    assert "hotel" not in cut.lower()


def test_a_very_short_text_stays() -> None:
    assert without_personal_text("a cat sat", "a") == "a cat sat"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_line_and_no_traceback_has_it(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    token = PERSONAL_TEXT.set("gift for Anna")
    try:
        logs.configure("info", form)  # type: ignore[arg-type]
        logging.getLogger("x").warning("degraded: words: %s", "can't parse [gift for anna]")
        try:
            int("gift for Anna")
        except ValueError:
            logging.getLogger("x").exception("answered 500")
        hidden = capsys.readouterr().err
        logs.configure("info", form, texts=True)  # type: ignore[arg-type]
        logging.getLogger("x").warning("can't parse [gift for anna]")
        shown = capsys.readouterr().err
    finally:
        PERSONAL_TEXT.reset(token)
        root.handlers[:] = handlers
        root.setLevel(level)
    assert "anna" not in hidden.lower()
    assert "ValueError" in hidden
    assert "anna" in shown
    if form == "json":
        assert [json.loads(line)["level"] for line in hidden.splitlines()] == ["warning", "error"]
