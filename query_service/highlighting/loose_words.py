"""Words of a text that a query's words begin, or are misspelt in: what no analyzer marks."""

import re

from indexer.catalogue.words.spelling import spelled
from indexer.catalogue.words.terms import terms
from query_service.highlighting.marks import Span

_WORD = re.compile(r"[^\W_]+")
ONE_WRONG, TWO_WRONG = 5, 8  # letters from which on a word may have one wrong, and two


def begun_by(text: str, prefix: str) -> list[Span]:
    """The spans of the words that begin with `prefix`, without case and accents."""
    beginning = spelled(prefix).lower()
    return [
        word.span()
        for word in _WORD.finditer(text)
        if beginning and spelled(word.group()).lower().startswith(beginning)
    ]


def misspelt(text: str, query_text: str) -> list[Span]:
    """The spans of the words that are nearly a word of the query; the first letter is right."""
    wanted = [term for term in terms(query_text) if len(term) >= ONE_WRONG]
    spans = []
    for word in _WORD.finditer(text) if wanted else ():
        spelling = spelled(word.group()).lower()
        if any(term[0] == spelling[:1] and _is_near(spelling, term) for term in wanted):
            spans.append(word.span())
    return spans


def _is_near(word: str, term: str) -> bool:
    allowed = 2 if len(term) >= TWO_WRONG else 1
    return abs(len(word) - len(term)) <= allowed and distance(word, term) <= allowed


def distance(one: str, other: str) -> int:
    """Letters to insert, leave out, replace or swap with the next, to make one of the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
