"""The OpenAPI 3.1 document of the API."""

from typing import Any

from flask import request
from flask_openapi3.openapi import OpenAPI

from query_service.schemas.administration.items import ItemFields, ItemPatch
from query_service.web.access.described import describe_access

_WITH_NAMES = (ItemFields, ItemPatch)  # models with objects whose names have a pattern
_REFERENCE = "#/components/schemas/{model}"


def openapi_document(app: OpenAPI, *, keys_asked_for: bool) -> dict[str, Any]:
    """The document, valid by the standard.

    flask-openapi3 sets components that there are none of to null, makes bounds of whole numbers
    floats, which are others beyond 2**53, and leaves out the patterns of names.
    """
    document: dict[str, Any] = _with_whole_numbers(app.api_doc)
    if request.script_root:  # the API is below the name of a scenario
        document["servers"] = [{"url": request.script_root}]
    components = document.get("components", {})
    document["components"] = {name: part for name, part in components.items() if part is not None}
    schemas = document["components"]["schemas"]
    for model in _WITH_NAMES:
        if model.__name__ in schemas:
            properties = model.model_json_schema(ref_template=_REFERENCE)["properties"]
            schemas[model.__name__]["properties"] = properties
    describe_access(document, optional=not keys_asked_for)
    return document


def _with_whole_numbers(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _with_whole_numbers(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_with_whole_numbers(value) for value in part]
    is_whole = isinstance(part, float) and part.is_integer() and abs(part) <= 2**63
    return int(part) if is_whole else part
