"""Words that count as others: the lines of a file of synonyms, and the texts of a query by them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, product
from pathlib import Path

from indexer.catalogue.words.spelling import canonical
from indexer.catalogue.words.terms import terms
from plugin_config.errors import LiveIntentError
from query_service.retrieval.text.query_words import MAX_TERMS
from query_service.rules.spelled_query import SpelledQuery

MAX_LINES = 10_000
MAX_TEXTS = 30  # of a line
MAX_WORDS, MAX_LETTERS = 10, 200  # of a text
_COMMA, _ARROW = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)=>")
_ESCAPED = re.compile(r"\\(.)")


class SynonymsRefused(LiveIntentError):
    """The file of synonyms can't be read, or has wrong lines: nothing was changed."""

    exit_code = 2


@dataclass(frozen=True)
class SynonymLine:
    """A query with one of `sources` is searched with each of `targets` in its place too."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> "SynonymLine":
        """Of `a, b, c`, each for each, or `a, b => c`. Raises ValueError: what is wrong."""
        sides = _ARROW.split(text)
        if len(sides) > 2:
            raise ValueError("has more than one `=>`: write a line for each")
        sources, targets = _texts(sides[0]), _texts(sides[-1])
        if len(sides) == 1 and len(sources) < 2:
            raise ValueError("has one text: write `a, b` (each for the other) or `a => b`")
        return cls(sources, targets)


@dataclass(frozen=True)
class Synonyms:
    """The synonyms in force, ready to be asked; `lines` as they were written."""

    lines: tuple[str, ...] = ()
    _targets: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by joined words

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Synonyms":
        """Of checked lines. Raises ValueError."""
        targets: dict[str, dict[str, None]] = {}
        for line in map(SynonymLine.parsed, lines):
            for source in line.sources:
                joined = SpelledQuery(source).joined
                others = (t for t in line.targets if SpelledQuery(t).joined != joined)
                targets.setdefault(joined, {}).update(dict.fromkeys(others))
        return cls(tuple(lines), {source: tuple(texts) for source, texts in targets.items()})

    @classmethod
    def read(cls, path: Path) -> "Synonyms":
        """Of a file; `#` begins a comment. Raises SynonymsRefused, which lists every wrong line."""
        try:
            rows = path.read_text("utf-8-sig").splitlines()
        except OSError as error:
            raise SynonymsRefused(f"{path} can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SynonymsRefused(f"{path} is not in UTF-8: {error}") from error
        lines, problems = [], []
        for number, row in enumerate(rows, 1):
            line = canonical(row).strip()
            if not line or line.startswith("#"):
                continue
            try:
                SynonymLine.parsed(line)
            except ValueError as error:
                problems.append(f"{path}:{number}: error: {line[:60]!r} {error}")
            lines.append(line)
        if len(lines) > MAX_LINES:
            problems.append(f"{path} has {len(lines)} lines of synonyms, at most {MAX_LINES}")
        if not lines:
            problems.append(f"{path} has no synonyms; live-intent synonyms clear removes all")
        if problems:
            raise SynonymsRefused("\n".join(problems))
        return cls.of(lines)

    def texts(self, query_text: str, taken: Sequence[str] = ()) -> tuple[str, ...]:
        """Texts that count as the query, those with the fewest words replaced first.

        As many as the engine takes beside the query and the texts that are `taken`. Of phrases
        that overlap the longest counts, from the first word on.
        """
        if not (self._targets and query_text):
            return ()
        query = SpelledQuery(query_text)
        left = MAX_TERMS - sum(len(terms(text)) for text in (query_text, *taken))
        kept: list[str] = []
        for text in islice(self._replaced(query, [*self._phrases(query)]), MAX_TERMS):
            left -= len(terms(text))
            if left < 0:
                break
            if text not in kept and text not in taken:
                kept.append(text)
        return tuple(kept)

    def _phrases(self, query: SpelledQuery) -> Iterator[tuple[int, int]]:
        """The words [first, last) of the query that have synonyms."""
        first, words = 0, query.words
        while first < len(words):
            ends = range(min(first + MAX_WORDS, len(words)), first, -1)
            end = next((e for e in ends if "".join(words[first:e]) in self._targets), 0)
            if end:
                yield first, end
            first = end or first + 1

    def _replaced(self, query: SpelledQuery, phrases: list[tuple[int, int]]) -> Iterator[str]:
        for count in range(1, len(phrases) + 1):
            for some in combinations(phrases, count):
                of_each = [self._targets["".join(query.words[i:j])] for i, j in some]
                for targets in product(*of_each):
                    yield _with(query.words, some, targets)


NO_SYNONYMS = Synonyms()


def _with(words: Sequence[str], phrases: Sequence[tuple[int, int]], targets: Sequence[str]) -> str:
    parts: list[str] = []
    end = 0
    for (first, last), target in zip(phrases, targets, strict=True):
        parts += [*words[end:first], target]
        end = last
    return " ".join([*parts, *words[end:]])


def _texts(side: str) -> tuple[str, ...]:
    texts = [" ".join(_ESCAPED.sub(r"\1", text).split()) for text in _COMMA.split(side)]
    if not all(texts):
        raise ValueError("has an empty text: remove the comma, or write words on both sides of =>")
    if len(texts) > MAX_TEXTS:
        raise ValueError(f"has {len(texts)} texts on one side, at most {MAX_TEXTS}")
    for text in texts:
        count = len(SpelledQuery(text).words)
        if not count:
            raise ValueError(f"has the text {text!r}, which has no letter and no digit")
        if count > MAX_WORDS or len(text) > MAX_LETTERS:
            raise ValueError(
                f"has a text of {count} words, {len(text)} characters: at most {MAX_WORDS} words "
                f"and {MAX_LETTERS} characters"
            )
    return tuple(texts)
