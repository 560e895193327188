"""The items of an RSS or Atom feed, read in pieces, each parsed alone: a fault costs one item.

No entity is ever expanded and nothing is fetched: names of entities other than XML's own five are
texts, as HTML's are in a catalogue.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from indexer.catalogue.files.rows import CatalogueError, Row
from indexer.catalogue.rejects import Reject

MAX_ITEM = 4 << 20  # bytes of one item
MAX_DEPTH = 20  # of elements in an item
_CHUNK = 1 << 20  # bytes
_LONGEST_TAG = 128  # bytes by which a mark may lie across two chunks
_MARK = re.compile(
    rb"<!--|<!\[CDATA\[|<(?:[\w.-]+:)?(?P<open>item|entry)(?=[\s/>])"
    rb"|</(?:[\w.-]+:)?(?P<close>item|entry)\s*>|</(?:[\w.-]+:)?(?P<root>rss|feed|RDF)\s*>"
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
_ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>]")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_LOOSE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no characters of XML
_PREFIX = re.compile(rb"xmlns:([\w.-]+)\s*=\s*[\"']https?://base\.google\.com/ns/", re.IGNORECASE)


def is_feed(head: bytes) -> bool:
    """Whether the beginning of an XML file is that of a feed."""
    root = re.search(rb"<(?:[\w.-]+:)?(\w+)[\s>]", _COMMENT.sub(b"", head))
    return root is not None and root[1] in (b"rss", b"feed", b"RDF")


def xml_rows(file: IO[bytes], name: str) -> Iterator[Row | Reject]:
    """Every item in order, with its line; a Reject for a bad one.

    A row's columns are the names of elements without their prefix; a name that comes several times
    has a list. Raises CatalogueError: no feed, entities are declared, or the file breaks off.
    """
    feed = _Feed(file, name)
    for each in feed.pieces():
        if isinstance(each, Reject):
            yield each
            continue
        line, raw = each
        try:
            columns = _parsed(raw, feed.prefixes)
        except UnicodeDecodeError:
            yield Reject.of_bytes(line, "not UTF-8", raw)
        except (expat.ExpatError, ValueError) as error:
            yield Reject.of_bytes(line, f"not well-formed XML: {error}", raw)
        else:
            yield Row(line, columns, raw)


@dataclass
class _Feed:
    """The state of reading one feed: what was read and not yet used, from `line` on."""

    file: IO[bytes]
    name: str
    buffer: bytes = b""
    line: int = 1
    ended: bool = False  # nothing more in the file
    closed: bool = False  # the root element was closed
    prefixes: frozenset[str] = frozenset(("", "g"))

    def pieces(self) -> Iterator[tuple[int, bytes] | Reject]:
        """The line and the bytes of each item."""
        self._read_head()
        at = 0  # where to look for the next mark
        start: int | None = None  # of the item that is open
        while True:
            mark = _MARK.search(self.buffer, at)
            certain = len(self.buffer) if self.ended else len(self.buffer) - _LONGEST_TAG
            if mark is None or mark.end() > certain:
                if self.ended and mark is None:
                    break
                if start is not None and len(self.buffer) - start > MAX_ITEM:
                    yield self._reject(start, at, f"an item of more than {MAX_ITEM >> 20} MiB")
                    start = None
                resume = mark.start() if mark else max(at, certain)
                keep = resume if start is None else start
                self._drop(keep)
                start = None if start is None else 0
                at = resume - keep
                self._read()
                continue
            if (end := _ENDS.get(mark[0])) is not None:
                at = self._end_of(mark, end)
            elif not mark["close"]:
                if start is not None:
                    yield self._reject(start, mark.start(), "its element is never closed")
                self.closed = self.closed or mark["root"] is not None
                start, at = mark.start() if mark["open"] else None, mark.end()
            else:
                at = mark.end()
                if start is not None:
                    yield self._line_of(start), self.buffer[start:at]
                    self._drop(at)
                    start, at = None, 0
        if not self.closed:
            raise CatalogueError(
                f"{self.name} breaks off before its end (the root element is not closed): fetch "
                "the feed again"
            )

    def _read_head(self) -> None:
        """Reads the first bytes, and checks what stands before the first item."""
        self._read()
        visible = _COMMENT.sub(lambda comment: b" " * len(comment[0]), self.buffer)
        first = _ITEM.search(visible)
        head = visible[: first.start() if first else len(visible)]
        if b"<!ENTITY" in head:
            raise CatalogueError(
                f"{self.name} declares entities, which are not read for safety: write the feed "
                "without <!ENTITY ...>"
            )
        if not is_feed(head):
            raise CatalogueError(
                f"{self.name} is no RSS or Atom feed of Google Merchant: export it as one, or as "
                "CSV, TSV or JSON lines"
            )
        self.prefixes |= {prefix.decode("ascii", "replace") for prefix in _PREFIX.findall(head)}

    def _end_of(self, mark: re.Match[bytes], end: bytes) -> int:
        """The end of a comment or a CDATA section; of a section that is never closed, of its mark.

        Raises CatalogueError for a comment that is never closed.
        """
        found = self.buffer.find(end, mark.end())
        while found < 0 and not self.ended and len(self.buffer) - mark.end() < MAX_ITEM:
            looked = max(mark.end(), len(self.buffer) - len(end))
            self._read()
            found = self.buffer.find(end, looked)
        if found < 0 and end == b"-->":
            line = self._line_of(mark.start())
            raise CatalogueError(f"{self.name}: the comment on line {line} is never closed")
        swallows = end == b"]]>" and _ITEM.search(self.buffer, mark.end(), max(found, 0))
        return mark.end() if found < 0 or swallows else found + len(end)

    def _read(self) -> None:
        chunk = self.file.read(_CHUNK)
        self.ended = not chunk
        self.buffer += chunk

    def _drop(self, end: int) -> None:
        self.line += self.buffer.count(b"\n", 0, end)
        self.buffer = self.buffer[end:]

    def _line_of(self, at: int) -> int:
        return self.line + self.buffer.count(b"\n", 0, at)

    def _reject(self, start: int, end: int, reason: str) -> Reject:
        raw = self.buffer[start:end][:40_000]
        return Reject.of_bytes(self._line_of(start), f"not well-formed XML: {reason}", raw)


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)
    children: list[tuple[str, Any]] = field(default_factory=list)

    def value(self) -> Any:
        """The text; with children an object of theirs; of an empty one its address."""
        if self.children:
            return _joined([(name.rpartition(":")[2], value) for name, value in self.children])
        return "".join(self.texts).strip() or self.attributes.get("href", "")


def _parsed(raw: bytes, prefixes: frozenset[str]) -> dict[str, Any]:
    """The columns of one item. Raises ExpatError, UnicodeDecodeError, ValueError."""
    parts = _CDATA.split(_CONTROL.sub("", raw.decode()))
    parts[::2] = [_LOOSE.sub("&amp;", part) for part in parts[::2]]
    stack = [_Element("", {})]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise ValueError(f"elements are more than {MAX_DEPTH} deep")
        stack.append(_Element(name, attributes))

    def end(_: str) -> None:
        element = stack.pop()
        value = element if len(stack) == 1 else element.value()
        stack[-1].children.append((element.name, value))

    def characters(text: str) -> None:
        stack[-1].texts.append(text)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.Parse("".join(parts), True)
    item: _Element = stack[0].children[0][1]
    named = [(name.rpartition(":"), value) for name, value in item.children]
    own = [(local, value) for (prefix, _, local), value in named if not prefix]
    google = [(local, v) for (prefix, _, local), v in named if prefix and prefix in prefixes]
    return _joined(own) | _joined(google)


def _joined(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of the pairs; a name that comes several times has a list."""
    joined: dict[str, Any] = {}
    for name, value in pairs:
        if name not in joined:
            joined[name] = value
        else:
            before = joined[name]
            joined[name] = [*(before if isinstance(before, list) else [before]), value]
    return joined
