"""An answer whose hits come from both variants of an experiment, in turn."""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from query_service.answer.page import Ranked, frozen_list
from query_service.context import MIN_TIMEOUT_S, Request, RequestContext
from query_service.cursor import Cursor, FrozenList
from query_service.experiments.assignment import NOT_ASSIGNED, Assignment
from query_service.experiments.experiment_book import Experimenting
from query_service.experiments.team_draft import NO_TEAM, team_draft
from query_service.preparation.preparation import Prepared
from query_service.progress import RequestProgress
from query_service.schemas.search.requests import SearchRequest
from query_service.schemas.search.where import WhereBrowse, WhereSearch


@dataclass(frozen=True)
class VariantList:
    """What one variant prepared, and how it ranks that."""

    prepared: Prepared
    ranked: Ranked


Answering = Callable[[RequestContext], VariantList]


@dataclass(frozen=True)
class OtherList:
    """The other variant's list, which may still be made."""

    context: RequestContext
    made: "Future[VariantList] | None"  # None: of the same candidates


class Interleaving:
    """Makes the other variant's list beside the first one's."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="interleave")

    def start(self, context: RequestContext, answering: Answering) -> OtherList | None:
        """The list of `beside`; None where the request's answer is not interleaved."""
        assignment, request = context.assignment, context.request
        if (
            assignment.beside is None
            or not isinstance(request, SearchRequest)
            or context.cursor is not None
            or request.sort is not None
            or context.counts_only
        ):
            return None
        progress = RequestProgress(context.progress.clock)
        other = replace(
            context, assignment=replace(assignment, arm=assignment.beside), progress=progress
        )
        assert assignment.arm is not None
        if assignment.arm.prepares_like(assignment.beside):
            return OtherList(other, None)

        def make() -> VariantList:
            progress.note_partial_answers()
            return answering(other)

        run = contextvars.copy_context().run
        return OtherList(other, self._pool.submit(run, make))

    def finish(
        self,
        context: RequestContext,
        own: VariantList,
        other: OtherList,
        rank: Callable[[RequestContext, Prepared], Ranked],
    ) -> VariantList | None:
        """The other variant's list; None, and degraded, where it failed or is late."""
        with context.progress.stage("interleave"):
            if other.made is None:
                made = VariantList(own.prepared, rank(other.context, own.prepared))
            else:
                made = other.made.result(timeout=context.timeout_s(MIN_TIMEOUT_S))
            for stage, reason in other.context.progress.left_out.items():
                context.progress.degraded.setdefault(stage, reason)
            return made
        return None

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def assignment_of(
    experiments: Experimenting, request: Request, cursor: Cursor | None
) -> Assignment:
    """The variant of the visitor; for a cursor that of its first page. Nobody is in none."""
    if isinstance(request, WhereSearch | WhereBrowse) and request.of_nobody:
        return NOT_ASSIGNED  # else each request would draw a variant of its own
    if cursor is not None:
        return experiments.continued(cursor.experiment, cursor.variant)
    assignment = experiments.assignment(request.session_id, request.user_id)
    if assignment.beside is not None and not isinstance(request, SearchRequest):
        return replace(assignment, variant="", beside=None)  # only searches are interleaved
    return assignment


def interleaved(context: RequestContext, a: VariantList, b: VariantList) -> FrozenList:
    """The list of both teams' picks; pinned items stand at their positions, for neither team.

    A hit keeps the score of the team that picked it, so scores need not fall.
    """
    lists = {"a": a, "b": b}
    frozen = {
        team: frozen_list(context, each.prepared, each.ranked) for team, each in lists.items()
    }
    item_of = {team: dict(zip(each.keys, each.ids, strict=True)) for team, each in frozen.items()}
    score_of = {
        team: dict(zip(each.keys, each.scores, strict=True)) for team, each in frozen.items()
    }
    seed = f"{context.assignment.seed}:{context.query_text}"
    keys, teams = team_draft(frozen["a"].keys, frozen["b"].keys, seed)
    ids = tuple(item_of[team][key] for key, team in zip(keys, teams, strict=True))
    rules = a.prepared.rules
    order = rules.placed(np.arange(len(ids)), ids).tolist()
    own = frozen["a"]
    known = set(a.prepared.retrieved.candidates.keys(a.prepared.plan.collapse))
    by_meaning = {*own.by_meaning, *frozen["b"].by_meaning}
    further = sum(
        key not in known and item_id in by_meaning for key, item_id in zip(keys, ids, strict=True)
    )
    return own.model_copy(
        update={
            "ids": tuple(ids[row] for row in order),
            "keys": tuple(keys[row] for row in order),
            "scores": tuple(score_of[teams[row]][keys[row]] for row in order),
            "teams": "".join(NO_TEAM if ids[row] in rules.pinned else teams[row] for row in order),
            "by_meaning": frozenset(by_meaning),
            "total": own.total + further,
            "total_by_meaning": own.total_by_meaning + further,
            "personalized": own.personalized or frozen["b"].personalized,
            "degraded": dict(context.progress.left_out),
        }
    )
