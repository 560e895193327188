"""What visitors of the sample shop type: a broad word for a kind of item, or a precise phrase."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from live_intent.sample.catalogue import SampleRow

_CHINESE_QUERIES = {
    "Smartphones": "手机", "Cases": "手机壳", "Chargers and cables": "充电器",
    "In-ear headphones": "耳机",
}  # fmt: skip
_LEAST_TITLES = 4  # that a phrase stands in: a visitor knows a kind of item, not one title
_PHRASE_WORDS = (2, 3)
_NO_ENDS = frozenset({"and", "for", "with", "from", "the", "set", "pack"})  # of a phrase


class SampleQueries:
    """The queries for each item of the sample catalogue, from the titles of all."""

    def __init__(self, rows: Sequence[SampleRow]) -> None:
        self._categories: dict[str, list[str]] = defaultdict(list)  # by title word, one per title
        self._phrases: Counter[str] = Counter()  # titles, by phrase
        for row in rows:
            for word in title_words(str(row["title"])):
                self._categories[word].append(str(row["category"]))
            self._phrases.update(_phrases(row))

    def broad(self, row: SampleRow) -> str:
        """A title word that names a kind of item: in eight titles or more, of few categories."""
        kind = str(row["category"]).split(" > ")[-1]
        if row["language"] == "zh":
            return _CHINESE_QUERIES[kind]
        brand_words = title_words(str(row["brand"]))
        words = [
            word
            for word in title_words(str(row["title"]))
            if word not in brand_words
            and len(self._categories[word]) >= 8
            and len(set(self._categories[word])) <= 3
        ]
        # The most frequent word is the broadest query: the visitor's taste has to decide.
        return min(
            words, key=lambda word: (-len(self._categories[word]), word), default=kind.lower()
        )

    def precise(self, row: SampleRow) -> tuple[str, ...]:
        """Phrases of the title, two or three words that other titles have too, in a fixed order."""
        return tuple(p for p in _phrases(row) if self._phrases[p] >= _LEAST_TITLES)


def title_words(text: str) -> list[str]:
    """The distinct words of a title: three or more Latin letters, in lower case."""
    return list(dict.fromkeys(re.findall(r"[a-z]{3,}", text.lower())))


def _phrases(row: Mapping[str, object]) -> list[str]:
    """Adjacent words of the title's first part, without the brand: `office chair`."""
    if row["language"] == "zh":
        return []
    head = re.split(r"[,(:]", str(row["title"]).lower())[0]
    words = re.findall(r"[a-z][\w'-]*", head.removeprefix(str(row["brand"]).lower()))
    phrases = [
        words[start : start + length]
        for length in _PHRASE_WORDS
        for start in range(len(words) - length + 1)
    ]
    return list(
        dict.fromkeys(
            " ".join(phrase)
            for phrase in phrases
            if not _NO_ENDS & {phrase[0], phrase[-1]} and all(len(word) > 2 for word in phrase)
        )
    )
