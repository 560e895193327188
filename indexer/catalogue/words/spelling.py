"""One spelling of a text for Python's terms, as the engine's analyzers spell titles and queries."""

import re
import unicodedata
from functools import cache, lru_cache

from plugin_config.analysis.spelling_rules import CHARACTERS, INVISIBLE, MARKS, RULES

CACHED_LENGTH = 100  # letters of the texts, mostly queries, whose spelling is kept
_INVISIBLE, _MARKS = re.compile(INVISIBLE), re.compile(MARKS)
# What a text must have for a rule to match: most texts have little of it, and the test costs less.
_NEEDED = {
    "halves": "1/2", "quarters": "1/4", "three_quarters": "3/4", "zeros": "0", "only_zeros": "0",
    "spaced_thousands": "000", "dotted_thousands": ".", "swiss_thousands": "'",
    "middle_points": "\u00b7", "leading_points": ".", "inches_1/2": "5", "inches_1/4": "25",
    "inches_3/4": "75", "inches_1/8": "125", "inches_3/8": "375", "inches_5/8": "625",
    "inches_7/8": "875", "no_inches": "0-", "plus_signs": "+", "sharps": "#",
    "thai_am": "\u0e4d", "long_vowels": "\u30fc", "lao_am": "\u0ecd",
}  # fmt: skip
_RULES = [
    (_NEEDED.get(name, ""), re.compile(pattern), text.replace("$", "\\"))
    for name, (pattern, text) in RULES.items()
]
_HALF_WIDTH = re.compile("[\uff66-\uff9f]+")  # kana
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:,\d+)+(?!\d)")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_DECIMAL = re.compile(r"\d+,\d{1,3}")
_JOINT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_LATIN = ((0x00C0, 0x024F), (0x1E00, 0x1EFF))  # blocks of accented letters
_OTHERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ł": "l", "Ł": "L", "þ": "th", "Þ": "TH", "ı": "i",
}  # fmt: skip


def canonical(text: str) -> str:
    """The text composed (NFC): the form in which texts are stored, and queries are asked."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def lowered(text: str) -> str:
    """The text in lower case; the Turkish İ becomes i, without a dot of its own."""
    return text.lower().replace("i\u0307", "i")


def spelled(text: str) -> str:
    """The text without accents and invisible characters, of half width, letters apart from digits.

    `Café WD40 1,5l` becomes `Cafe WD 40 1.5 l`. Letter case stays.
    """
    return _spelled_query(text) if len(text) <= CACHED_LENGTH else _spelled(text)


def _spelled(text: str) -> str:
    if not text.isascii():
        text = _HALF_WIDTH.sub(_full_width, _INVISIBLE.sub("", text))
        text = canonical(text).translate(_folded())
        text = _MARKS.sub("", text)
    text = text.replace("_", " ").replace("`", "'")
    for needed, pattern, replacement in _RULES:
        if needed in text:
            text = pattern.sub(replacement, text)
    if not any(map(str.isdigit, text)):
        return text
    return _JOINT.sub(" ", _NUMBER.sub(_number, text))


# One request spells its query, and those of the history, a dozen times.
_spelled_query = lru_cache(maxsize=10_000)(_spelled)


def _full_width(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match.group())


def _number(match: re.Match[str]) -> str:
    number = match.group()
    if _THOUSANDS.fullmatch(number):
        return number.replace(",", "")
    return number.replace(",", ".") if _DECIMAL.fullmatch(number) else number


@cache
def _folded() -> dict[int, str]:
    """Letters to what they become: without accent, of half width."""
    table = CHARACTERS | _OTHERS
    for first, last in _LATIN:
        for letter in map(chr, range(first, last + 1)):
            base = _MARKS.sub("", unicodedata.normalize("NFD", letter))
            if base != letter:
                table[letter] = base
    return {ord(letter): replacement for letter, replacement in table.items()}
