"""Prices as catalogues write them: a number, a currency, and words that say nothing of either."""

import re
from collections.abc import Mapping
from typing import Any

from indexer.catalogue.values.currencies import (
    CURRENCY,
    THREE_DECIMALS,
    alternatives,
    currency_of,
)
from indexer.catalogue.values.markup import plain_text
from indexer.catalogue.values.numbers import (
    NUMBER,
    DecimalSign,
    from_json,
    in_range,
    plain,
    to_number,
)
from indexer.catalogue.values.text import ValueProblem, is_no_value, shown

# Words before or after a price that don't change it.
LOWEST = (
    "from", "starting at", "as low as", "ab", "von", "à partir de", "dès", "desde", "a partir de",
    "a partire da", "da", "vanaf", "od", "fra", "från", "от", "від", "起", "から", "부터",
)  # fmt: skip
AROUND = (
    "price", "only", "now", "nur", "preis", "prix", "precio", "prezzo", "prijs", "cena", "цена",
    "约", "約", "价格", "each", "ea.", "ea", "ca.", "ca", "circa", "approx.", "approx", "about",
)  # fmt: skip
TAX = (
    "incl. vat", "incl vat", "inc. vat", "inc vat", "excl. vat", "excl vat", "ex vat", "plus vat",
    "incl. tax", "incl tax", "excl. tax", "excl tax", "+ vat", "vat", "inkl. mwst.", "inkl. mwst",
    "inkl mwst", "zzgl. mwst.", "zzgl. mwst", "exkl. mwst", "netto", "brutto", "net", "gross",
    "ttc", "ht", "iva incl.", "iva incluido", "iva inclusa", "iva inc.", "+ iva", "incl. btw",
    "excl. btw", "incl. tva", "z vat", "税込", "税抜", "税别", "含税",
    "inkl. moms", "exkl. moms", "ekskl. moms", "zzgl. versand", "zzgl. versandkosten",
    "plus shipping", "+ shipping", "excl. shipping", "hors livraison", "送料別", "送料込",
)  # fmt: skip
FREE = ("free", "gratis", "kostenlos", "gratuit", "gratuito", "grátis", "бесплатно", "免费", "無料")
ON_REQUEST = (
    "on request", "price on request", "call for price", "call", "poa", "auf anfrage",
    "preis auf anfrage", "sur demande", "prix sur demande", "consultar", "su richiesta",
    "op aanvraag", "цена по запросу", "面议",
)  # fmt: skip
_TO = ("to", "bis", "à", "a", "hasta", "tot", "do", "til", "till", "до")
AMOUNTS, CURRENCIES = ("amount", "value", "price"), ("currency", "currency_code", "currencycode")
_FOOTNOTES = re.compile(r"[*†‡¹²³⁴⁵⁶⁷⁸⁹⁰]+")  # before NFKC makes digits of them
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）|【[^【】]*】")
_TAX_RATE = re.compile(
    r"(?<=vat|gst|tva|btw|iva|ncl|nkl|nc\.|kl\.|cl\.|xcl|gl\.|lus)\s*\d{1,2}(?:[.,]\d)?\s*%",
    re.IGNORECASE,
)
_CENTS = re.compile(r"(\d{1,3})\s*(¢|cents?|ct|p)", re.IGNORECASE)
_WORDS = re.compile(alternatives({*LOWEST, *AROUND, *TAX}), re.IGNORECASE)
_PER_UNIT = re.compile(
    r"(?<=\x00)\s*(?:/|\bper\b|\bpro\b|\bje\b|\bpar\b|\bpor\b|\bal\b|\bza\b)\s*[^\W\d_]{1,12}\.?$"
)
_ONE = re.compile(r"[\s:.~]*\x00\s*(?P<no_cents>[.,:/]\s*-{1,2})?[\s:.,!+]*")
_NEGATIVE = re.compile(r"[\s:.]*-\s*\x00[\s:.,!]*")
_RANGE = re.compile(
    rf"\s*\x00[,.]?\s*(?:-|–|—|~|〜|\.{{2,3}}|…|{alternatives(_TO)})\s*\x00[\s.,]*", re.IGNORECASE
)
Price = tuple[float | None, str]


def read_price(value: Any, sign: DecimalSign = "") -> Price:
    """A price, and its currency's code ("" where it names none); None: no value.

    Of a range, or of a list of prices, the lowest; an object is an amount with a currency. Raises
    ValueProblem for what is no price, and for a negative one.
    """
    if isinstance(value, Mapping):
        return _of_object(value, sign)
    if isinstance(value, list) and value:
        if any(isinstance(part, list) for part in value):
            raise ValueProblem(f"price {shown(value)} is a list of lists; a number is wanted")
        prices = [read_price(part, sign) for part in value if not is_no_value(part)]
        currencies = {currency for amount, currency in prices if amount is not None}
        if len(currencies) > 1:
            raise ValueProblem(f"price {shown(value)} names several currencies")
        amounts = [amount for amount, _ in prices if amount is not None]
        return min(amounts, default=None), "".join(currencies)
    if is_no_value(value):
        return None, ""
    if not isinstance(value, str):
        return from_json(value, "price"), ""
    return _of_text(value, sign)


def _of_object(value: Mapping[str, Any], sign: DecimalSign) -> Price:
    parts = {str(name).lower(): part for name, part in value.items()}
    amount = next((parts[name] for name in AMOUNTS if name in parts), None)
    if amount is None or isinstance(amount, Mapping | list):
        raise ValueProblem(
            f"price {shown(value)} is an object: name its part with --map price=price.PART"
        )
    price, currency = read_price(amount, sign)
    written = next((parts[name] for name in CURRENCIES if isinstance(parts.get(name), str)), "")
    return price, currency or written.strip()[:16]


def _of_text(value: str, sign: DecimalSign) -> Price:
    text = plain(_FOOTNOTES.sub("", plain_text(value)))
    text = _TAX_RATE.sub("", text.strip("\"' "))
    if text.lower() in FREE:
        return 0.0, ""
    if text.lower() in ON_REQUEST or is_no_value(text):
        return None, ""
    if (cents := _CENTS.fullmatch(text)) is not None:
        return int(cents[1]) / 100, {"¢": "USD", "p": "GBP"}.get(cents[2].lower(), "")
    if not text.startswith("("):  # (5.00) may mean -5
        text = _ASIDE.sub(" ", text)
    tokens = [match.group() for match in NUMBER.finditer(text)]
    names = CURRENCY.findall(NUMBER.sub("\x00", text))
    rest = CURRENCY.sub(" ", NUMBER.sub("\x00", text))
    rest = _PER_UNIT.sub("", _WORDS.sub(" ", rest).strip())
    if _NEGATIVE.fullmatch(rest):
        raise ValueProblem(f"price {shown(value)} is negative")
    one = _ONE.fullmatch(rest)
    if not (one or _RANGE.fullmatch(rest)):
        raise ValueProblem(f"price {shown(value)} is not a number")
    try:
        currency = currency_of(names)
        decimals = 3 if currency in THREE_DECIMALS else 2
        as_price = bool(names) or (one is not None and one["no_cents"] is not None)
        numbers = [to_number(token, sign, decimals if as_price else None) for token in tokens]
    except ValueError as error:
        raise ValueProblem(f"price {shown(value)} is not a number: {error}") from None
    return in_range(min(numbers), value, "price"), currency
