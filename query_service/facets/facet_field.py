"""The field of the index behind a facet's name."""

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalogue.attributes.facets import ALWAYS, ATTRIBUTES
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.attribute_fields import KEYS, VALUES, field_name
from plugin_config.schema import PRICES
from query_service.retrieval.problems import FieldProblem
from query_service.schemas.problems import FieldError
from query_service.schemas.search.facets import DATE_INTERVALS, FacetKind, FacetOptions

MAX_LISTED = 40  # facets that an error lists


class FacetProblem(FieldProblem):
    """Facets that this index does not have."""


@dataclass(frozen=True)
class FacetField:
    """`field`: what the engine counts, of texts the filter keys; `shown`: of texts the values."""

    kind: FacetKind
    field: str
    shown: str = ""
    attribute: str = ""  # its name, for an attribute

    @property
    def is_price(self) -> bool:
        """Whether it has prices, which the index holds as float32."""
        return self.field == "price" or self.field.startswith(f"{PRICES}.")

    @property
    def listed(self) -> bool:
        """Whether it has a list of values, and not a range."""
        return self.kind in ("text", "category", "boolean")

    @classmethod
    def of(cls, name: str, attributes: AttributeSchema) -> "FacetField":
        """The field of one facet. Raises ValueError, whose message lists those that exist."""
        if attributes.facets is None:
            raise ValueError(
                "the index was made before there were facets: run live-intent index rebuild "
                "CATALOGUE"
            )
        if name == "price":
            return cls("number", attributes.price_field)
        if name == "available":
            return cls("boolean", name)
        if name == "category":
            return cls("category", attributes.texts.category_keys, attributes.texts.category)
        if name in ALWAYS:
            return cls("text", f"keys.{name}", name)
        attribute = _attribute(name)
        if attribute not in attributes.facets:
            raise ValueError(_unknown(name, attribute, attributes))
        encoded, of = field_name(attribute), attributes.fields.types[attribute]
        if of == "text":
            return cls("text", f"{KEYS}.{encoded}", f"{VALUES}.{encoded}", attribute)
        return cls(of, f"{VALUES}.{encoded}", "", attribute)


def facet_fields(
    facets: Sequence[FacetOptions], attributes: AttributeSchema
) -> dict[str, FacetField]:
    """The field of each facet by its name. Raises FacetProblem."""
    fields: dict[str, FacetField] = {}
    errors: list[FieldError] = []
    for number, options in enumerate(facets):
        try:
            fields[options.name] = FacetField.of(options.name, attributes)
            _check(options, fields[options.name].kind)
        except ValueError as error:
            errors.append(FieldError(field=f"facets.{number}", message=str(error)))
    if errors:
        raise FacetProblem(errors)
    return fields


def _attribute(name: str) -> str:
    """The attribute that a facet's name has; "" for another name."""
    if not name.startswith(ATTRIBUTES):
        return ""
    return unicodedata.normalize("NFC", " ".join(name.removeprefix(ATTRIBUTES).split()))


def _check(options: FacetOptions, kind: FacetKind) -> None:
    name, interval = options.name, options.interval
    if options.facet_query is not None and kind not in ("text", "category"):
        raise ValueError(f"{name}: facet_query searches texts; the values of {name} are {kind}s")
    if interval is None:
        return
    if kind not in ("number", "date"):
        raise ValueError(f"{name}: interval needs numbers or dates; its values are {kind}s")
    if (kind == "date") != isinstance(interval, str):
        wanted = f"one of {', '.join(DATE_INTERVALS)}" if kind == "date" else "a number"
        raise ValueError(f"{name}: interval {interval!r}; for {kind}s it is {wanted}")


def _unknown(name: str, attribute: str, attributes: AttributeSchema) -> str:
    names = [*ALWAYS, *(ATTRIBUTES + each for each in attributes.facets or ())]
    if attribute in attributes.fields.types:
        return (
            f"{name} is an attribute of this index and no facet: name it in a rebuild, --facet "
            f"{name}. There are: {_some(names)}"
        )
    near = difflib.get_close_matches(name, names, 5, 0.6)
    return f"there is no facet {name}. There are: {_some([*dict.fromkeys([*near, *names])])}"


def _some(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
