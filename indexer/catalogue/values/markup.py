"""The text of a value that may be HTML."""

import html
import re
from html.parser import HTMLParser
from typing import Any

from indexer.catalogue.values.text import clean, read_text, short

# What begins a tag, an end tag or a comment: a sign that a text is markup. `a < b` is none.
_TAG = re.compile(
    r"<(?:/?[a-zA-Z][^<>]*>|[a-zA-Z]+\s[^<>]*=[^<>]*\Z|!--|!\[|!DOCTYPE|\?)", re.IGNORECASE
)
_CUT_OFF = re.compile(r"<[a-zA-Z]+\s[^<>]*=[^<>]*\Z")  # a tag at the end of a cut text
_SECTION = re.compile(r"<!\[[^>]*>?")  # `<![if !IE]>` of office programs; html.parser fails on some
_UNREAD = frozenset(("script", "style", "template", "noscript", "iframe", "svg"))
_INLINE_TAGS = """
    a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike
    strong sub sup tt u var wbr
"""
_INLINE = frozenset(_INLINE_TAGS.split())


class _Text(HTMLParser):
    """Collects the text outside of scripts, styles and comments."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread.append(tag)
        elif tag not in _INLINE:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]
        elif tag not in _INLINE:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)


def is_markup(text: str) -> bool:
    """Whether a text has tags or comments."""
    return "<" in text and _TAG.search(text) is not None


def read_description(value: Any) -> str:
    """A description: HTML as it is, any other text as `read_text` reads it."""
    if isinstance(value, str) and is_markup(value):
        return short(clean(value), "description")
    return read_text(value, "description")


def plain_text(text: str) -> str:
    """The text of HTML: no tags, styles, scripts, comments and entities, single spaces.

    A text without tags only loses its entities. Tags that were escaped (`&lt;p&gt;`) are tags too.
    """
    if "&" in text and not is_markup(text):
        text = html.unescape(text)
    if is_markup(text):
        parser = _Text()
        parser.feed(_CUT_OFF.sub("", _SECTION.sub(" ", text)))
        parser.close()
        text = "".join(parser.parts)
    return " ".join(clean(text).split())
