"""Prices in the forms of real catalogues: the number, and the currency where it is said."""

import pytest

from indexer.catalogue.values.numbers import DecimalSign
from indexer.catalogue.values.prices import read_price
from indexer.catalogue.values.text import ValueProblem


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("1,049.00", 1049.0, ""),
        ("1.049,00", 1049.0, ""),
        ("1 049", 1049.0, ""),
        ("1'049.50", 1049.5, ""),
        ("1’049.50", 1049.5, ""),
        ("1\u202f049,50 €", 1049.5, "EUR"),
        ("1,049", 1049.0, ""),
        ("1.049", 1.049, ""),
        ("1.049 €", 1049.0, "EUR"),
        ("0.125 USD", 0.125, "USD"),
        ("12.345 OMR", 12.345, "OMR"),
        ("1,234,567", 1234567.0, ""),
        ("1.234.567", 1234567.0, ""),
        ("₹12,34,567", 1234567.0, "INR"),
        (".99", 0.99, ""),
        ("2e3", 2000.0, ""),
        (12, 12.0, ""),
        (0.0, 0.0, ""),
        ("  ", None, ""),
        (None, None, ""),
    ],
)
def test_numbers_with_separators(written: object, price: float | None, currency: str) -> None:
    assert read_price(written) == (price, currency)


@pytest.mark.parametrize(
    ("written", "price", "currency"),
    [
        ("$12.99", 12.99, "USD"),
        ("12,99 €", 12.99, "EUR"),
        ("EUR 7", 7.0, "EUR"),
        ("7 eur", 7.0, "EUR"),
        ("7 Euro", 7.0, "EUR"),
        ("8.50gbp", 8.5, "GBP"),
        ("AU$ 5", 5.0, "AUD"),
        ("US $5", 5.0, "USD"),
        ("$5 CAD", 5.0, "CAD"),
        ("R$ 1.049,90", 1049.9, "BRL"),
        ("SFr. 12.50", 12.5, "CHF"),
        ("49,90 zł", 49.9, "PLN"),
        ("3 990 Ft", 3990.0, "HUF"),
        ("1 299 руб.", 1299.0, "RUB"),
        ("９８０円", 980.0, "JPY"),
        ("￦12,000", 12000.0, "KRW"),
        ("١٢٩٩ ر.س", 1299.0, "SAR"),
        ("KD 2.500", 2.5, "KWD"),
        ("99 kr", 99.0, ""),  # Danish, Norwegian or Swedish
        ("¥2,999.00", 2999.0, ""),  # yuan or yen
        ("Rs. 499", 499.0, ""),  # of India, Pakistan, Sri Lanka
    ],
)
def test_currency_words_and_signs(written: str, price: float, currency: str) -> None:
    assert read_price(written) == (price, currency)


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("from $19.99", 19.99),
        ("ab 19,99 €", 19.99),
        ("à partir de 19,99 €", 19.99),
        ("¥99起", 99.0),
        ("$19.99 - $29.99", 19.99),
        ("29,99–19,99 €", 19.99),
        ("10 to 20 USD", 10.0),
        ("19.99*", 19.99),
        ("19,99 €¹", 19.99),
        ("99:-", 99.0),
        ("1.299,-", 1299.0),
        ("99,-- €", 99.0),
        ("19.90 EUR/kg", 19.9),
        ("19,90 € pro Stück", 19.9),
        ("19,90 € inkl. MwSt.", 19.9),
        ("19,90 € inkl. 19 % MwSt.", 19.9),
        ("₹499/-", 499.0),
        ("$12.99 each", 12.99),
        ("ca. 12 €", 12.0),
        ("10+", 10.0),
        ("99¢", 0.99),
        ('"12.50"', 12.5),
        ("1,299円(税込)", 1299.0),
        ("<span class='amount'>$19.99</span>", 19.99),
        ("free", 0.0),
        ("kostenlos", 0.0),
    ],
)
def test_words_around_a_price(written: str, price: float) -> None:
    assert read_price(written)[0] == price


@pytest.mark.parametrize("written", ["N/A", "-", "null", "NaN", "TBD", "price on request", "POA"])
def test_words_for_no_price(written: str) -> None:
    assert read_price(written) == (None, "")


def test_an_amount_with_a_currency_and_a_list_of_prices() -> None:
    assert read_price({"amount": "12.50", "currencyCode": "EUR"}) == (12.5, "EUR")
    assert read_price({"value": 12, "currency": "USD"}) == (12.0, "USD")
    assert read_price([100, 120, None]) == (100.0, "")
    assert read_price(["€ 100", "€ 90"]) == (90.0, "EUR")


@pytest.mark.parametrize(
    "written",
    ["12 or 13", "3 for $10", "10% off", "was $5 now $4", "iPhone 12", "-3", "$-3", "-$3", -3,
     "1e40", True, "12.3.4", "1,2,3", "12 x", "1..2", "$", "(5.00)", "5 EUR 6 USD", {"net": 5},
     {"amount": {}}, float("nan"), 10**400],
)  # fmt: skip
def test_what_a_person_would_not_know_either(written: object) -> None:
    with pytest.raises(ValueProblem, match="price"):
        read_price(written)


@pytest.mark.parametrize(
    ("sign", "written", "price"),
    [
        (",", "1.299", 1299.0),
        (".", "1.299 €", 1.299),
        (",", "1,299", 1.299),
        (".", "1,299", 1299.0),
    ],
)
def test_the_decimal_sign_can_be_said(sign: DecimalSign, written: str, price: float) -> None:
    assert read_price(written, sign)[0] == price
