"""The kind of each query of an evaluation, from the candidates that all legs return.

The kind is the query's own: no visitor and no re-ranker counts, so that two runs on the same items
agree on it.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from learning.evaluation.concurrent_requests import ask_all, search_request
from learning.evaluation.variants import WHOLE
from learning.evaluation.workbench import Workbench
from query_service.ranking.query_kind import QueryKind, query_kind_of

if TYPE_CHECKING:
    from query_service.context import QueryEncoder
    from query_service.pipeline import Pipeline


def query_kinds(
    bench: Workbench, queries: Sequence[str], encoder: "QueryEncoder"
) -> list[QueryKind]:
    """The kind of each query, each distinct one retrieved once."""
    distinct = list(dict.fromkeys(queries))
    setup = bench.setup
    with bench.pipeline(WHOLE, encoder=encoder, titles=True) as pipeline:
        kinds, _ = ask_all(
            partial(_kind, pipeline), distinct, "kinds of queries", setup.threads, setup.progress
        )
    by_query = dict(zip(distinct, kinds, strict=True))
    return [by_query[query] for query in queries]


def _kind(pipeline: "Pipeline", query: str) -> QueryKind:
    context = pipeline.contexts.of(search_request(query), pipeline.views.current())
    inputs = pipeline.preparation.prepare(context).inputs
    return query_kind_of(inputs, inputs.title_table.complete(query))
