"""A catalogue's encoding and line breaks, and its bytes as UTF-8."""

import codecs
import io
import re
from dataclasses import dataclass
from typing import IO, Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD = 256  # bytes; the names of columns, or the first braces and quotes, are mostly ASCII
_CHUNK = 1 << 16  # bytes
_XML = re.compile(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_SEQUENCE = re.compile(  # of UTF-8, for one character that is not ASCII
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_IN_RUNS = 0.3  # of the bytes above 127; in Western texts such letters stand alone or in twos
_INVALID = "\udcff"  # becomes the byte 0xff, so that the row is known not to be UTF-8


@dataclass(frozen=True)
class Encoding:
    """The name of a codec, and whether a carriage return alone ends a line.

    `guessed`: nothing says the name; the bytes are no UTF-8 and look like this one.
    """

    name: str = "utf-8"
    cr_ends_lines: bool = False
    guessed: bool = False

    @property
    def is_utf8(self) -> bool:
        """Whether the bytes can be read as they are."""
        return self.name == "utf-8" and not self.cr_ends_lines

    @property
    def shown(self) -> str:
        """The name in messages: UTF-8."""
        if self.guessed:
            return "windows-1252"
        return self.name.upper().removesuffix("-SIG")

    def decode(self, sample: bytes) -> str:
        """A sample as text, without its mark; what does not fit becomes U+FFFD."""
        return codecs.getincrementaldecoder(self.name)("replace").decode(sample)

    @classmethod
    def of(cls, sample: bytes, name: str = "") -> "Encoding":
        """By the mark at the start, UTF-16 by its zero bytes, the word of XML, else UTF-8.

        Windows-1252, of which Latin-1 is a part, where the bytes are no UTF-8 and look like it.
        `name` is the encoding that the user says. Raises LookupError when there is none so named.
        """
        encoding = codecs.lookup(name).name if name else _recognised(sample)
        guessed = not name and encoding == "utf-8" and _looks_western(sample)
        encoding = "cp1252" if guessed else encoding
        text = cls(encoding).decode(sample)
        cr_ends_lines = "\n" not in text and "\r" in text.rstrip("\r")
        return cls(encoding, cr_ends_lines, guessed)


def _recognised(sample: bytes) -> str:
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    head = sample[:_HEAD]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 5 > len(head):  # of ASCII in UTF-16 every second byte is zero
        return "utf-16-be" if even > odd else "utf-16-le"
    said = _XML.match(sample)
    if said is not None and not said[1].lower().startswith((b"utf-16", b"utf-32", b"ucs")):
        return codecs.lookup(said[1].decode()).name
    return "utf-8"


def _looks_western(sample: bytes) -> bool:
    """Whether bytes are no UTF-8, but windows-1252: defined there, without runs of such letters.

    0xff is no letter of a text: it is what damage and other encodings look like.
    """
    if sample.isascii() or b"\xff" in sample:
        return False
    sequences = _SEQUENCE.findall(sample)
    high = len(sample.translate(None, bytes(range(128))))
    if high - sum(map(len, sequences)) <= len(sequences):
        return False  # UTF-8 with some bad rows
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return sum(map(len, _RUN.findall(sample))) <= _IN_RUNS * high


class Utf8Bytes(io.RawIOBase):
    """Another encoding's bytes as UTF-8, and every line break as a line feed."""

    def __init__(self, file: IO[bytes], encoding: Encoding) -> None:
        decoder = codecs.getincrementaldecoder(encoding.name)("live-intent-invalid")
        self._file = file
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=encoding.cr_ends_lines)
        self._waiting = b""
        self._ended = False

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer with UTF-8; returns the number of bytes, 0 at the end."""
        while not self._waiting and not self._ended:
            chunk = self._file.read(_CHUNK)
            self._ended = not chunk
            text = self._decoder.decode(chunk, final=self._ended)
            self._waiting = text.encode("utf-8", "surrogateescape")
        count = min(len(buffer), len(self._waiting))
        buffer[:count] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        return count

    def close(self) -> None:
        """Closes the file below, too."""
        self._file.close()
        super().close()


def _mark_invalid(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return _INVALID, error.end
    raise error


codecs.register_error("live-intent-invalid", _mark_invalid)
