"""The OpenAPI 3.1 document of the API."""

from typing import Any

from flask_openapi3.openapi import OpenAPI


def openapi_document(app: OpenAPI) -> dict[str, Any]:
    """The document, valid by the standard.

    flask-openapi3 sets components that there are none of to null, and makes bounds of whole numbers
    floats, which are others beyond 2**53.
    """
    document: dict[str, Any] = _with_whole_numbers(app.api_doc)
    components = document.get("components", {})
    document["components"] = {name: part for name, part in components.items() if part is not None}
    return document


def _with_whole_numbers(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _with_whole_numbers(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_with_whole_numbers(value) for value in part]
    is_whole = isinstance(part, float) and part.is_integer() and abs(part) <= 2**63
    return int(part) if is_whole else part
