"""The API's routes: from a request's body to the service's method, and its result to JSON."""

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint

from query_service.schemas.search.answers import RankResponse, SearchResponse
from query_service.schemas.search.facets import facets_json
from query_service.schemas.search.requests import RankRequest, RecommendRequest, SearchRequest
from query_service.serving.service import Service
from query_service.web.json_answer import json_response, problems
from query_service.web.tags import SEARCH


def hits_response(response: SearchResponse) -> Response:
    """A search's response as JSON, without what the request does not want."""
    body = response.model_dump(exclude={"facets"}, by_alias=True) | {
        "facets": facets_json(response.facets)
    }
    for hit in [*body["hits"], *(body["instead"] or {}).get("hits", ())]:
        if hit["highlight"] is None:
            del hit["highlight"]
        else:
            hit["highlight"] = {n: t for n, t in hit["highlight"].items() if t is not None}
        if hit["explanation"] is None:
            del hit["explanation"]
            continue
        hit["explanation"]["shares"] = [
            {name: value for name, value in share.items() if value is not None}
            for share in hit["explanation"]["shares"]
        ]
    return json_response(body)


def api(service: Service) -> APIBlueprint:
    """The routes below /v1."""
    routes = APIBlueprint("v1", __name__, url_prefix="/v1")
    body_errors = (400, 413, 415, 422, 500, 503)

    @routes.post(
        "/search",
        tags=[SEARCH],
        summary="Hits for a query",
        responses={200: SearchResponse} | problems(410, *body_errors),
    )
    def search(body: SearchRequest) -> Response:
        """Hits for a live query, personalised by what this visitor did until now."""
        return hits_response(service.pipeline.search(body, g.started))

    @routes.post(
        "/recommend",
        tags=[SEARCH],
        summary="Hits without a query",
        responses={200: SearchResponse} | problems(410, *body_errors),
    )
    def recommend(body: RecommendRequest) -> Response:
        """A start page or a feed; popular and varied where nothing is known of the visitor."""
        return hits_response(service.pipeline.recommend(body, g.started))

    @routes.post(
        "/rank",
        tags=[SEARCH],
        summary="Given items in order",
        responses={200: RankResponse} | problems(*body_errors),
    )
    def rank(body: RankRequest) -> Response:
        """Another engine's items, re-ranked for this visitor and query."""
        return hits_response(service.pipeline.rank(body, g.started))

    return routes
