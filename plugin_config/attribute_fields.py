"""The fields of attributes in an items index.

An item's attributes are in the document as the catalogue has them, in an object that the engine
does not index. Beside it are the fields that filters read. None of them is stored:

    attribute_names        the names of the item's attributes, for `exists`
    attribute_values.NAME  the values in the attribute's type; of texts only doc values, as shown
    attribute_keys.NAME    the filter keys of texts, and of values that do not fit the type; facets
                           count them, and show a key by the commonest value that has it

NAME is the attribute's name, percent-encoded: a point would be a path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, unquote

AttributeType = Literal["text", "number", "boolean", "date"]

NAMES, KEYS, VALUES = "attribute_names", "attribute_keys", "attribute_values"
MAX_INDEXED = 2000  # attributes of an index that have fields; others are only shown
MAX_KEY = 8000  # characters; the engine refuses a term of more than 32,766 bytes

_KEY_FIELD = {"type": "keyword", "ignore_above": MAX_KEY}  # facets count its doc values
_VALUE_FIELDS: dict[AttributeType, dict[str, Any]] = {
    "text": {"type": "keyword", "ignore_above": MAX_KEY, "index": False},
    "number": {"type": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "date", "format": "strict_date_optional_time"},
}
_TYPES: dict[str, AttributeType] = {str(f["type"]): t for t, f in _VALUE_FIELDS.items()}


def field_name(attribute: str) -> str:
    """The attribute's name as the name of a field: `screen.size` -> `screen%2Esize`."""
    return quote(attribute, safe="").replace(".", "%2E")


@dataclass(frozen=True)
class AttributeFields:
    """The type of each attribute that an index has fields for, by the attribute's name."""

    types: Mapping[str, AttributeType] = field(default_factory=dict)

    @classmethod
    def of_mapping(cls, mapping: Mapping[str, Any]) -> "AttributeFields":
        """Read from the mapping of an items index."""
        fields = mapping.get("properties", {}).get(VALUES, {}).get("properties", {})
        return cls({unquote(name): _TYPES[value["type"]] for name, value in fields.items()})

    def properties(self) -> dict[str, Any]:
        """The `properties` of these fields, to be merged into a mapping."""
        names = {name: field_name(name) for name in self.types}
        keys = {names[name]: _KEY_FIELD for name in self.types}
        values = {names[name]: _VALUE_FIELDS[of] for name, of in self.types.items()}
        return {KEYS: {"properties": keys}, VALUES: {"properties": values}}
