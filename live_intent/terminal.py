"""What is printed of visitors' texts can't steer the operator's terminal."""

import io
import re
import sys

# Control characters, marks that turn the direction of text, line separators, half characters. A
# `\r` that begins what is written (a progress bar), or stands before `\n`, stays.
_STEERING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff]|(?<!^)\r(?!\n)"
)


def plain(text: str) -> str:
    """The text with these characters as `\\uXXXX`, which in JSON means the same."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PlainOutput(io.TextIOWrapper):
    """A stream that escapes all that is written to it as text."""

    def write(self, text: str, /) -> int:
        super().write(plain(text))
        return len(text)


def make_output_plain() -> None:
    """Let stdout and stderr escape, whatever prints to them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, PlainOutput):
            stream.flush()
            output = PlainOutput(
                stream.buffer,
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, output)
