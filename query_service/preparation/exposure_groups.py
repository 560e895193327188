"""Which candidates are in the groups of exposure floors that are of an attribute."""

from collections.abc import Mapping, Sequence, Set

from opensearchpy import OpenSearch

from query_service.context import MIN_TIMEOUT_S, RequestContext
from query_service.ranking.exposure import NO_GROUPS
from query_service.retrieval.filters.filters import Clauses, FilterProblem, clauses
from query_service.retrieval.filters.matching_items import matching_items
from query_service.schemas.problems import FieldError
from query_service.schemas.search.filters import Filters
from query_service.setting_texts.exposure_floors import ExposureFloors

STAGE = "exposure"


def attribute_groups(
    client: OpenSearch, context: RequestContext, exposure: ExposureFloors, ids: Sequence[str]
) -> Mapping[str, Set[str]]:
    """Of the candidates `ids` those of each group: asks the engine, where a floor is of one.

    Raises FilterProblem for an attribute that the index lacks, where the request names it; one of
    the settings is left out, and the answer says so.
    """
    wanted = exposure.attributes
    if not wanted:
        return NO_GROUPS
    try:
        filters = _filters(context, wanted)
    except FilterProblem as problem:
        if getattr(context.request, "exposure", None) is not None:
            raise
        context.progress.degrade(STAGE, str(problem), cause="refused")
        return NO_GROUPS
    with context.progress.stage(STAGE):
        timeout = {"request_timeout": context.timeout_s(MIN_TIMEOUT_S)}
        members = matching_items(client, context.view.index, ids, filters, timeout)
        return dict(zip(wanted, members, strict=True))
    return NO_GROUPS


def _filters(context: RequestContext, wanted: Mapping[str, tuple[str, str]]) -> list[Clauses]:
    """The filter clauses of each group. Raises FilterProblem, which names the group."""
    found, errors = [], []
    for group, (name, value) in wanted.items():
        try:
            filters = Filters.model_validate({"attributes": {name: value}})
            found.append(clauses(filters, context.attributes))
        except FilterProblem as error:
            message = "; ".join(each.message for each in error.errors)
            errors.append(FieldError(field=f"exposure.floors.{group}", message=message))
    if errors:
        raise FilterProblem(errors)
    return found
