"""A query in the one spelling in which rules compare: words, joined words, and patterns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from indexer.catalogue.words.spelling import canonical, spelled
from indexer.catalogue.words.terms import CJK

# Scripts without spaces between words: each character is a word. Emoji too.
_ALONE = rf"[{CJK}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\U0001f000-\U0001faff]"
_WORD = re.compile(rf"{_ALONE}|\d+(?:\.\d+)*|[^\W\d_]+")
_INSIDE = re.compile(r"(?<=[^\W\d_])['.](?=[^\W\d_])")  # men's is mens
MAX_MEMORY = 1 << 20  # of a pattern, bytes
MAX_PROGRAM = 5000  # instructions of a pattern


@dataclass(frozen=True)
class SpelledQuery:
    """A query, or a phrase of a rule."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words in lower case, without accents, letters apart from digits: `WD-40` is wd, 40."""
        return tuple(_WORD.findall(_INSIDE.sub("", spelled(self.text).lower())))

    @cached_property
    def joined(self) -> str:
        """All words as one, so that t-shirt, `t shirt` and tshirt are equal."""
        return "".join(self.words)

    @cached_property
    def _edges(self) -> dict[int, int]:
        """The number of each word that begins at an offset of `joined`, and the end's."""
        edges, offset = {}, 0
        for number, word in enumerate(self.words):
            edges[offset] = number
            offset += len(word)
        return edges | {offset: len(self.words)}

    def find(self, phrase: "SpelledQuery") -> tuple[int, int] | None:
        """The words [first, last) that are the phrase, however it is joined; None without."""
        start = self.joined.find(phrase.joined) if phrase.joined else -1
        while start >= 0:
            end = start + len(phrase.joined)
            if start in self._edges and end in self._edges:
                return self._edges[start], self._edges[end]
            start = self.joined.find(phrase.joined, start + 1)
        return None

    def replaced(self, phrases: Sequence["SpelledQuery"], replacement: str) -> str:
        """The query with the first phrase that it has replaced; all of it, if it has none."""
        for phrase in phrases:
            if span := self.find(phrase):
                return " ".join([*self.words[: span[0]], replacement, *self.words[span[1] :]])
        return replacement

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """What a pattern is tried on: as typed, without accents, in words."""
        typed = " ".join(canonical(self.text).split())
        return tuple(dict.fromkeys((typed, spelled(typed), " ".join(self.words))))

    def matches(self, pattern: Any) -> bool:
        """Whether a pattern of `compiled_pattern` is found in one of the forms."""
        return any(pattern.search(form) is not None for form in self.forms)


def compiled_pattern(pattern: str) -> Any:
    """The pattern for RE2, in any letter case. Raises ValueError, which says what is wrong."""
    import re2

    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(
            f"{pattern!r} is no regular expression of RE2 ({reason}); RE2 has no look-around and "
            "no back-references"
        ) from None
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError(f"{pattern!r} is too large: repeat less in it")
    return compiled
