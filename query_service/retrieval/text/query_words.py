"""What the engine is asked of a query: a long one is cut, and its last word may be unfinished."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.bundle.term_map import TermMap
from indexer.catalogue.words.terms import CJK, terms

MAX_TERMS = 32  # of one query: the engine refuses more than 1,024 clauses, several per term
SHORTEST_PREFIX = 3  # letters
# A run of CJK characters (cut into bigrams), a character of its own, a word. What the engine cuts
# by a dictionary has no spaces: about a word in every 4 characters.
_ASTRAL = "\U00010000-\U0010ffff"
_PIECE = re.compile(rf"[{CJK}]+|[{_ASTRAL}]|[^\W{CJK}{_ASTRAL}]+|[^\x00-\x7f\s\w]")
_IS_CJK = re.compile(rf"[{CJK}]")
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
LETTERS_A_TERM = 4
MAX_WORD = 64  # characters of a word that has spaces around it


@dataclass(frozen=True)
class QueryWords:
    """`text`: what the engine is asked; `left_out`: terms of the query that it lacks.

    `prefix`: the last word, where it is no word of the catalogue: it may be the beginning of one.
    """

    text: str
    left_out: int = 0
    prefix: str = ""

    @classmethod
    def of(cls, query_text: str, vocabulary: TermMap) -> "QueryWords":
        """From a query and the terms of the catalogue, with how rare they are.

        Of a query with more than MAX_TERMS terms the most informative are kept, in their order:
        half of them known terms, the rarest, and half terms that the vocabulary lacks (a model
        number of one item alone, or a misspelt word), the first; either may have the other's half.
        """
        pieces = list(_pieces(query_text))
        if sum(piece.cost for piece in pieces) <= MAX_TERMS:
            return cls(query_text, prefix=_prefix(query_text, vocabulary))
        kept = _most_informative(pieces, vocabulary)
        text = _joined(query_text, kept)
        return cls(text, left_out=len({piece.term for piece in pieces}) - len(kept))


def unknown_words(query_text: str, vocabulary: TermMap) -> str:
    """The words of a query of which the catalogue has no term; they may be misspelt."""
    words = query_text.split()
    return " ".join(w for w in words if not any(t in vocabulary.columns for t in terms(w)))


@dataclass(frozen=True)
class _Piece:
    """A term at [start, end) of the query. `cost`: terms that the engine makes of it."""

    term: str
    start: int
    end: int
    cost: int


def _pieces(text: str) -> Iterator[_Piece]:
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if _IS_CJK.match(match.group()):
            for first in range(start, max(end - 1, start + 1)):
                last = min(first + 2, end)
                yield _Piece(text[first:last], first, last, 1)
        elif _WITHOUT_SPACES.search(match.group()):
            for first in range(start, end, LETTERS_A_TERM):
                last = min(first + LETTERS_A_TERM, end)
                yield _Piece(text[first:last], first, last, 1)
        else:
            word = text[start : min(end, start + MAX_WORD)]
            yield _Piece(word, start, start + len(word), max(len(terms(word)), 1))


def _most_informative(pieces: list[_Piece], vocabulary: TermMap) -> list[_Piece]:
    first = {piece.term.lower(): piece for piece in reversed(pieces)}  # of each term
    distinct = sorted(first.values(), key=lambda piece: piece.start)
    rarity = {piece: _rarity(piece.term, vocabulary) for piece in distinct}
    known = sorted((p for p in distinct if rarity[p] > 0), key=lambda piece: -rarity[piece])
    unknown = [piece for piece in distinct if rarity[piece] == 0]
    kept: list[_Piece] = []
    cost = 0
    for some, most in ((known, MAX_TERMS // 2), (unknown, MAX_TERMS), (known, MAX_TERMS)):
        for piece in some:
            if piece not in kept and cost + piece.cost <= most:
                kept.append(piece)
                cost += piece.cost
    return sorted(kept, key=lambda piece: piece.start)


def _rarity(term: str, vocabulary: TermMap) -> float:
    """The largest idf of a piece's terms; 0 when the vocabulary has none of them."""
    columns = [vocabulary.columns[t] for t in terms(term) if t in vocabulary.columns]
    return max((float(vocabulary.idf[column]) for column in columns), default=0.0)


def _joined(text: str, pieces: list[_Piece]) -> str:
    """The pieces as they stand in the text; a space where something between them is left out."""
    result, end = "", 0
    for piece in pieces:
        between = text[end : piece.start]
        if result and piece.start > end:
            result += between if len(between) == 1 else " "
        result += text[max(piece.start, end) : piece.end]
        end = max(end, piece.end)
    return result


def _prefix(query_text: str, vocabulary: TermMap) -> str:
    """The last word, if it is long enough, and no word of the vocabulary; else ""."""
    word = (query_text.split() or [""])[-1]
    [*_, term] = terms(word) or [""]
    begun = word.isalpha() and len(word) >= SHORTEST_PREFIX and not _IS_CJK.search(word)
    return word if begun and vocabulary.vocabulary and term not in vocabulary.columns else ""
