"""Features of titles: how well each matches the query, and what it shares with the events.

BM25 adds up terms; it does not tell whether all of them match, whether a size is another one, or
whether only the end of a word differs. Each title is hashed once and cached; the features of a list
are then a few array operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.titles.hashed_text import (
    LETTERS3,
    LETTERS4,
    NUMBERS,
    PAIRS,
    WORDS,
    Floats,
    hashed_text,
)
from query_service.ranking.titles.title_table import TitleTable


@dataclass(frozen=True)
class TitleMatch:
    """How each title matches the query, float32 [n] each; zeros without a query.

    Shares are of the query's, or of the title's (`of_title`).
    """

    cover: Floats  # share of the query's words that the title has
    cover_rare: Floats  # the same, weighted by rarity
    missing_rare: Floats  # total rarity of the words that it lacks
    letters3: Floats  # share of the query's letter trigrams
    letters4: Floats
    of_title3: Floats  # share of the title's letter trigrams that the query has
    of_title4: Floats
    numbers: Floats  # share of the query's numbers
    numbers_missing: Floats
    pairs: Floats  # share of the query's word bigrams
    last_word: Floats  # whether the title has the query's last word
    first_place: Floats  # position of the first of the query's words in the title, 0 to 1
    of_title: Floats  # words of the query over words of the title
    length: Floats  # words of the title, in twenties


@dataclass(frozen=True)
class TitleOverlap:
    """What each title shares with the events' titles, beside the query; float32 [n] each."""

    shared_max: Floats  # with the positive event that it shares most with
    shared_last: Floats  # with the last event, negative when that counts against
    shared: Floats  # weighted sum over the events
    shared_part: Floats  # `shared_max` over the rarity of all words of the title


def title_match(titles: TitleTable, query_text: str) -> TitleMatch:
    """How each title matches the query."""
    query = hashed_text(query_text)
    if not len(query.words):
        zeros = np.zeros(len(titles.texts), dtype=np.float32)
        return TitleMatch(*[zeros] * len(fields(TitleMatch)))
    query_words = query.distinct_words
    has, rarity = titles.having(query_words)  # [n, m], [m]
    missing = (1 - has) @ rarity
    overlap, lengths = titles.overlap(query), np.maximum(titles.lengths, 1)
    letters3, letters4, numbers = overlap[:, LETTERS3], overlap[:, LETTERS4], overlap[:, NUMBERS]
    return TitleMatch(
        cover=has.mean(axis=1),
        cover_rare=1 - missing / max(float(rarity.sum()), 1e-6),
        missing_rare=missing,
        letters3=_float32(letters3 / max(query.distinct_sizes[LETTERS3], 1)),
        letters4=_float32(letters4 / max(query.distinct_sizes[LETTERS4], 1)),
        of_title3=_float32(letters3 / lengths[:, LETTERS3]),
        of_title4=_float32(letters4 / lengths[:, LETTERS4]),
        numbers=_float32(numbers / max(query.sizes[NUMBERS], 1)),
        numbers_missing=np.float32(query.distinct_sizes[NUMBERS]) - numbers,
        pairs=_float32(overlap[:, PAIRS] / max(query.sizes[PAIRS], 1)),
        last_word=has[:, query_words == query.words[-1]][:, 0],
        first_place=titles.in_order.first_positions(query_words),
        of_title=_float32(has.sum(axis=1) / lengths[:, WORDS]),
        length=_float32(lengths[:, WORDS] / 20),
    )


def shared_rarity(titles: TitleTable, event_titles: Sequence[str], query_text: str) -> Floats:
    """Rarity of the words that each title has in common with each event's, float32 [n, E].

    The query's own words do not count: they say nothing of the visitor's taste.
    """
    return titles.shared_with(event_titles, query_text)


def title_overlap(titles: TitleTable, shared: Floats, weights: Floats) -> TitleOverlap:
    """From `shared_rarity` [n, E] and the events' weights [E]."""
    if not shared.shape[1]:
        return TitleOverlap(*[np.zeros(len(shared), dtype=np.float32)] * 4)
    most = shared[:, weights > 0].max(axis=1, initial=0)
    return TitleOverlap(
        shared_max=most,
        shared_last=shared[:, -1] * np.sign(weights[-1]),
        shared=_float32(shared @ weights * np.sqrt(shared.shape[1])),
        shared_part=most / (titles.whole_rarity + 1),
    )


def _float32(values: NDArray[np.number]) -> Floats:
    return values.astype(np.float32)
