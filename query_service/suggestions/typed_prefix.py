"""What a visitor has typed so far: how well a text completes it, and where its letters are."""

import html
import re
from dataclasses import dataclass

from indexer.catalogue.words.spelling import spelled
from indexer.catalogue.words.terms import CJK_LETTER
from indexer.suggestions.suggestion import typed_words

SHORTEST_MISSPELT = 3  # letters of a word that may have one wrong
TWO_MISTAKES = 7  # letters of a word that may have two wrong
# How well a text completes what is typed.
FROM_THE_START, INSIDE, MISSPELT, PER_MISTAKE = 1.0, 0.8, 0.5, 0.1
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Completion:
    """How well a text completes a prefix, 0 to 1, and whether only with misspellings."""

    quality: float
    corrected: bool = False


@dataclass(frozen=True)
class TypedPrefix:
    """A prefix and its `words`, in lower case and spelled as titles are."""

    text: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "TypedPrefix":
        """From what was typed."""
        return cls(text, tuple(typed_words(text)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing that could be completed is typed."""
        return not self.words

    @property
    def may_be_misspelt(self) -> bool:
        """Whether a word is long enough to be corrected; runs of CJK letters never are."""
        return any(_mistakes(word) for word in self.words)

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands between spaces, of which the last may be unfinished."""
        return tuple(part for part in self.text.split() if typed_words(part))

    @property
    def head(self) -> str:
        """What stands before the last part, in lower case; "" where it is the only one."""
        return " ".join(self.parts[:-1]).lower()

    @property
    def tail(self) -> "TypedPrefix":
        """The last part alone."""
        return TypedPrefix.of(self.parts[-1])

    def completion(self, text: str, *, misspelt: bool = True) -> Completion | None:
        """How well a text completes it, where `misspelt` with corrections; None: not at all."""
        if self.is_empty:
            return Completion(FROM_THE_START)
        words = typed_words(text)
        typed, whole = "".join(self.words), "".join(words)
        if whole.startswith(typed):
            return Completion(FROM_THE_START)
        if any(map(whole.startswith, self.words)) and self._inside(words, whole):
            return Completion((FROM_THE_START + INSIDE) / 2)
        if self._inside(words, whole):
            return Completion(INSIDE)
        if not misspelt:
            return None
        mistakes = 0
        for word in self.words:
            fewest = min((_prefix_distance(word, other) for other in words), default=len(word))
            if fewest > _mistakes(word):
                return None
            mistakes += fewest
        return Completion(max(MISSPELT - PER_MISTAKE * mistakes, 0.0), corrected=True)

    def highlighted(self, text: str) -> str:
        """The text as HTML, with <em> around the letters that were typed."""
        result, end = "", 0
        for start, stop in self._spans(text):
            result += html.escape(text[end:start]) + f"<em>{html.escape(text[start:stop])}</em>"
            end = stop
        return result + html.escape(text[end:])

    def _inside(self, words: list[str], whole: str) -> bool:
        return all(
            word in whole if CJK_LETTER.search(word) else any(w.startswith(word) for w in words)
            for word in self.words
        )

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where the typed words begin words of the text, or stand in a run of CJK letters."""
        spans: list[tuple[int, int]] = []
        for match in _WORD.finditer(text):
            begin, end = match.span()
            if CJK_LETTER.search(match.group()):
                spans += _inside_run(match.group(), begin, self.words)
                continue
            length = max((_typed_length(match.group(), word) for word in self.words), default=0)
            if length:
                spans.append((begin, min(begin + length, end)))
        return spans


def _inside_run(run: str, begin: int, words: tuple[str, ...]) -> list[tuple[int, int]]:
    for word in sorted(words, key=len, reverse=True):
        if (at := run.lower().find(word)) >= 0:
            return [(begin + at, begin + at + len(word))]
    return []


def _typed_length(word: str, typed: str) -> int:
    """Letters of a word, as it is written, that spell what is typed; 0: it does not begin so.

    A word that the spelling cuts (WD40) is compared without the cut.
    """
    plain = "".join(typed_words(word))
    if not plain.startswith(typed):
        return 0
    return next(
        length
        for length in range(1, len(word) + 1)
        if len("".join(spelled(word[:length]).split())) >= len(typed)
    )


def _mistakes(word: str) -> int:
    """How many letters of a word may be wrong; as the engine's AUTO:3,7."""
    if CJK_LETTER.search(word) or word.isdigit() or len(word) < SHORTEST_MISSPELT:
        return 0
    return 1 if len(word) < TWO_MISTAKES else 2


def _prefix_distance(typed: str, word: str) -> int:
    """The fewest mistakes (also swapped letters) from what is typed to a beginning of a word."""
    before, row = [0] * (len(word) + 1), list(range(len(word) + 1))
    for i, letter in enumerate(typed, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(word, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            swapped = i > 1 and j > 1 and letter == word[j - 2] and typed[i - 2] == other
            row.append(min(cost, earlier[j - 2] + 1) if swapped else cost)
    return min(row)
