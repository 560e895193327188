"""The hits of one page: re-ranked candidates, then the other matches in the engine's order."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_config.schema import GROUP_ID
from query_service.context import RequestContext
from query_service.cursor import Cursor, FrozenList, OffsetBelow, request_digest
from query_service.preparation.matches_below import Below
from query_service.preparation.preparation import Prepared
from query_service.ranking.explanation import (
    explain,
    explain_below,
    explain_kept,
    explain_sorted,
)
from query_service.ranking.kept_shares import kept_shares
from query_service.ranking.scores import Scores, below_candidates
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.source_fields import SourceFields
from query_service.schemas.search.answers import Explanation, Hit, HitHighlight, OtherVariants
from query_service.schemas.search.requests import MAX_DEPTH, RankRequest

ReadBelow = Callable[[RequestContext, RetrievalPlan, FrozenList, OffsetBelow, int], Below]


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


def frozen_list(context: RequestContext, prepared: Prepared, ranked: Ranked) -> FrozenList:
    """What all pages share: that of the cursor, or of this first page."""
    if context.cursor:
        return context.cursor.frozen
    candidates, retrieved = prepared.retrieved.candidates, prepared.retrieved
    keys, rows = candidates.keys(prepared.plan.collapse), ranked.rows.tolist()
    by_meaning = prepared.by_meaning - set(retrieved.pinned_only)
    return FrozenList.model_construct(
        ids=tuple(candidates.ids[row] for row in rows),
        keys=tuple(keys[row] for row in rows),
        scores=tuple(ranked.scores.total[ranked.rows].tolist()),
        by_meaning=by_meaning,
        acted_on=tuple(prepared.plan.exclude),
        total=retrieved.total,
        relation=retrieved.total_relation,
        total_by_meaning=retrieved.by_meaning,
        personalized=prepared.intent.user_vector is not None,
        degraded=dict(context.progress.left_out),
    )


@dataclass(frozen=True)
class Page:
    """The part [`first`, `last`) of all hits: frozen candidates, then matches below them."""

    prepared: Prepared
    ranked: Ranked
    frozen: FrozenList
    first: int
    last: int
    below: Below
    more: bool  # whether hits may follow
    source_fields: SourceFields
    others: tuple[tuple[Prepared, Ranked], ...] = ()  # further lists that hits come from

    @classmethod
    def of(
        cls,
        context: RequestContext,
        prepared: Prepared,
        ranked: Ranked,
        read_below: ReadBelow,
        frozen: FrozenList | None = None,
    ) -> "Page":
        """The page that the request wants; `read_below` is called for a page that needs it.

        `frozen`: the list of all candidates; None: as they are ranked.
        """
        frozen = frozen or frozen_list(context, prepared, ranked)
        cursor, first, count = context.cursor, context.offset, len(frozen.ids)
        size = count if context.request.size is None else context.request.size
        last = first + size if cursor else min(first + size, MAX_DEPTH)
        wanted, below = last - max(first, count), Below()
        more = frozen.relation == "gte" or last < frozen.total
        if wanted > 0 and size and not isinstance(context.request, RankRequest):
            start = cursor.below if cursor else OffsetBelow(skip=max(first - count, 0))
            below = read_below(context, prepared.plan, frozen, start, wanted + bool(cursor))
            if cursor:  # other items may match than when the total was counted
                more = len(below.matches) > wanted
                below = replace(below, matches=below.matches[:wanted])
        fields = context.source_fields
        return cls(
            prepared=prepared,
            ranked=ranked,
            frozen=frozen,
            first=first,
            last=last,
            below=below,
            more=more,
            source_fields=fields,
        )

    @property
    def candidate_ids(self) -> tuple[str, ...]:
        """Ids of the page's candidates, in order."""
        return self.frozen.ids[self.first : self.last]

    @property
    def ids(self) -> list[str]:
        """Ids of the page's items, in order."""
        return [*self.candidate_ids, *(match.item_id for match in self.below.matches)]

    @property
    def teams(self) -> dict[str, str]:
        """Whose pick each of the page's items is, by id; {}: the list is not interleaved."""
        return dict(
            zip(self.candidate_ids, self.frozen.teams[self.first : self.last], strict=False)
        )

    @property
    def groups(self) -> list[str]:
        """The group of each of the page's items; "" where the hits are not collapsed."""
        candidates = self.frozen.keys[self.first : self.last]
        if not self.prepared.plan.collapse:
            candidates = ("",) * len(candidates)
        return [*candidates, *(match.group for match in self.below.matches)]

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
        request, cursor = context.request, context.cursor
        if isinstance(request, RankRequest) or not self.more or not self.ids:
            return None
        offset, found = self.below.offset, self.below.matches
        if found and not cursor and offset.skip == 0:  # the next page reads the index as it is then
            offset = OffsetBelow(shown=tuple(match.group or match.item_id for match in found))
        elif found:
            update = {"skip": offset.skip + len(found), "after": found[-1].sort_values}
            offset = offset.model_copy(update=update)
        elif cursor:
            offset = cursor.below
        else:
            offset = OffsetBelow()
        return Cursor.model_construct(
            request=request_digest(request), as_of=context.as_of, issued=time.time(),
            offset=self.last, rules=context.rules.version.number, frozen=self.frozen, below=offset,
            experiment=context.assignment.experiment_id if context.assignment.counted else "",
            variant=context.assignment.variant,
        ).encode()  # fmt: skip

    @cached_property
    def _lists(self) -> list[tuple[Prepared, Ranked, dict[str, int]]]:
        """What hits come from, with the rows of the candidates as they were ranked now, by id."""
        lists = []
        for prepared, ranked in ((self.prepared, self.ranked), *self.others):
            ids = prepared.retrieved.candidates.ids
            lists.append((prepared, ranked, {ids[row]: row for row in ranked.rows.tolist()}))
        return lists

    def _candidate(self, number: int, explained: bool) -> dict[str, Any]:
        """Fields of a re-ranked hit; empty for one below."""
        if number >= len(self.candidate_ids):
            return {}
        item_id = self.candidate_ids[number]
        score = float(self.frozen.scores[self.first + number])
        return {
            "score": score,
            "by_meaning": item_id in self.frozen.by_meaning,
            "explanation": self._explanation(item_id, score) if explained else None,
        }

    def kept_shares(self, count: int) -> dict[str, dict[str, Any]]:
        """What is kept of the scores of the page's first re-ranked hits, by item id."""
        kept: dict[str, dict[str, Any]] = {}
        wanted = {
            item_id: float(self.frozen.scores[self.first + number])
            for number, item_id in enumerate(self.candidate_ids[:count])
        }
        for prepared, ranked, rows in self._lists:
            scores = ranked.scores
            found = {
                item_id: rows[item_id]
                for item_id, score in wanted.items()
                if item_id not in kept and item_id in rows and scores.has(rows[item_id], score)
            }
            candidates, intent = prepared.retrieved.candidates, prepared.intent
            of_rows = kept_shares([*found.values()], candidates, scores, intent) if found else ()
            for item_id, shares in zip(found, of_rows, strict=True):
                pinned_by = prepared.rules.pinned_by(item_id)
                kept[item_id] = shares | ({"pinned_by": pinned_by} if pinned_by else {})
        return {item_id: kept[item_id] for item_id in wanted if item_id in kept}

    def _ranked_now(self, item_id: str, score: float) -> tuple[Prepared, Scores, int] | None:
        """Where an item has its score from; None where it would be ranked otherwise now."""
        for prepared, ranked, rows in self._lists:
            row, scores = rows.get(item_id), ranked.scores
            if row is not None and scores.has(row, score):
                return prepared, scores, row
        return None

    def _explanation(self, item_id: str, score: float) -> Explanation:
        """Why the frozen list has the item where it is, if it would be ranked so now too."""
        if (found := self._ranked_now(item_id, score)) is None:
            return explain_kept(score)
        prepared, scores, row = found
        rules, candidates = prepared.rules, prepared.retrieved.candidates
        why, by = rules.why_pinned(item_id), rules.pinned_by(item_id)
        return explain(row, candidates, scores, prepared.intent, pinned=why, pinned_by=by)

    def _below(self, number: int, explained: bool) -> dict[str, Any]:
        match, frozen = self.below.matches[number - len(self.candidate_ids)], self.frozen
        if order := self.prepared.plan.order:
            why = explain_sorted(order.why(match.sort_values)) if explained else None
            by_meaning = match.item_id in frozen.by_meaning
            return {"score": 0.0, "by_meaning": by_meaning, "reranked": False, "explanation": why}
        score = below_candidates(min(frozen.scores, default=0.0), match.score)
        why = explain_below(score, match.score, self.prepared.intent) if explained else None
        return {"score": score, "reranked": False, "explanation": why}
