"""The searches of one request, sent to the engine in one round trip."""

import time
from collections.abc import Mapping
from typing import Any

from opensearchpy import OpenSearch

from plugin_config.connection.partial_answers import missing_part
from plugin_config.connection.request_trace import REQUEST_TRACE
from query_service.retrieval.engine_errors import engine_errors
from query_service.retrieval.groups import WITHOUT_BUCKETS
from query_service.retrieval.plan import RetrievalPlan

Response = Mapping[str, Any]


def searches(
    client: OpenSearch, index: str, plan: RetrievalPlan, bodies: Mapping[str, Mapping[str, Any]]
) -> dict[str, Response]:
    """The engine's response to each body, in one round trip. Raises ClusterUnavailable, IndexGone.

    A response may be that of a failure.
    """
    lines: list[Mapping[str, Any]] = []
    for name, body in bodies.items():
        lines += [{"index": index, **plan.shard_copies, **plan.scoring_of(name)}, body]
    begun = time.perf_counter()
    with engine_errors(index):
        params = {"request_timeout": plan.timeout_s, "filter_path": WITHOUT_BUCKETS}
        answer = client.msearch(body=lines, params=params)
    responses = dict(zip(bodies, answer["responses"], strict=True))
    if (trace := REQUEST_TRACE.get()) is not None:
        for name, response in responses.items():  # in the engine, beside each other
            trace.step(f"retrieve {name}", begun, begun + response.get("took", 0) / 1000)
    return responses


def failure(response: Response) -> str:
    """Why a response is not whole; "" when it is."""
    if "error" in response:
        error = response["error"]
        causes = error.get("root_cause") or [error.get("caused_by") or error]
        return f"{causes[0].get('type')}: {causes[0].get('reason')}"
    return missing_part(response)
