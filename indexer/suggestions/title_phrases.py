"""The frequent phrases of a catalogue's titles: completions where there is no log yet."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from indexer.catalogue.words.spelling import lowered
from indexer.catalogue.words.terms import CJK, CJK_LETTER
from indexer.suggestions.suggestion import suggestion_key

LONGEST = 3  # words of a phrase
CJK_LENGTHS = range(2, 7)  # letters of a phrase without spaces
SHORTEST_WORD = 3  # letters of a phrase of one word: two are mostly a unit
MAX_PHRASES = 10_000
HASHES = 1 << 24  # phrases of 100,000 titles: some 5 million, if they are long
# A word that is mostly part of one phrase says nothing of its own: `stainless` of
# `stainless steel`.
# Two words may be a phrase without the third: `rain jacket` of `rain jacket model`; not so
# `audio vega` of `halden audio vega`, nor `bottle 750` of `bottle 750 ml`.
PART_OF_LONGER = 0.8
_SEGMENT = re.compile(r"[,;|()\[\]{}\\!?·•–—。，、（）【】]+|(?<!\d)/|/(?!\d)|\s-\s|:\s|\.\s")
_TOKEN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:['’.&/-][^\W_{CJK}]+)*")
Phrase = tuple[str, ...]


class TitlePhrases:
    """Counts the phrases of titles: words next to each other, and letters of CJK runs.

    Most phrases are of one title only. So each title is first counted in one byte for all phrases
    with the same hash, and then again with those phrases alone that are frequent by that.
    """

    def __init__(self) -> None:
        self._titles: list[str] = []
        self._at_most = bytearray(HASHES)  # titles with a phrase of the hash; the most: 255
        self._counts: Counter[Phrase] = Counter()
        self._spellings: dict[Phrase, Counter[str]] = defaultdict(Counter)
        self._ends: Counter[Phrase] = Counter()  # titles in which its noun may end it
        self._counted = 0  # of the titles

    @property
    def titles(self) -> int:
        """How many were added."""
        return len(self._titles)

    def add(self, title: str) -> None:
        """Count each phrase of a title once."""
        text, at_most = lowered(title), self._at_most
        self._titles.append(text)
        for key in {hash(key) % HASHES for key, _, _ in _phrases(text)}:
            if at_most[key] < 255:
                at_most[key] += 1

    def _count(self, fewest: int) -> None:
        """Count the phrases that can be in so many titles, unless that is done."""
        if self._counted == len(self._titles):
            return
        for counter in (self._counts, self._spellings, self._ends):
            counter.clear()
        for title in self._titles:
            each = {
                key: (text, ends)
                for key, text, ends in _phrases(title)
                if self._at_most[hash(key) % HASHES] >= fewest
            }
            self._counts.update(each.keys())
            for key, (text, ends) in each.items():
                if len(key) <= LONGEST:
                    self._spellings[key][text] += 1
                    self._ends[key] += ends
        self._counted = len(self._titles)

    def words(self) -> list[str]:
        """The frequent single words, most frequent first: some may be stop words."""
        return [
            key[0] for key, _ in self._frequent() if len(key) == 1 and not CJK_LETTER.match(key[0])
        ]

    def frequent(self, stop_words: Iterable[str] = ()) -> list[tuple[str, int]]:
        """Phrases as most titles spell them, and in how many titles; most frequent first.

        None begins or ends with one of `stop_words`; no word alone is mostly part of one phrase.
        """
        stops = frozenset(stop_words)
        frequent = self._frequent()
        longer: Counter[Phrase] = Counter()  # of each word, its most frequent phrase of two
        before: dict[Phrase, tuple[int, Phrase]] = {}  # with the most frequent word before it
        none: tuple[int, Phrase] = (0, ())
        after: Counter[Phrase] = Counter()  # ... after it, numbers left out
        for key, count in frequent:
            for part in _single_parts(key):
                longer[part] = max(longer[part], count)
            before[key[1:]] = max(before.get(key[1:], none), (count, key))
            if not _is_number(key[-1]):
                after[key[:-1]] = max(after[key[:-1]], count)
        whole: set[Phrase] = set()
        for key, count in sorted(frequent, key=lambda pair: -len(pair[0])):
            most = PART_OF_LONGER * count
            extended, by = before.get(key, none)
            ends = 2 * self._ends[key] >= count
            if len(key) == LONGEST:
                begun = extended >= (count if ends else most)
            else:
                begun = len(key) > 1 and not ends and extended >= most and by in whole
            goes_on = (len(key) == LONGEST or _is_number(key[-1])) and after[key] >= most
            is_part = len(key) > LONGEST or longer[key] >= most or begun or goes_on
            if not is_part and _stands_alone(key, stops):
                whole.add(key)
        kept = [
            (max(self._spellings[key].items(), key=lambda pair: (pair[1], pair[0]))[0], count)
            for key, count in frequent
            if key in whole
        ]
        return kept[:MAX_PHRASES]

    def _frequent(self) -> list[tuple[Phrase, int]]:
        fewest = 2 if self.titles < 1000 else 3 if self.titles < 20_000 else 5
        self._count(fewest)
        pairs = [(key, count) for key, count in self._counts.items() if count >= fewest]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _phrases(title: str) -> Iterator[tuple[Phrase, str, bool]]:
    """Each phrase of a title, as its key, as it is spelled, and whether no word follows it there.

    They have one word more than those that are suggested, to know what these are cut from.
    """
    for segment in _SEGMENT.split(title):
        words: list[str] = []
        for match in _TOKEN.finditer(segment):
            word = match.group()
            if not CJK_LETTER.match(word):
                words.append(word)
                continue
            for length in CJK_LENGTHS:
                for start in range(len(word) - length + 1):
                    text = word[start : start + length]
                    yield (text,), text, False
        keys = [suggestion_key(word) for word in words]
        ends = {len(words), *(i for i, key in enumerate(keys) if _is_number(key))}
        for length in range(1, LONGEST + 2):
            for start in range(len(words) - length + 1):
                end = start + length
                yield tuple(keys[start:end]), " ".join(words[start:end]), end in ends


def _is_number(word: str) -> bool:
    return word[:1].isdigit()


def _single_parts(key: Phrase) -> Iterator[Phrase]:
    """Of two words, each; of a run of CJK letters, those that are one letter shorter."""
    if len(key) == 2:
        yield from (key[1:], key[:1])
    elif len(key) == 1 and CJK_LETTER.match(key[0]):
        yield from ((key[0][1:],), (key[0][:-1],))


def _stands_alone(key: Sequence[str], stops: frozenset[str]) -> bool:
    """Whether people may search for it: no number or single letter first, no stop word outside."""
    first, last = key[0], key[-1]
    if first in stops or last in stops or _is_number(first):
        return False
    if len(key) == 1 and not CJK_LETTER.match(first):
        return len(first) >= SHORTEST_WORD
    return all(len(word) > 1 or word.isdigit() for word in (first, last)) or len(key) == 1
