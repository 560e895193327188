"""The words that a catalogue's compounds are made of: `Ledersofa` of `Leder` and `Sofa`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

SHORTEST_PART, SHORTEST_COMPOUND = 4, 8  # letters
LONGEST_COMPOUND = 40
MAX_PARTS = 10_000  # in an index's settings
_WORD = re.compile(r"[^\W\d_]+")
LINKS = ("", "s", "es", "n", "en", "er", "e")  # between two parts: Arbeit-s-zimmer
ENDINGS = ("", "e", "n", "s", "en", "er", "es")  # of the last part, or cut from another: Schul-heft
# A query may write them in any of these ways.
_SPELLINGS = (
    str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}),
    str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"}),
)


class CompoundWords:
    """The words of a catalogue's texts, and those that others are made of."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = Counter(
            word for text in texts for word in _WORD.findall(text.lower())
            if len(word) >= SHORTEST_PART
        )  # fmt: skip

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of all compounds that consist of words of their own, in every spelling.

        Sorted; at most MAX_PARTS, the most frequent.
        """
        uses: Counter[str] = Counter()
        for word, count in self._counts.items():
            if SHORTEST_COMPOUND <= len(word) <= LONGEST_COMPOUND:
                for part in self._split(word):
                    uses[part] += count
        frequent = [part for part, _ in uses.most_common(MAX_PARTS)]
        spellings = {part.translate(table) for part in frequent for table in _SPELLINGS}
        return tuple(sorted(spellings.union(frequent)))

    def _split(self, word: str) -> tuple[str, ...]:
        """The fewest parts that a word consists of, whole words first; none: it is no compound."""

        def cost(parts: tuple[str, ...]) -> tuple[int, int]:
            return len(parts), sum(part not in self._counts for part in parts)

        return min(self._splits(word), key=cost, default=())

    def _splits(self, word: str) -> Iterator[tuple[str, ...]]:
        for length in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            head = word[:length]
            if not self._is_head(head):
                continue
            for link in LINKS:
                rest = word[length + len(link) :]
                if len(rest) < SHORTEST_PART or not word.startswith(link, length):
                    continue
                if (tail := self._tail(rest)) is not None:
                    yield head, tail
                elif more := self._split(rest):
                    yield head, *more

    def _is_head(self, word: str) -> bool:
        return any(word + ending in self._counts for ending in ("", "e", "en"))

    def _tail(self, word: str) -> str | None:
        """The word of the catalogue that the last part is, without its ending; None if none."""
        for ending in ENDINGS:
            base = word.removesuffix(ending) if word.endswith(ending) else ""
            if len(base) >= SHORTEST_PART and base in self._counts:
                return base
        return word if any(word + ending in self._counts for ending in ENDINGS) else None
