"""The kind of a query: one definition for serving, training and evaluation.

- precise: two or more different words, and the title of a candidate has them all;
- broad: another query that some candidate matches by words: one word, which many titles have, or
  several that no title has together;
- meaning: no candidate matches by words, all come by meaning;
- none: no query.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.titles.hashed_text import hashed_text
from query_service.ranking.titles.title_table import TitleTable

QueryKind = Literal["precise", "broad", "meaning", "none"]
QUERY_KINDS: tuple[QueryKind, ...] = get_args(QueryKind)


def complete_titles(query_text: str, titles: Sequence[str]) -> NDArray[np.bool_]:
    """Which of n titles have all the query's words, bool [n]; none without a word.

    Words are those of the title features: `terms`, without the ending of a plural or a verb form.
    """
    return TitleTable(titles).complete(query_text)


def query_kind(query_text: str, complete: NDArray[np.bool_], *, matched: bool) -> QueryKind:
    """The kind of a query by its candidates.

    `complete` bool [n]: `complete_titles` of them; `matched`: whether one of them matches by words.
    """
    if not query_text.strip():
        return "none"
    if complete.any() and len(hashed_text(query_text).distinct_words) > 1:
        return "precise"
    return "broad" if matched or complete.any() else "meaning"


def query_kind_of(inputs: RerankInput, complete: NDArray[np.bool_]) -> QueryKind:
    """The kind of the query behind these candidates; `complete` [n] are their complete titles."""
    matched = bool(inputs.candidates.has_words.any())
    return query_kind(inputs.query_text, complete, matched=matched)
