"""The routes of suggestions: completions of a query, and the removal of an own one."""

from dataclasses import asdict

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel

from query_service.schemas.fields.identifiers import Id
from query_service.schemas.search.requests import QueryText
from query_service.schemas.search.suggest import (
    RemovedQueryResponse,
    SuggestRequest,
    SuggestResponse,
)
from query_service.serving.service import Service
from query_service.web.access.guard import Guard
from query_service.web.json_answer import json_response, problems
from query_service.web.observability.metrics import Metrics
from query_service.web.tags import SEARCH, VISITORS


class OwnQuery(BaseModel):
    """A query of a session."""

    session_id: Id
    query: QueryText


def suggest_routes(service: Service, metrics: Metrics, guard: Guard) -> APIBlueprint:
    """`/v1/suggest`."""
    routes = APIBlueprint("suggestions", __name__, url_prefix="/v1")

    @routes.post(
        "/suggest",
        tags=[SEARCH],
        summary="Completions while typing",
        responses={200: SuggestResponse} | problems(400, 413, 415, 422, 500, 503),
    )
    def suggest(body: SuggestRequest) -> Response:
        """Queries, categories, brands and items; the visitor's own recent queries first."""
        response = service.suggester.suggest(body, g.started)
        metrics.count_stages(response)
        answer = response.model_dump()
        for suggestion in answer["suggestions"]:
            if suggestion["type"] != "item":
                del suggestion["item_id"], suggestion["source"]
        return json_response(answer)

    @routes.delete(
        "/suggest",
        tags=[VISITORS],
        summary="Forget one query of a visitor",
        responses={200: RemovedQueryResponse} | problems(422, 500, 503),
    )
    def remove(query: OwnQuery) -> Response:
        """Removes a query from the session, from its user, and from the log, in any spelling."""
        guard.require_ownership(query.session_id)
        removed = service.store.remove_query(query.session_id, query.query)
        return json_response(RemovedQueryResponse(**asdict(removed)).model_dump())

    return routes
