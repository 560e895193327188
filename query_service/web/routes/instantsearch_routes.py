"""The routes that InstantSearch front ends call, as the library algoliasearch does."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, RootModel

from query_service.instantsearch.conditions import RequestMalformed
from query_service.instantsearch.item_recommendations import MAX_ITEMS
from query_service.instantsearch.searches import MAX_QUERIES, InstantSearches
from query_service.web.json_answer import json_response
from query_service.web.tags import FRONT_ENDS

ANY_INDEX = "*"
_TOKEN = "X-Algolia-UserToken"


class Failure(BaseModel):
    """What is wrong, as the library reads it."""

    message: str
    status: int


class Answer(BaseModel):
    """The answer to a query, with more than is named here."""

    model_config = ConfigDict(extra="allow")

    hits: list[dict[str, Any]] | None = None
    nbHits: int | None = None  # noqa: N815
    page: int | None = None
    nbPages: int | None = None  # noqa: N815
    facets: dict[str, dict[str, int]] | None = None
    queryID: str | None = None  # noqa: N815


class FacetAnswer(BaseModel):
    """The values of a facet."""

    model_config = ConfigDict(extra="allow")

    facetHits: list[dict[str, Any]]  # noqa: N815


class Answers(BaseModel):
    """The answer to each query, in order; of a facet's, its values."""

    results: list[Answer]


class QueryMembers(BaseModel):
    """A query: the library's parameters, or URL-encoded in `params`."""

    model_config = ConfigDict(extra="allow")

    params: str | dict[str, Any] | None = None
    query: str | None = None


class IndexQuery(QueryMembers):
    """A query and its index."""

    indexName: str | None = Field(None, json_schema_extra={"example": "items"})  # noqa: N815


class IndexQueries(BaseModel):
    """Several queries at once."""

    model_config = ConfigDict(extra="allow")

    requests: list[IndexQuery] = Field(min_length=1, max_length=MAX_QUERIES)


class QueriesBody(
    RootModel[
        Annotated[
            Any,
            PlainValidator(
                lambda body: body, json_schema_input_type=IndexQueries | list[IndexQuery]
            ),
        ]
    ]
):
    """Several queries at once."""


class QueryBody(
    RootModel[
        Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=QueryMembers)]
    ]
):
    """One query."""


class Recommendation(BaseModel):
    """Which items to recommend."""

    model_config = ConfigDict(extra="allow")

    indexName: str | None = Field(None, json_schema_extra={"example": "items"})  # noqa: N815
    model: Literal["related-products", "looking-similar", "trending-items"]
    objectID: str | None = None  # noqa: N815
    maxRecommendations: int | None = Field(None, ge=0, le=MAX_ITEMS)  # noqa: N815
    queryParameters: dict[str, Any] | None = None  # noqa: N815
    facetName: str | None = None  # noqa: N815
    facetValue: str | None = None  # noqa: N815


class Recommendations(BaseModel):
    """Several requests for recommended items at once."""

    requests: list[Recommendation] = Field(min_length=1, max_length=MAX_QUERIES)


class RecommendationsBody(
    RootModel[
        Annotated[Any, PlainValidator(lambda body: body, json_schema_input_type=Recommendations)]
    ]
):
    """Several requests for recommended items at once."""


class IndexPath(BaseModel):
    """An index, in a path."""

    index: str = Field(json_schema_extra={"example": "items"})


class FacetPath(IndexPath):
    """A facet of an index, in a path."""

    facet: str = Field(json_schema_extra={"example": "brand"})


def instantsearch_routes(searches: InstantSearches) -> APIBlueprint:
    """The routes below /1/indexes."""
    routes = APIBlueprint("instantsearch", __name__, url_prefix="/1/indexes")
    failures: dict[Any, Any] = dict.fromkeys((400, 403, 404, 413, 415, 422, 500, 503), Failure)

    def token() -> str:
        return request.headers.get(_TOKEN) or request.args.get(_TOKEN.lower(), "")

    def answers(requests: Any, index: str) -> list[dict[str, Any]]:
        return searches.answers(_objects(requests), index, token(), g.started)

    @routes.post(
        "/<index>/queries",
        tags=[FRONT_ENDS],
        summary="Several queries of an InstantSearch front end",
        responses={200: Answers} | failures,
    )
    def queries(path: IndexPath, body: QueriesBody) -> Response:
        """As algoliasearch sends them; docs/instantsearch.md says what is understood."""
        requests = _member(body.root, "requests")
        return json_response({"results": answers(requests, path.index)})

    @routes.post(
        "/<index>/query",
        tags=[FRONT_ENDS],
        summary="One query of an InstantSearch front end",
        responses={200: Answer} | failures,
    )
    def query(path: IndexPath, body: QueryBody) -> Response:
        """As a query of `queries`; its answer is the body."""
        return json_response(answers([_members(body.root, path.index)], path.index)[0])

    @routes.post(
        "/<index>/facets/<facet>/query",
        tags=[FRONT_ENDS],
        summary="The values of a facet that contain a text",
        responses={200: FacetAnswer} | failures,
    )
    def facet_query(path: FacetPath, body: QueryBody) -> Response:
        """For the search box of a list of filters."""
        wanted = _members(body.root, path.index) | {"type": "facet", "facet": path.facet}
        return json_response(answers([wanted], path.index)[0])

    @routes.post(
        "/*/recommendations",
        tags=[FRONT_ENDS],
        summary="Recommended items of an InstantSearch front end",
        responses={200: Answers} | failures,
    )
    def recommendations(body: RecommendationsBody) -> Response:
        """As `getRecommendations` sends them: related-products, looking-similar, trending-items."""
        wanted = _objects(_member(body.root, "requests"))
        return json_response({"results": searches.recommendations(wanted, token(), g.started)})

    return routes


def _objects(requests: Any) -> list[Mapping[str, Any]]:
    if not isinstance(requests, list) or not all(isinstance(r, Mapping) for r in requests):
        raise RequestMalformed("requests: a list of objects is wanted")
    return requests


def _member(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, Mapping) else body


def _members(body: Any, index: str) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise RequestMalformed("the body is an object")
    return {**body, "indexName": index}
