"""The hits of one page: re-ranked candidates, then the other matches in the engine's order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.schema import GROUP_ID
from query_service.context import RequestContext
from query_service.cursor import Cursor, request_digest
from query_service.preparation import Prepared
from query_service.ranking.explanation import explain, explain_below, explain_sorted
from query_service.ranking.scores import Scores, below_candidates
from query_service.retrieval.matches import Match
from query_service.retrieval.source_fields import SourceFields
from query_service.schemas.answers import Hit, HitHighlight, OtherVariants
from query_service.schemas.search import MAX_DEPTH, RankRequest

Below = Callable[[int, int], Sequence[Match]]  # (skip, size) to the matches below the candidates


@dataclass(frozen=True)
class Ranked:
    """Scores of the candidates, and the candidates' rows in ranked order."""

    scores: Scores
    rows: NDArray[np.intp]

    @classmethod
    def nothing(cls) -> "Ranked":
        """No candidate is ranked: all matches are sorted by a field."""
        none = np.zeros(0, np.float32)
        return cls(Scores(none, {}, none, none, none), np.zeros(0, np.intp))


@dataclass(frozen=True)
class Page:
    """The part [`first`, `last`) of all hits: candidates' rows, then matches below them."""

    prepared: Prepared
    ranked: Ranked
    first: int
    last: int
    rows: tuple[int, ...]
    below: tuple[Match, ...]
    source_fields: SourceFields

    @classmethod
    def of(
        cls, context: RequestContext, prepared: Prepared, ranked: Ranked, below: Below
    ) -> "Page":
        """The page that the request wants; `below` is called for a page that needs it."""
        first, count = context.offset, len(ranked.rows)
        size = count if context.request.size is None else context.request.size
        last = min(first + size, MAX_DEPTH)
        matches: Sequence[Match] = ()
        if last > max(first, count) and not isinstance(context.request, RankRequest):
            matches = below(max(first - count, 0), last - max(first, count))
        rows = tuple(ranked.rows[first:last])
        fields = context.source_fields
        return cls(prepared, ranked, first, last, rows, tuple(matches), fields)

    @property
    def ids(self) -> list[str]:
        """Ids of the page's items, in order."""
        ids = self.prepared.retrieved.candidates.ids
        return [ids[row] for row in self.rows] + [match.item_id for match in self.below]

    @property
    def groups(self) -> list[str]:
        """The group of each of the page's items; "" where the hits are not collapsed."""
        groups = self.prepared.retrieved.candidates.groups
        return [groups[row] for row in self.rows] + [match.group for match in self.below]

    def hits(
        self,
        sources: Mapping[str, dict[str, Any]],
        highlights: Mapping[str, HitHighlight],
        variants: Mapping[str, int],
        *,
        explained: bool,
    ) -> list[Hit]:
        """The hits; an item without a source was deleted since the engine's last refresh.

        `variants`: how many items of each group match.
        """
        shown = self.source_fields.shown
        hits = []
        for number, (item_id, group) in enumerate(zip(self.ids, self.groups, strict=True)):
            if item_id in sources:
                fields = self._candidate(number, explained) or self._below(number, explained)
                others = max(variants.get(group, 1) - 1, 0)
                if group in variants and (others or GROUP_ID in sources[item_id]):
                    fields["variants"] = OtherVariants(group_id=group, others=others)
                position = self.first + number + 1
                source = shown(sources[item_id])
                fields |= {"source": source, "highlight": highlights.get(item_id)}
                hits.append(Hit(item_id=item_id, position=position, **fields))
        return hits

    def next_cursor(self, context: RequestContext) -> str | None:
        """The cursor of the page after this one; None after the last hit."""
        request, retrieved = context.request, self.prepared.retrieved
        ended = retrieved.total_relation == "eq" and self.last >= retrieved.total
        if isinstance(request, RankRequest) or ended or self.last >= MAX_DEPTH or not self.ids:
            return None
        visitor = self.prepared.intent.visitor
        return Cursor(
            request_digest(request), context.view.index, context.as_of,
            len(visitor.events), len(visitor.queries), self.last, context.rules.version.number,
        ).encode()  # fmt: skip

    def _candidate(self, number: int, explained: bool) -> dict[str, Any]:
        """Fields of a re-ranked hit; empty for one below."""
        if number >= len(self.rows):
            return {}
        row, scores, intent = self.rows[number], self.ranked.scores, self.prepared.intent
        candidates = self.prepared.retrieved.candidates
        item_id = candidates.ids[row]
        pinned = self.prepared.rules.why_pinned(item_id)
        return {
            "score": float(scores.total[row]),
            "by_meaning": bool(intent.query_text)
            and not candidates.has_words[row]
            and item_id not in self.prepared.retrieved.pinned_only,
            "explanation": explain(row, candidates, scores, intent, pinned=pinned)
            if explained
            else None,
        }

    def _below(self, number: int, explained: bool) -> dict[str, Any]:
        match, rows = self.below[number - len(self.rows)], self.ranked.rows
        if order := self.prepared.plan.order:
            why = explain_sorted(order.why(match.sort_values)) if explained else None
            by_meaning = match.item_id in self.prepared.by_meaning
            return {"score": 0.0, "by_meaning": by_meaning, "reranked": False, "explanation": why}
        lowest = float(self.ranked.scores.total[rows].min()) if len(rows) else 0.0
        score = below_candidates(lowest, match.score)
        why = explain_below(score, match.score, self.prepared.intent) if explained else None
        return {"score": score, "reranked": False, "explanation": why}
