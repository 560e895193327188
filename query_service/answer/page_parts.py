"""The parts of an answer beside its hits, each of which the answer can do without."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from opensearchpy import OpenSearch

from query_service.answer.page import Page
from query_service.context import MIN_TIMEOUT_S, HitSources, RequestContext
from query_service.experiments.team_draft import NO_TEAM
from query_service.highlighting.engine_marks import EngineMarks
from query_service.highlighting.highlighter import Highlighter, highlighter_of
from query_service.preparation.preparation import Prepared
from query_service.retrieval.engine_searches import failure
from query_service.retrieval.groups import matching_variants
from query_service.retrieval.spelling.corrections import CORRECTIONS
from query_service.retrieval.spelling.missing_words import ALL_WORDS
from query_service.schemas.administration.experiments import INTERLEAVED
from query_service.schemas.search.answers import (
    DidYouMean,
    ExperimentPart,
    Hit,
    HitHighlight,
    SearchResponse,
    Total,
    degradations,
)
from query_service.schemas.search.facets import Facet
from query_service.schemas.search.requests import RankRequest

Sources = Mapping[str, dict[str, Any]]  # of the page's items, by id


@dataclass(frozen=True)
class Marking:
    """The marks that a thread asks the engine for, by item id."""

    highlighter: Highlighter
    marks: "Future[dict[str, EngineMarks]]"


class PageParts:
    """The parts; what is late or fails is degraded. Safe to use from many threads."""

    def __init__(self, client: OpenSearch, pool: ThreadPoolExecutor, sources: HitSources) -> None:
        """`pool` runs the searches that go on while others do."""
        self._client = client
        self._pool = pool
        self._sources = sources

    def answer(
        self,
        context: RequestContext,
        prepared: Prepared,
        page: Page,
        sources: dict[str, dict[str, Any]] | None = None,
    ) -> SearchResponse:
        """The answer with the hits of a page; their sources are read if None."""
        progress, frozen = context.progress, page.frozen
        counting = self.counting(context, prepared, page.groups)
        marking = self.marking(context, prepared, page.ids)
        if sources is None:
            sources = self._sources.sources(context, page.ids)
        progress.clock.step("page")
        variants = self.variants(context, counting)
        facets = self.facets(context, prepared)
        highlights = self.highlights(context, prepared, sources, marking)
        missing = self.missing_words(context, prepared)
        has_words = frozen.total > frozen.total_by_meaning
        did_you_mean = self.did_you_mean(context, prepared) if has_words else None
        hits = page.hits(sources, highlights, variants, explained=context.request.explain)
        answer = SearchResponse(
            query_id=str(uuid.uuid4()),
            hits=hits,
            total=Total(
                value=frozen.total,
                relation=frozen.relation,
                by_meaning=frozen.total_by_meaning,
            ),
            timing_ms=progress.clock.timing(),
            stages_run=progress.stages_run,
            degraded=degradations(progress),
            query_cut=prepared.query_cut,
            synonyms=list(prepared.plan.synonyms),
            did_you_mean=did_you_mean,
            missing_words=missing,
            instead=None,
            facets=facets,
            index=context.view.index,
            language=context.language or None,
            personalized=frozen.personalized,
            collapsed=prepared.plan.collapse,
            next_cursor=page.next_cursor(context),
            rules_applied=prepared.rules.applied,
            redirect=prepared.rules.effects.redirect,
            experiment=_experiment(context, page, hits),
            banners=prepared.rules.banners,
        )
        if context.kept:
            answer.kept_shares = page.kept_shares(context.options.explained_hits)
        return answer

    def facets(self, context: RequestContext, prepared: Prepared) -> dict[str, Facet] | None:
        """The facets, counted while the candidates were re-ranked; None where none are wanted."""
        if prepared.facets is None:
            return None
        with context.progress.stage("facets"):
            counted = prepared.facets.result(timeout=context.timeout_s(MIN_TIMEOUT_S))
            if counted.problems:
                context.progress.degrade("facets", counted.reason, cause="engine")
            return counted.facets
        return {}

    def counting(
        self, context: RequestContext, prepared: Prepared, groups: Collection[str]
    ) -> "Future[dict[str, int]] | None":
        """How many items of each of `groups` match, counted in a thread; None: not collapsed."""
        if not prepared.plan.collapse:
            return None
        plan = replace(prepared.plan, timeout_s=context.timeout_s(MIN_TIMEOUT_S))

        def count() -> dict[str, int]:
            counts = matching_variants(self._client, context.view.index, plan, groups)
            by_meaning, candidates = prepared.by_meaning, prepared.retrieved.candidates
            for item_id, group in zip(candidates.ids, candidates.groups, strict=True):
                if item_id in by_meaning:
                    counts[group] = counts.get(group, 0) + 1
            return counts

        return self._pool.submit(count)

    def variants(
        self, context: RequestContext, counting: "Future[dict[str, int]] | None"
    ) -> Mapping[str, int]:
        """How many items of each of the page's groups match; {} where hits do not collapse."""
        if counting is not None:
            with context.progress.stage("variants"):
                return counting.result(timeout=context.timeout_s())
        return {}

    def marking(
        self, context: RequestContext, prepared: Prepared, ids: Sequence[str]
    ) -> "Marking | None":
        """What the engine marks of these items, asked for in a thread; None: nothing is wanted."""
        request = context.request
        if isinstance(request, RankRequest) or request.highlight is None:
            return None
        highlighter = highlighter_of(request.highlight, prepared.plan, context.vocabulary)
        index, timeout_s = context.view.index, context.timeout_s(MIN_TIMEOUT_S)
        marks = self._pool.submit(highlighter.engine_marks, self._client, index, ids, timeout_s)
        return Marking(highlighter, marks)

    def highlights(
        self,
        context: RequestContext,
        prepared: Prepared,
        sources: Sources,
        marking: "Marking | None",
    ) -> dict[str, HitHighlight]:
        """The highlights of these items, by item id; none if the request wants none."""
        if marking is None:
            return {}
        marks: Mapping[str, EngineMarks] = {}
        with context.progress.stage("highlight"):
            marks = marking.marks.result(timeout=context.timeout_s())
        return marking.highlighter.highlights(sources, marks, prepared.by_meaning)

    def missing_words(self, context: RequestContext, prepared: Prepared) -> list[str]:
        """Words of the query that no item has together with the others; of a first page alone."""
        response = prepared.retrieved.beside.get(ALL_WORDS)
        if response is not None and (reason := failure(response)):
            context.progress.degrade("missing_words", reason, cause="engine")
        if prepared.missing_words is not None:
            with context.progress.stage("missing_words"):
                return prepared.missing_words.result(timeout=context.timeout_s())
        return []

    def did_you_mean(self, context: RequestContext, prepared: Prepared) -> DidYouMean | None:
        """The words that were corrected; None without any."""
        corrections, retrieved = prepared.corrections, prepared.retrieved
        responses = corrections.responses(retrieved.beside)
        for _, response in responses:
            if reason := failure(response):
                context.progress.degrade(CORRECTIONS, reason, cause="engine")
                return None
        if not responses or retrieved.candidates.identified.any():
            return None
        context.progress.ran(CORRECTIONS)
        return corrections.corrected(retrieved.beside, context.vocabulary.columns)


def _experiment(context: RequestContext, page: Page, hits: Sequence[Hit]) -> ExperimentPart | None:
    assignment, teams = context.assignment, page.teams
    if not assignment.counted or (assignment.variant == INTERLEAVED and not teams):
        return None
    of_hits = [teams.get(hit.item_id) for hit in hits]
    return ExperimentPart.model_validate({
        "id": assignment.experiment_id,
        "variant": assignment.variant,
        "teams": [None if team == NO_TEAM else team for team in of_hits] if teams else None,
    })  # fmt: skip
