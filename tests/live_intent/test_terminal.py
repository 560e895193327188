"""No text that is stored steers the terminal on which it is printed."""

import json
import subprocess
import sys

import pytest

from live_intent.terminal import plain

HOSTILE = "tv \x1b]0;\x9b2J \u202egpj\u2066 \x00\r\x7f\u2028\ud800"
PRINT = """
import json, sys, click
from live_intent.terminal import make_output_plain
make_output_plain()
text = json.loads(sys.argv[1])
click.echo(text)
click.echo(json.dumps(text.replace(chr(0xd800), ""), ensure_ascii=False))
print(text, file=sys.stderr)
raise ValueError(text)
"""


def test_what_is_printed_is_escaped_on_both_streams() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT, json.dumps(HOSTILE)], capture_output=True, check=False
    )
    escaped = r"tv \u001b]0;\u009b2J \u202egpj\u2066 \u0000\u000d\u007f\u2028\ud800"
    text, as_json = done.stdout.decode().splitlines()
    assert text == escaped
    assert json.loads(as_json) == HOSTILE.replace("\ud800", "")
    lines = done.stderr.decode().splitlines()
    assert lines[0] == escaped
    assert lines[-1].startswith(r"ValueError: tv \u001b]0;")


@pytest.mark.parametrize("text", ["one\ttwo\n", "a\r\nb", "\r 50 %", "Crème 中文 שלום 😀"])
def test_what_steers_nothing_stays(text: str) -> None:
    assert plain(text) == text
