"""Which public attributes of a catalogue are facets: counted by value beside the hits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from indexer.catalogue.attributes.attributes import AttributeValue, text_of, values_of
from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.attributes.public_attributes import PublicAttributes
from plugin_config.attribute_fields import AttributeFields
from plugin_config.errors import SettingsError

ALWAYS = ("brand", "category", "price", "language", "available", "currency")
ATTRIBUTES = "attributes."
MOST_VALUES = 500  # different values of a text that is a facet by default
LONGEST_VALUE = 100  # characters of such a value


@dataclass(frozen=True)
class FacetChoice:
    """`attributes`: exactly these are facets. None: those of low cardinality."""

    attributes: PublicAttributes | None = None

    @classmethod
    def of(cls, names: Iterable[str]) -> "FacetChoice":
        """From names such as `attributes.colour`, `*` for any characters. Raises SettingsError."""
        facets = [name for each in names if (name := each.strip())]
        for name in facets:
            if name not in ALWAYS and not name.removeprefix(ATTRIBUTES).strip():
                raise SettingsError(f"facet {name!r}: write it as attributes.NAME")
            if name not in ALWAYS and not name.startswith(ATTRIBUTES):
                raise SettingsError(
                    f"facet {name!r}: write attributes.{name}. Always facets are "
                    f"{', '.join(ALWAYS)}"
                )
        named = [n.removeprefix(ATTRIBUTES) for n in facets if n not in ALWAYS]
        return cls(PublicAttributes.of(named) if facets else None)

    @classmethod
    def parse(cls, text: str) -> "FacetChoice":
        """From names that commas separate; without any: those of low cardinality."""
        return cls.of(text.split(","))


@dataclass
class FacetSurvey:
    """The different values of attributes, as far as they decide which are facets."""

    _keys: dict[str, set[str]] = field(default_factory=dict)
    _too_many: set[str] = field(default_factory=set)

    def add(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Counts one item's values in."""
        for name, value in attributes.items():
            if name in self._too_many:
                continue
            keys = self._keys.setdefault(name, set())
            keys.update(filter_key(text_of(scalar)) for scalar in values_of(value))
            if len(keys) > MOST_VALUES or any(len(key) > LONGEST_VALUE for key in keys):
                self._too_many.add(name)
                del self._keys[name]

    def facets(self, fields: AttributeFields, choice: FacetChoice) -> tuple[str, ...]:
        """The attributes with `fields` that are facets; by default numbers, dates and booleans too.

        A text with many or long values is none by default.
        """
        if choice.attributes is None:
            return tuple(
                name for name, of in fields.types.items() if of != "text" or name in self._keys
            )
        if choice.attributes.names is None:
            return ()
        return tuple(name for name in fields.types if choice.attributes.includes(name))
