"""Values of a catalogue's rows, in the forms of real files."""

import pytest

from indexer.catalogue.values import (
    ValueProblem,
    read_flag,
    read_id,
    read_number,
    read_price,
    read_text,
    read_time,
)


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("1,049.00", 1049.0, ""),
        ("1.049,00", 1049.0, ""),
        ("$12.99", 12.99, "USD"),
        ("12,99 €", 12.99, "EUR"),
        ("EUR 7", 7.0, "EUR"),
        ("1 049", 1049.0, ""),
        ("1'049.50", 1049.5, ""),
        ("1,049", 1049.0, ""),
        ("1,234,567", 1234567.0, ""),
        ("₹12,34,567", 1234567.0, "INR"),
        ("1.049", 1.049, ""),
        ("99 kr", 99.0, ""),
        ("1.234.567", 1234567.0, ""),
        ("¥2,999.00", 2999.0, ""),  # yuan or yen: ambiguous
        (".99", 0.99, ""),
        ("2e3", 2000.0, ""),
        (12, 12.0, ""),
        (0.0, 0.0, ""),
        ("  ", None, ""),
        (None, None, ""),
    ],
)
def test_price(written: object, price: float | None, currency: str) -> None:
    assert read_price(written) == (price, currency)


@pytest.mark.parametrize(
    "written",
    ["free", "12 or 13", "-3", "$-3", "1e40", True, [1], "12.3.4", "1,2,3", "12 x", "1..2"],
)
def test_bad_price(written: object) -> None:
    with pytest.raises(ValueProblem, match="price"):
        read_price(written)


def test_number_is_not_negative_and_finite() -> None:
    assert read_number("370,000", "popularity") == 370_000
    for bad in (-1, float("nan"), float("inf"), "many"):
        with pytest.raises(ValueProblem, match="popularity"):
            read_number(bad, "popularity")


def test_text_loses_entities_control_characters_and_outer_spaces() -> None:
    assert read_text(" Briggs &amp; Stratton&#x2122; ", "title") == "Briggs & Stratton™"
    assert read_text("a\x00b\x07c\u0085", "title") == "abc"
    assert read_text("line\r\nbreak", "description") == "line\r\nbreak"
    assert read_text(["red", "blue"], "attribute") == "red, blue"
    assert read_text(3.5, "attribute") == "3.5"


def test_id() -> None:
    assert read_id(" 12 ") == "12"
    assert read_id(12) == "12"
    assert read_id("é" * 256) == "é" * 256
    for bad in (None, "", " ", 1.5, True, ["1"], "a\nb", "é" * 257):
        with pytest.raises(ValueProblem, match="item_id"):
            read_id(bad)


def test_flag() -> None:
    assert [read_flag(v, "available") for v in ("yes", "In stock", True, "1", 1)] == [True] * 5
    assert [read_flag(v, "available") for v in ("no", "out of stock", False, 0)] == [False] * 4
    assert read_flag(" ", "available") is None
    with pytest.raises(ValueProblem, match="available 'perhaps' is neither true nor false"):
        read_flag("perhaps", "available")


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-11-24", "2026-11-24T00:00:00Z"),
        ("2026-11-24T10:15:00+02:00", "2026-11-24T08:15:00Z"),
        ("2026-11-24T10:15:00.123Z", "2026-11-24T10:15:00.123Z"),
        (1795537919, "2026-11-24T16:31:59Z"),
        ("1795537919574", "2026-11-24T16:31:59.574Z"),
        ("", None),
    ],
)
def test_time(written: object, time: str | None) -> None:
    assert read_time(written, "updated_at") == time


@pytest.mark.parametrize("written", ["yesterday", True, {}, "99999999999999999999"])
def test_bad_time(written: object) -> None:
    with pytest.raises(ValueProblem, match="updated_at"):
        read_time(written, "updated_at")
