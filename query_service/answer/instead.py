"""What is shown beside an answer without hits: items for this visitor, or popular ones."""

from collections.abc import Callable
from dataclasses import replace

from query_service.context import RequestContext
from query_service.progress import RequestProgress
from query_service.schemas.search.answers import Instead, SearchResponse
from query_service.schemas.search.requests import RecommendRequest, SearchRequest

Recommend = Callable[[RequestContext], SearchResponse]
# Fields of a search that its recommendation has too.
SAME = (
    "session_id", "user_id", "explain", "deadline_ms", "size", "fields", "collapse", "personalize",
    "scenario", "diversity", "price_list", "language",
)  # fmt: skip


def instead_of_hits(context: RequestContext, recommend: Recommend) -> Instead | None:
    """The recommendation within the request's filters, without them if nothing fulfils these.

    None, and degraded, where it fails or is late.
    """
    request, progress = context.request, context.progress
    if not isinstance(request, SearchRequest) or not request.size:
        return None
    options = replace(context.options, keeps_recommendations=False)  # the search's row has them
    with progress.stage("instead"):
        for filters in dict.fromkeys([request.filters is not None, False]):
            wanted = _recommendation(request, filtered=filters)
            own = RequestProgress(progress.clock)
            answer = recommend(
                replace(context, request=wanted, progress=own, cursor=None, options=options)
            )
            if answer.hits:
                return Instead(
                    kind="personal" if answer.personalized else "popular",
                    filtered=filters,
                    hits=answer.hits,
                )
    return None


def _recommendation(request: SearchRequest, *, filtered: bool) -> RecommendRequest:
    fields = {name: getattr(request, name) for name in SAME}
    return RecommendRequest(**fields, filters=request.filters if filtered else None)
