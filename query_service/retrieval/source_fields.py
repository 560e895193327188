"""Which fields of an item its hit shows."""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import LONG_DEADLINE, UNLESS_EMPTY
from plugin_config.schema import IDENTIFIERS, PRICES
from query_service.retrieval.filters.filters import MAX_LISTED, FilterProblem
from query_service.retrieval.order import ATTRIBUTE
from query_service.schemas.problems import FieldError

ATTRIBUTES = "attributes"
_HIDDEN = (IDENTIFIERS, PRICES)
PUBLIC = (
    *LONG_DEADLINE, *(name for name in UNLESS_EMPTY if name not in _HIDDEN), "category", ATTRIBUTES,
)  # fmt: skip


@dataclass(frozen=True)
class SourceFields:
    """`names`: fields to show, `attributes` for all attributes; `attributes`: single ones."""

    names: frozenset[str] = frozenset(PUBLIC)
    attributes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, wanted: Sequence[str] | None, schema: AttributeSchema) -> "SourceFields":
        """What a request wants, None for all. `schema`: the attributes of the index.

        Raises FilterProblem, which names each unknown field and lists those there are.
        """
        if wanted is None:
            return cls()
        names: set[str] = set()
        attributes: set[str] = set()
        errors: list[FieldError] = []
        for index, name in enumerate(wanted):
            spaced = unicodedata.normalize("NFC", " ".join(name.split()))
            attribute = spaced.removeprefix(ATTRIBUTE)
            if name in PUBLIC:
                names.add(name)
            elif spaced.startswith(ATTRIBUTE) and attribute in schema.fields.types:
                attributes.add(attribute)
            else:
                message = f"there is no field {name!r}. There are: {_listed(name, schema)}"
                errors.append(FieldError(field=f"fields.{index}", message=message))
        if errors:
            raise FilterProblem(errors)
        return cls(frozenset(names), frozenset(attributes))

    def shown(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a document's source that a hit shows."""
        shown = {name: value for name, value in source.items() if name in self.names}
        if self.attributes and ATTRIBUTES not in self.names:
            held = source.get(ATTRIBUTES, {})
            some = {name: value for name, value in held.items() if name in self.attributes}
            shown |= {ATTRIBUTES: some} if some else {}
        return shown


ALL_FIELDS = SourceFields()


def _listed(name: str, schema: AttributeSchema) -> str:
    names = [ATTRIBUTE + each for each in sorted(schema.fields.types)]
    near = difflib.get_close_matches(name, [*PUBLIC, *names], 5, 0.6)
    listed = list(dict.fromkeys([*near, *PUBLIC, *names]))
    more = f", ... ({len(listed)} in all)" if len(listed) > MAX_LISTED else ""
    return f"{', '.join(listed[:MAX_LISTED])}{more}"
