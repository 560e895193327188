"""The route that explains an answer of the past."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from query_service.schemas.search.explanations import QueryExplanation, QueryPath
from query_service.serving.service import Service
from query_service.web.json_answer import json_response, problems
from query_service.web.tags import VISITORS


def query_routes(service: Service) -> APIBlueprint:
    """`/v1/queries`."""
    routes = APIBlueprint("queries", __name__, url_prefix="/v1")

    @routes.get(
        "/queries/<query_id>/explanation",
        tags=[VISITORS],
        summary="Why a list was shown",
        responses={200: QueryExplanation} | problems(404, 422, 500, 503),
    )
    def explanation(path: QueryPath) -> Response:
        """Who asked what, which index, bundle, weights and rules answered, and why each item."""
        return json_response(service.explained(path.query_id).model_dump())

    return routes
