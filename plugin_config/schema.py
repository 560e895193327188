"""Names of indexes, aliases and fields, and the mapping of an items index."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any, get_args

from plugin_config.analysis.text_analysis import TextAnalysis
from plugin_config.analysis.text_fields import OWN_TEXTS, add_languages
from plugin_config.attribute_fields import AttributeFields
from plugin_config.errors import SettingsError
from plugin_config.quantization import Engine, QuantizationName, quantization_of
from plugin_config.versions import DEFAULT

VECTOR = "vector"
VECTOR_FLOAT16 = "vector_float16"
TITLE_EXACT, TITLE_SORTED = OWN_TEXTS.title_exact, OWN_TEXTS.title_sorted
TITLE_JOINED, DESCRIPTION_TEXT = OWN_TEXTS.title_joined, OWN_TEXTS.description
PRICES = "prices"  # by price list
CHANGED_AT = "changed_at"  # ms since 1970: of a change whose version the engine gave
GROUP_ID = "group_id"  # equal for the variants of one product; absent of other items
GROUP_KEY = "group_key"  # of an item: its group_id, else its item_id
IDENTIFIERS = "identifiers"  # an item's numbers: item_id, SKU, EAN, MPN
ENGINE_MODELS = "engine-models"
TEMPLATES = (
    "items",
    "sessions",
    "ubi_queries",
    "ubi_events",
    "rules",
    "experiments",
    "rebuilds",
    "keys",
    ENGINE_MODELS,
)
META = "live_intent"
PRODUCT = "live-intent"
MARK = {"made_by": PRODUCT}  # in `_meta` of all that we make in a cluster


@dataclass(frozen=True)
class IndexNames:
    """Every name in the cluster that starts with one prefix."""

    prefix: str = ""

    @property
    def items(self) -> str:
        """Alias of the live items index."""
        return f"{self.prefix}items"

    @property
    def no_items(self) -> str:
        """What to say where no items index is: how to make one, or how another prefix is named."""
        return (
            f"there is no index behind the alias {self.items}: make one with live-intent index "
            "rebuild CATALOGUE, or name the prefix of one that there is by LIVE_INTENT_INDEX_PREFIX"
        )

    @property
    def items_building(self) -> str:
        """Alias of the items index that a rebuild is filling."""
        return f"{self.prefix}items-building"

    @property
    def owner_alias_prefix(self) -> str:
        """What the alias begins with that says which process fills an items index."""
        return f"{self.items_building}-by-"

    @property
    def items_pattern(self) -> str:
        return f"{self.prefix}items-*"

    @property
    def suggestions(self) -> str:
        """Alias of the live index of suggestions."""
        return f"{self.prefix}suggestions"

    @property
    def suggestions_pattern(self) -> str:
        return f"{self.prefix}suggestions-*"

    @property
    def sessions(self) -> str:
        return f"{self.prefix}sessions"

    @property
    def ubi_queries(self) -> str:
        return f"{self.prefix}ubi_queries"

    @property
    def ubi_events(self) -> str:
        return f"{self.prefix}ubi_events"

    @property
    def rules(self) -> str:
        """The index of merchandisers' rules."""
        return f"{self.prefix}rules"

    @property
    def experiments(self) -> str:
        """The index of experiments."""
        return f"{self.prefix}experiments"

    @property
    def rebuilds(self) -> str:
        """The index of the history of rebuilds."""
        return f"{self.prefix}rebuilds"

    @property
    def keys(self) -> str:
        """The index of API keys, as hashes."""
        return f"{self.prefix}keys"

    @property
    def engine_models(self) -> str:
        """The index of what the plugin inside OpenSearch knows of each items index."""
        return f"{self.prefix}{ENGINE_MODELS}"

    @property
    def search_pipeline(self) -> str:
        """The search pipeline of that plugin."""
        return f"{self.prefix}{PRODUCT}"

    @property
    def deletions(self) -> str:
        """The index of deleted items, which rebuilds read."""
        return f"{self.prefix}deleted_items"

    @property
    def deletions_writing(self) -> str:
        """The alias that it is written through."""
        return self.writing(self.deletions)

    @property
    def stores(self) -> tuple[str, ...]:
        """The indexes of sessions and UBI."""
        return self.sessions, self.ubi_queries, self.ubi_events

    @property
    def store_names(self) -> tuple[str, ...]:
        """The indexes of `stores`, and the alias of each that is written to."""
        return (*self.stores, *map(self.writing, self.stores))

    @staticmethod
    def writing(store: str) -> str:
        """The alias that such an index is written through, so that no write creates an index."""
        return f"{store}-write"

    def new_items_index(self, now: datetime, taken: Collection[str] = ()) -> str:
        """`items-<UTC time>`, with a suffix `-2`, `-3`, ... if the name is `taken`.

        OpenSearch wants lower case, hence `20261124t101500z`. Names sort by time.
        """
        return _stamped(self.items, now, taken)

    def new_suggestions_index(self, now: datetime, taken: Collection[str] = ()) -> str:
        """`suggestions-<UTC time>`, otherwise as `new_items_index`."""
        return _stamped(self.suggestions, now, taken)

    def template(self, which: str) -> str:
        """Name of the index template for one of `TEMPLATES`."""
        if self.prefix.startswith(PRODUCT):  # `live-intent-items` is the one without a prefix
            return f"{self.prefix}{which.replace('_', '-')}-template"
        return self.earlier_template(which)

    def earlier_template(self, which: str) -> str:
        """The name that earlier versions gave that template, whatever the prefix."""
        return f"{self.prefix}{PRODUCT}-{which.replace('_', '-')}"

    def templates(self, which: str) -> set[str]:
        """Every name that this installation's template has, or had."""
        return {self.template(which), self.earlier_template(which)}


