"""The attributes of one items index: the public ones, their types, their part of a document."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from indexer.catalogue.attributes.attributes import (
    AttributeSurvey,
    AttributeValue,
    as_type,
    text_of,
    values_of,
)
from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.attributes.public_attributes import PublicAttributes
from indexer.catalogue.items import Item
from plugin_config.analysis.index_languages import NO_LANGUAGES, IndexLanguages
from plugin_config.analysis.text_fields import TextFields, fields_of
from plugin_config.attribute_fields import (
    KEYS,
    MAX_INDEXED,
    NAMES,
    VALUES,
    AttributeFields,
    field_name,
)
from plugin_config.errors import LiveIntentError
from plugin_config.schema import CHANGED_AT, GROUP_KEY, META, PRICES

PUBLIC, FACETS = "public_attributes", "facet_attributes"  # in `_meta`
ROUNDS = 3  # of adding fields while other writers do


class IndexOutdated(LiveIntentError):
    """The items index was made by an earlier version, whose documents had other fields."""

    exit_code = 4


@dataclass(frozen=True)
class AttributeSchema:
    """`fields`: the types of the attributes that the index has fields for.

    `facets`: those that are facets, as its rebuild decided; None: it was made before there were
    facets.
    """

    fields: AttributeFields = field(default_factory=AttributeFields)
    public: PublicAttributes = field(default_factory=PublicAttributes)
    outdated: bool = False  # the index was made by a version without typed attributes
    has_groups: bool = True  # it has a field for the group of variants
    dates_changes: bool = True  # it has a field for when a change without a version was made
    price_lists: tuple[str, ...] | None = ()  # None: it has no field for them
    price_field: str = "price"  # that the price of a request stands for
    facets: tuple[str, ...] | None = None
    languages: IndexLanguages = NO_LANGUAGES
    language: str = ""  # of the texts that a request means; "": the items' own

    @property
    def texts(self) -> TextFields:
        """The fields of the texts that a request means."""
        return fields_of(self.language if self.language in self.languages.localized else "")

    @classmethod
    def of_mapping(cls, mapping: Mapping[str, Any]) -> "AttributeSchema":
        """Read from the mapping of an items index and its `_meta`."""
        meta = mapping.get("_meta", {}).get(META, {})
        public = PublicAttributes.of(meta.get(PUBLIC) or ())
        fields = mapping.get("properties", {})
        facets = tuple(meta[FACETS]) if FACETS in meta else None
        prices = fields.get(PRICES)
        return cls(
            AttributeFields.of_mapping(mapping),
            public,
            PUBLIC not in meta,
            GROUP_KEY in fields,
            CHANGED_AT in fields,
            facets=facets,
            languages=IndexLanguages.of_meta(meta),
            price_lists=None if prices is None else tuple(sorted(prices.get("properties", ()))),
        )

    def priced_by(self, price_list: str) -> "AttributeSchema":
        """The same, with the prices of one list as those that filters, orders and facets mean."""
        return replace(self, price_field=f"{PRICES}.{price_list}")

    def in_language(self, language: str) -> "AttributeSchema":
        """The same, with the texts of one of its languages as those that a request means."""
        return replace(self, language=language)

    def to_meta(self) -> dict[str, Any]:
        """The part of `_meta` that says what is public, what is a facet, and the languages."""
        names = self.public.names
        public = {PUBLIC: None if names is None else list(names)}
        return {**public, FACETS: list(self.facets or ()), **self.languages.to_meta()}

    def document_part(self, attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
        """The fields of a document for the public ones of an item's attributes."""
        shown = {name: value for name, value in attributes.items() if self.public.includes(name)}
        if not shown:
            return {}
        keys: dict[str, list[str]] = {}
        values: dict[str, list[Any]] = {}
        for name, value in shown.items():
            wanted = self.fields.types.get(name)
            if wanted is None:
                continue
            for scalar in values_of(value):
                typed = as_type(scalar, wanted)
                if typed is not None:
                    values.setdefault(field_name(name), []).append(typed)
                if typed is None or wanted == "text":
                    keys.setdefault(field_name(name), []).append(filter_key(text_of(scalar)))
        part: dict[str, Any] = {"attributes": shown, NAMES: list(shown)}
        return part | ({KEYS: keys} if keys else {}) | ({VALUES: values} if values else {})

    def misfits(self, items: Iterable[Item]) -> dict[str, str]:
        """Attributes with a value that does not fit their type, and such a value."""
        found: dict[str, str] = {}
        for item in items:
            for name, value in item.attributes.items():
                wanted = self.fields.types.get(name)
                if wanted is None or name in found or not self.public.includes(name):
                    continue
                for scalar in values_of(value):
                    if as_type(scalar, wanted) is None:
                        found[name] = text_of(scalar)[:40]
        return found

    def notes(self, earlier: "AttributeSchema", items: Sequence[Item]) -> list[str]:
        """Lines on attributes that are new since `earlier`, and on values that do not fit."""
        types, known = self.fields.types, earlier.fields.types
        lines = [f"new attribute: {name} ({types[name]})" for name in types if name not in known]
        lines += [
            f"attribute {name}: {value!r} is not a {types[name]}: it is shown and found, but "
            "ranges and facets leave it out until the next rebuild"
            for name, value in self.misfits(items).items()
        ]
        languages = {code for item in items for code in item.translations}
        if unknown := sorted(languages - self.languages.analyzers.keys()):
            lines.append(
                f"translations to {', '.join(unknown)}: the index lacks these languages; they are "
                + ("kept" if self.languages.analyzers else "not kept")
                + ". A rebuild adds languages (LIVE_INTENT_LANGUAGES)"
            )
        named = {name for item in items for name in item.attributes if self.public.includes(name)}
        lines += [
            f"attribute {name} is only shown: the index has {MAX_INDEXED} others"
            for name in sorted(named - set(types))
        ]
        return lines

    def extended(self, client: OpenSearch, index: str, items: Iterable[Item]) -> "AttributeSchema":
        """The schema after the index got fields for the items' new public attributes.

        Of two writers that add the same attribute the first decides its type. Raises IndexOutdated.
        """
        if self.outdated:
            raise IndexOutdated(
                f"the index {index} was made before attributes had types: run live-intent index "
                "rebuild CATALOGUE"
            )
        survey, known = AttributeSurvey(), self.fields.types
        for item in items:
            new = {n: v for n, v in item.attributes.items() if n not in known}
            survey.add({name: value for name, value in new.items() if self.public.includes(name)})
        room = max(MAX_INDEXED - len(known), 0)
        wanted = dict(list(survey.fields.types.items())[:room])
        schema = self
        for _ in range(ROUNDS):
            missing = {n: of for n, of in wanted.items() if n not in schema.fields.types}
            if not missing:
                break
            body = {"properties": AttributeFields(missing).properties()}
            with contextlib.suppress(RequestError):  # another writer added one of them meanwhile
                client.indices.put_mapping(index=index, body=body)
            schema = AttributeSchema.of_mapping(
                client.indices.get_mapping(index=index)[index]["mappings"]
            )
        return schema
