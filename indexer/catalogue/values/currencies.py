"""Currencies: ISO 4217 codes, and the signs and words by which prices name them."""

import re
from collections.abc import Iterable

_ISO_4217 = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(_ISO_4217.split())
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
# Signs and words that name one currency; letters in lower case.
SIGNS = {
    sign: code
    for code, signs in {
        "AED": "د.إ dhs dh dirham dirhams",
        "AUD": "a$ au$ aud$",
        "BGN": "лв лв.",
        "BRL": "r$ reais real",
        "CAD": "c$ ca$ cad$",
        "CHF": "fr. sfr sfr. franken",
        "CLP": "clp$",
        "CNY": "元 人民币 人民幣 rmb cn¥ yuan",
        "CZK": "kč kc",
        "BHD": "bd د.ب",
        "EGP": "ج.م",
        "EUR": "€ euro euros eur. евро ευρώ",
        "GBP": "gb£",
        "GHS": "₵ gh₵",
        "HKD": "hk$",
        "HUF": "ft",
        "IDR": "rp rp.",
        "ILS": "₪ nis",
        "INR": "₹",
        "JPY": "円 jp¥ 日元 yen",
        "JOD": "jd د.أ",
        "KWD": "kd د.ك",
        "OMR": "ر.ع",
        "QAR": "qr ر.ق",
        "TND": "dt د.ت",
        "KRW": "₩ 원",
        "KZT": "₸",
        "MXN": "mx$ mex$",
        "MYR": "rm",
        "NGN": "₦",
        "NZD": "nz$",
        "PEN": "s/ s/.",
        "PHP": "₱",
        "PLN": "zł zl",
        "RON": "lei leu",
        "RSD": "дин дин.",
        "RUB": "₽ руб руб. рублей р.",
        "SAR": "ر.س ريال",
        "SGD": "s$ sg$",
        "THB": "฿ บาท baht",
        "TRY": "₺ tl",
        "TWD": "nt$ nt",
        "UAH": "₴ грн грн.",
        "USD": "us$ usd$ u.s.$",
        "VND": "₫ đ vnđ",
        "ZAR": "r zar",
    }.items()
    for sign in signs.split()
}
# Taken as this currency where the price says no other.
USUALLY = {
    "$": "USD",
    "£": "GBP",
    "dollar": "USD",
    "dollars": "USD",
    "pound": "GBP",
    "pounds": "GBP",
}
# Signs of several currencies: they leave the currency open.
AMBIGUOUS = (
    "¥",
    "kr",
    "kr.",
    "rs",
    "rs.",
    "₨",
    "rupees",
    "peso",
    "pesos",
    "ریال",
    "fr",
    "din",
    "din.",
)


def alternatives(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first; whole words, if of letters."""
    parts = []
    for word in sorted(words, key=len, reverse=True):
        is_spaced = word[0] < "\u2e80"  # Chinese, Japanese and Korean words have no spaces
        before = r"(?<![^\W\d_])" if word[0].isalpha() and is_spaced else ""
        after = r"(?![^\W\d_])" if word[-1].isalpha() and is_spaced else ""
        parts.append(before + re.escape(word).replace(r"\ ", r"\s+") + after)
    return "|".join(parts)


_SPACED = {re.sub(r"^([a-z]+)([$£¥])$", r"\1 \2", sign): code for sign, code in SIGNS.items()}
_NAMES = SIGNS | _SPACED | {code.lower(): code for code in CODES} | dict.fromkeys(AMBIGUOUS, "")
CURRENCY = re.compile(alternatives({*_NAMES, *USUALLY}), re.IGNORECASE)


def currency_of(names: Iterable[str]) -> str:
    """The code that the names (matches of CURRENCY) mean; "" if they leave it open.

    Raises ValueError when they mean several.
    """
    known = [" ".join(name.lower().split()) for name in names]
    said = {_NAMES[name] for name in known if _NAMES.get(name)}
    if len(said) > 1:
        raise ValueError("it names several currencies")
    usually = {USUALLY[name] for name in known if name in USUALLY}
    if said or len(usually) != 1:
        return next(iter(said), "")
    return usually.pop()