@dataclass(frozen=True)
class VectorField:
    """How item vectors are indexed: HNSW by inner product (the cosine of unit vectors).

    `version`: of the OpenSearch that makes the index.

    Raises:
        SettingsError: a number out of the engine's range, or a quantisation that it lacks.
    """

    dimension: int
    engine: Engine = "lucene"
    m: int = 16
    ef_construction: int = 100
    ef_search: int = 100
    quantization: QuantizationName = "none"
    version: str = DEFAULT

    def __post_init__(self) -> None:
        if self.engine not in get_args(Engine):
            raise SettingsError(f"engine={self.engine}: allowed are lucene and faiss")
        quantization_of(self.quantization, self.engine)
        for name, lowest, highest in (
            ("dimension", 1, 16_000),
            ("m", 2, 100),
            ("ef_construction", 2, 10_000),
            ("ef_search", 2, 10_000),
        ):
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise SettingsError(f"{name}={value}: allowed is {lowest} to {highest}")

    @property
    def mapping(self) -> dict[str, Any]:
        """The field's mapping. Lucene takes `ef_search` with each query, faiss from the mapping."""
        quantization = quantization_of(self.quantization, self.engine)
        parameters: dict[str, Any] = {"m": self.m, "ef_construction": self.ef_construction}
        if self.engine == "faiss":
            parameters["ef_search"] = self.ef_search
        if quantization.parameters is not None:
            own = quantization.parameters(self.version)
            parameters["encoder"] = {"name": "sq", "parameters": dict(own)}
        return {
            **quantization.field,
            "type": "knn_vector",
            "dimension": self.dimension,
            "method": {
                "name": "hnsw",
                "space_type": "innerproduct",
                "engine": self.engine,
                "parameters": parameters,
            },
        }


def load_template(
    which: str, prefix: str = "", analyzer: str = "english", compound_parts: Sequence[str] = ()
) -> dict[str, Any]:
    """The index template for one of `TEMPLATES`, its index patterns with `prefix`.

    The mapping that it gives to an index carries our mark. `compound_parts`: words that the
    analyzer splits compounds into.

    Raises:
        SettingsError: `analyzer` has a character that no name of an analyzer has.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", analyzer):
        raise SettingsError(f"analyzer={analyzer!r}: allowed are letters, digits, '_', '.', '-'")
    template = _read_template(which)
    template["index_patterns"] = [prefix + pattern for pattern in template["index_patterns"]]
    if which != "items":
        template["template"]["aliases"] = {IndexNames.writing(prefix + which): {}}
    mappings = template["template"]["mappings"]
    mappings["_meta"] = dict(MARK)
    if which == "items":
        analysis = TextAnalysis(analyzer, compound_parts)
        template["template"]["settings"]["index.analysis"] = analysis.settings
        analysis.name_in(mappings["properties"])
    return template


def _read_template(which: str) -> dict[str, Any]:
    source = resources.files("plugin_config").joinpath("index_templates", f"{which}.json")
    template: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return template


def items_mapping(
    vector: VectorField,
    analyzer: str,
    meta: dict[str, Any],
    compound_parts: Sequence[str] = (),
    *,
    attributes: AttributeFields | None = None,
    languages: Mapping[str, TextAnalysis] | None = None,
) -> dict[str, Any]:
    """The body that creates an items index: settings and mappings.

    `analyzer` is `english`, `cjk`, `standard` or any other that the cluster knows. `meta`, together
    with the vector field's `hnsw` parameters, becomes `_meta.live_intent`. `_source` holds only the
    float16 copy of the vector, which a realtime GET reads. A partial update (`_update`) would lose
    the vector, so a document is always written whole. Doc values of the copy come as base64 without
    the `=` padding. `attributes` and `languages`: those that get fields.
    """
    template = load_template("items", analyzer=analyzer, compound_parts=compound_parts)
    body: dict[str, Any] = template["template"]
    properties = body["mappings"]["properties"]
    properties[VECTOR] = vector.mapping
    for name, fields in (attributes or AttributeFields()).properties().items():
        properties[name] |= fields
    localize(body, languages or {})
    hnsw = {name: value for name, value in asdict(vector).items() if name != "dimension"}
    body["mappings"]["_meta"] = {**MARK, META: {"hnsw": hnsw, **meta}}
    return body


def localize(body: dict[str, Any], languages: Mapping[str, TextAnalysis]) -> None:
    """Add the fields and analyzers of languages to the body that creates an items index."""
    own_fields = _read_template("items")["template"]["mappings"]["properties"]
    add_languages(body, own_fields, languages)


def has_field(mapping: Mapping[str, Any], name: str) -> bool:
    """Whether an index's mapping has the sub-field `name`: `title.sorted`."""
    field, sub_field = name.split(".")
    return sub_field in mapping.get("properties", {}).get(field, {}).get("fields", {})


def _stamped(alias: str, now: datetime, taken: Collection[str]) -> str:
    base = f"{alias}-{now.astimezone(UTC):%Y%m%dt%H%M%Sz}"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def stores_field(mapping: Mapping[str, Any], name: str) -> bool:
    """Whether an index's mapping stores the field `name` beside the source."""
    return bool(mapping.get("properties", {}).get(name, {}).get("store"))
