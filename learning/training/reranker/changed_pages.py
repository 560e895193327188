"""The queries whose first page a re-ranker changes most, with both pages, for a person to look at.

Metrics count what visitors did; whether a page answers its query, somebody has to see.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from learning.evaluation.measures.rank_overlap import rank_biased_overlap
from learning.training.reranker.ranking_lists import Floats, RankingList
from query_service.ranking.scores import ranked_rows

PAGE = 10  # items
SHOWN = 5  # queries
WIDTH = 44  # characters of a title


@dataclass(frozen=True)
class ChangedPage:
    """A query's first page, as titles, by the fixed order and as served; `overlap` in 0 to 1."""

    query_text: str
    kind: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    overlap: float

    @property
    def lines(self) -> list[str]:
        """Both pages side by side; `+`: an item that the first one lacks."""
        lines = [f"  “{self.query_text}” ({self.kind}), overlap {self.overlap:.2f}"]
        for rank, (before, after) in enumerate(zip(self.before, self.after, strict=True), 1):
            new = " " if after in self.before else "+"
            lines.append(f"  {rank:>2} {_cut(before):<{WIDTH}} {new} {_cut(after)}".rstrip())
        return lines


def changed_pages(
    lists: Sequence[RankingList], scores: Sequence[Floats], most: int = SHOWN, *, least: int = 1
) -> list[ChangedPage]:
    """The `most` changed pages of searches, each query once; the most changed first.

    Left out are the texts of fewer than `least` visitors; a judged query is nobody's.

    Searches without a history where some of them change: a person can judge theirs without knowing
    the visitor. Else those with one.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for each in lists:
        owners[each.query_text].add(each.owner)
    pairs = [
        (each, served)
        for each, served in zip(lists, scores, strict=True)
        if each.query_text
        and each.titles
        and each.kind == "search"
        and (len(owners[each.query_text]) >= least or each.owner == each.query_text)
    ]
    for history in (False, True):
        pages: dict[str, ChangedPage] = {}
        for each, served in pairs:
            if each.segment.history == history:
                pages.setdefault(each.query_text, _page(each, served))
        changed = [page for page in pages.values() if page.overlap < 1]
        if changed:
            return sorted(changed, key=lambda page: (page.overlap, page.query_text))[:most]
    return []


def lines_of(
    lists: Sequence[RankingList], scores: Sequence[Floats], *, least: int = 1
) -> list[str]:
    """What `learn reranker` prints of the most changed pages."""
    pages = changed_pages(lists, scores, least=least)
    if not pages and changed_pages(lists, scores, most=1):
        return [
            f"the first pages that change most are of queries of fewer than {least} visitors "
            "(LIVE_INTENT_SUGGEST_MIN_SESSIONS), which are not shown"
        ]
    if not pages:
        return ["no first page of a validation query changes"]
    head = "first pages that change most: the fixed order, and what is served. Look at them:"
    return [head, *(line for page in pages for line in page.lines)]


def _page(each: RankingList, served: Floats) -> ChangedPage:
    rows = tuple(str(row) for row in range(len(each)))  # ties as they come
    before, after = (
        [int(row) for row in ranked_rows(scores, rows)[:PAGE]] for scores in (each.fixed, served)
    )
    overlap = rank_biased_overlap([rows[row] for row in before], [rows[row] for row in after])
    titles_before, titles_after = (
        tuple(each.titles[row] for row in page) for page in (before, after)
    )
    return ChangedPage(each.query_text, each.segment.query, titles_before, titles_after, overlap)


def _cut(title: str) -> str:
    return title if len(title) <= WIDTH else title[: WIDTH - 1].rstrip() + "…"
