"""The language that a request names, or the languages that its visitor reads, the best first."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter, WrapValidator

from plugin_config.index_languages import CODE

MAX_PREFERENCES = 20
Code = Annotated[
    str,
    StringConstraints(pattern=rf"^{CODE}$"),
    Field(json_schema_extra={"example": "de"}),
]
Codes = Annotated[list[Code], Field(max_length=MAX_PREFERENCES)]
_CODE: TypeAdapter[str] = TypeAdapter(Code)
_CODES: TypeAdapter[list[str]] = TypeAdapter(Codes)


def _language(value: Any, _: Any) -> str | list[str]:
    """One message for a wrong value, where a union would have one for each of its types."""
    adapter: TypeAdapter[Any] = _CODES if isinstance(value, list) else _CODE
    checked: str | list[str] = adapter.validate_python(value)
    return checked


Language = Annotated[str | list[str], WrapValidator(_language, json_schema_input_type=Code | Codes)]
