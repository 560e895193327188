"""The matches below the candidates of a list, in the engine's order, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from opensearchpy import OpenSearch

from plugin_config.errors import LiveIntentError, RequestRefused
from query_service.context import MIN_TIMEOUT_S, RequestContext
from query_service.cursor import CursorExpired, CursorInvalid, FrozenList, OffsetBelow
from query_service.retrieval.engine_errors import IndexGone
from query_service.retrieval.matches import Match, MatchesAt, MatchesQuery, matches
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.point_in_time import PointsInTime

FROM_THE_TOP = OffsetBelow()


@dataclass(frozen=True)
class Below:
    """Matches below the candidates, and the offset from which they were read."""

    matches: Sequence[Match] = ()
    offset: OffsetBelow = FROM_THE_TOP


class MatchesBelow:
    """Reads them. Safe to use from many threads."""

    def __init__(self, client: OpenSearch, lifetime_s: int) -> None:
        """`lifetime_s`: seconds after which a cursor expires."""
        self._client = client
        self._points = PointsInTime(client, lifetime_s)

    @property
    def lifetime_s(self) -> int:
        """Seconds after which a cursor expires."""
        return self._points.keep_alive_s

    def read(
        self,
        context: RequestContext,
        plan: RetrievalPlan,
        frozen: FrozenList,
        offset: OffsetBelow,
        size: int,
    ) -> Below:
        """`size` items that match `plan` and are no candidates, from `offset` on.

        In an order other than relevance no item is a candidate. A page of a cursor reads the index
        as it was. Raises ClusterUnavailable, IndexGone, CursorExpired, CursorInvalid.
        """
        index = context.view.index
        keys = [*frozen.keys, *offset.shown]
        acted_on = frozen.acted_on if context.cursor else plan.exclude
        plan = replace(plan, timeout_s=context.timeout_s(MIN_TIMEOUT_S), exclude=acted_on)
        if plan.collapse:
            plan = replace(plan, exclude_groups=keys)
        else:
            plan = replace(plan, exclude=[*acted_on, *keys])
        query = MatchesQuery(plan, frozen.by_meaning if plan.order else ())
        if not context.cursor:
            at = MatchesAt(size, offset.skip)
            return Below(matches(self._client, index, query, at), offset)
        pit = offset.pit or self._point_in_time(context)
        at = MatchesAt(size, offset.skip, offset.after, pit, self._points.keep_alive_s)
        try:
            found = matches(self._client, index, query, at)
        except IndexGone as error:
            if not offset.pit:
                raise
            raise CursorExpired(
                "the cursor has expired: the index that its pages were read from was removed, or "
                "its point in time closed. Ask for the first page again"
            ) from error
        except RequestRefused as error:  # the engine took the rest of it for the first page
            raise CursorInvalid.foreign() from error
        return Below(found, offset.model_copy(update={"pit": pit}))

    def _point_in_time(self, context: RequestContext) -> str:
        """A point in time since the first page; "" and degraded where none can be opened."""
        assert context.cursor
        timeout_s = context.timeout_s(MIN_TIMEOUT_S)
        try:
            return self._points.since(context.view.index, context.cursor.as_of, timeout_s)
        except LiveIntentError as error:
            reason = (
                "these hits are read from the index as it is now: no point in time could be "
                "opened, so that writes may repeat or skip a hit"
            )
            context.progress.degrade("cursor", reason, error, cause="engine")
            return ""
