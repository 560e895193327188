"""A text and the spans of it that are marked."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")  # without the punctuation around it
Span = tuple[int, int]  # [start, end) of a text


@dataclass(frozen=True)
class MarkedText:
    """A plain text with spans; they may overlap."""

    text: str
    spans: tuple[Span, ...] = ()

    @classmethod
    def parse(cls, marked: str, pre: str, post: str) -> "MarkedText":
        """From a text in which the engine put `pre` and `post`, which no text contains."""
        text, spans = "", []
        for index, part in enumerate(marked.split(pre)):
            word, found, rest = part.partition(post)
            if index and found:
                spans.append((len(text), len(text) + len(word)))
            text += word + rest
        return cls(text, tuple(spans))

    def with_spans(self, spans: Iterable[Span]) -> "MarkedText":
        """The text with these spans too."""
        return MarkedText(self.text, (*self.spans, *spans))

    def stripped(self) -> "MarkedText":
        """The text without spaces around it."""
        text = self.text.strip()
        cut = len(self.text) - len(self.text.lstrip())
        return MarkedText(text, tuple((s - cut, min(e - cut, len(text))) for s, e in self.spans))

    def words(self) -> list[Span]:
        """What is marked, in order: no span overlaps or touches another, none has a space in it."""
        merged: list[Span] = []
        for start, end in sorted(self.spans):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        words: list[Span] = []
        for start, end in merged:
            if re.search(r"\s", self.text[start:end]):
                words += [word.span() for word in _WORD.finditer(self.text, start, end)]
            elif start < end:
                words.append((start, end))
        return words

    def rendered(self, pre: str, post: str) -> str:
        """The text HTML-escaped, with marks around the spans' words."""
        parts, end = [], 0
        for start, stop in self.words():
            parts += [html.escape(self.text[end:start]), pre]
            parts += [html.escape(self.text[start:stop]), post]
            end = stop
        return "".join([*parts, html.escape(self.text[end:])])
