"""Whether an item can be had, in the words of shops, feeds and stock counts."""

import re
import unicodedata
from typing import Any

from indexer.catalogue.values.availability_words import WORDS
from indexer.catalogue.values.numbers import plain
from indexer.catalogue.values.text import ValueProblem, is_no_value, shown

_SCHEMA = re.compile(r"^(?:https?://)?(?:www\.)?schema(?:\.org)?[/:#]", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:only|nur|noch|nur noch|>=?|over|more than|mehr als|\+|"
    r"(?:stock|in stock|qty|quantity|inventory|bestand|lagerbestand|auf lager)\s*[:=]?)?\s*"
    r"(-?\d{1,9}(?:[.,]\d{1,9})?)\s*\+?\s*"
    r"(?:left|in stock|left in stock|available|pcs\.?|pieces?|units?|items?|stk\.?|stück|"
    r"auf lager|verfügbar|en stock|op voorraad|disponibles?|"
    r"unidades|pz|szt\.?|ks|шт\.?|件|個|개|点)?"
)


def _key(text: str) -> str:
    """A word without case, accents, spaces and punctuation: `InStock`, `in_stock`: instock."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        each for each in decomposed if each.isalpha() or unicodedata.category(each) == "So"
    )


def _meanings() -> dict[str, bool]:
    meanings: dict[str, bool] = {}
    for yes, no in WORDS.values():
        for words, meaning in ((yes, True), (no, False)):
            for word in words.split(", "):
                if meanings.setdefault(_key(word), meaning) is not meaning:
                    raise ValueError(f"{word} is both available and not")
    return meanings


_MEANINGS = _meanings()


def read_availability(value: Any, name: str = "available") -> bool | None:
    """Whether a visitor can have or order the item; None: no value.

    A number is a stock count: available above 0. Raises ValueProblem for words that WORDS lacks.
    """
    if isinstance(value, bool):
        return value
    if is_no_value(value):
        return None
    if isinstance(value, int | float):
        return value > 0
    if isinstance(value, str):
        text = _SCHEMA.sub("", plain(value)).strip(" .!")
        count = _COUNT.fullmatch(text.lower())
        if count is not None:
            return float(count[1].replace(",", ".")) > 0
        meaning = _MEANINGS.get(_key(text))
        if meaning is not None:
            return meaning
    raise ValueProblem(f"{name} {shown(value)} is neither yes nor no, nor a stock count")
