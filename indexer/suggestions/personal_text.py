"""Queries that may tell of a person: they are never suggested to others."""

import re
import unicodedata

_ADDRESS = re.compile(r"\S@|@\S|\S\s*\(at\)\s*\S", re.IGNORECASE)
# Of telephones, cards, accounts and orders; a part number with letters in it is none.
_LONG_NUMBER = re.compile(r"(?:\d[\s().+/\-\u2010-\u2015]{0,2}){7}")


def is_personal(text: str) -> bool:
    """Whether a text looks like an e-mail address, or holds a number of seven digits or more.

    Digits count together across single separators: `0170 123-4567`.
    """
    plain = unicodedata.normalize("NFKC", text)
    return bool(_ADDRESS.search(plain) or _LONG_NUMBER.search(plain))
