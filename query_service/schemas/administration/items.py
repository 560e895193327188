"""The API's requests and answers about items: whole ones, changes of some fields, deletions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from indexer.catalogue.values.text import MAX_TEXT, MAX_TITLE
from query_service.schemas.fields.alternatives import (
    chosen_by_kind,
    is_flag,
    is_list,
    is_list_of_lists,
    is_null,
    is_number,
    is_text,
)
from query_service.schemas.fields.identifiers import Identifier, ItemId, PriceList
from query_service.schemas.fields.language import Code
from query_service.schemas.fields.numbers import Flag, Number
from query_service.schemas.fields.strict import Strict

MAX_OPERATIONS = 1000  # in one request
MAX_NOTES = 100  # of one answer
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TITLE, pattern=r"[^\s\x00-\x1f\x7f-\x9f]"),
    Field(json_schema_extra={"example": "Wireless headphones"}),
]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Name = Annotated[str, StringConstraints(max_length=500)]
Amount = Annotated[Number, Field(ge=0, le=1e12)]
_Number = Annotated[Number, Field(gt=-1e12, lt=1e12)]
_AttributeText = Annotated[Text, Field(max_length=2000)]
_SCALARS = ((is_flag, Flag), (is_number, _Number), (is_text, _AttributeText))
_Scalar = Annotated[
    Flag | _Number | _AttributeText,
    chosen_by_kind("a text, a number, true or false is wanted", *_SCALARS),
]
_Scalars = Annotated[list[_Scalar], Field(max_length=1000)]
Attribute = Annotated[
    Flag | _Number | _AttributeText | _Scalars,
    chosen_by_kind(
        "a text, a number, true, false or a list of them is wanted; of an object each part is an "
        "attribute of its own, `size.width`",
        *_SCALARS,
        (is_list, _Scalars),
    ),
]
Path = Annotated[list[Name], Field(max_length=50)]
_Paths = Annotated[list[Path], Field(max_length=50)]
Category = Annotated[
    Name | Path | _Paths,
    chosen_by_kind(
        'a path is wanted, "Phones > Smart" or ["Phones", "Smart"], or a list of such lists',
        (is_text, Name),
        (is_list_of_lists, _Paths),
        (is_list, Path),
    ),
]
_Identifiers = Annotated[list[Identifier], Field(max_length=50)]
Identifiers = Annotated[
    _Identifiers | Identifier,
    chosen_by_kind(
        "a text, a whole number or a list of them is wanted",
        (is_list, _Identifiers),
        (lambda value: is_text(value) or is_number(value), Identifier),
    ),
]
Time = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^(197[1-9]|19[89]\d|20\d\d)-"),
    Field(json_schema_extra={"format": "date-time", "example": "2026-11-24T10:15:00Z"}),
]
Version = Annotated[
    int,
    Field(
        ge=10**12,
        lt=10**13,
        description="When the change was made, ms since 1970; absent: now. A write that is older "
        "than what is stored changes nothing; one more than a day ahead of the service's clock is "
        "refused (409).",
    ),
]


def _with_property_names(schema: dict[str, Any]) -> None:
    """Say that every name has the pattern: `patternProperties` alone allows any others."""
    ((pattern, value),) = schema["patternProperties"].items()
    schema |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}


def _without_default(schema: dict[str, Any]) -> None:
    """Drop the default null, which the schema does not allow."""
    schema.pop("default")


class ItemPath(BaseModel):
    """An item, in a path; characters with a meaning in paths are percent-encoded."""

    item_id: ItemId


class VersionQuery(Strict):
    """The version of a write."""

    version: Version | None = None


class TranslationPatch(Strict):
    """Texts of an item in one language; what is absent is as in the item's own texts."""

    title: Title | None = None
    description: Text | None = None
    category: Category | None = None


class ItemPatch(Strict):
    """Some fields of an item, as a merge patch (RFC 7396): null removes, absent fields stay."""

    title: Annotated[
        Title | SkipJsonSchema[None],
        chosen_by_kind("a text is wanted", (is_text, Title), (is_null, None)),
    ] = Field(
        None,
        description="Can't be removed.",
        json_schema_extra=_without_default,
    )
    description: Text | None = None
    brand: Name | None = None
    category: Category | None = Field(
        None, description='A path: "Phones > Smart" or ["Phones", "Smart"]; or a list of paths.'
    )
    price: Amount | None = None
    currency: Annotated[str, StringConstraints(max_length=16)] | None = None
    available: Flag | None = None
    popularity: Amount | None = None
    image_url: Text | None = None
    attributes: dict[Name, Attribute | None] | None = Field(
        None, max_length=1000, description="By name: texts, numbers, flags, or lists of them."
    )
    language: Annotated[str, StringConstraints(max_length=35)] | None = None
    updated_at: Time | None = None
    identifiers: Identifiers | None = Field(None, description="SKU, EAN, MPN and the like.")
    prices: (
        Annotated[
            dict[PriceList, Amount | None],
            Field(max_length=50, json_schema_extra=_with_property_names),
        ]
        | None
    ) = Field(
        None,
        description="By price list, a currency or any name; null removes.",
        json_schema_extra={"example": {"EUR": 17.5}},
    )
    translations: (
        Annotated[
            dict[Code, TranslationPatch | None],
            Field(max_length=100, json_schema_extra=_with_property_names),
        ]
        | None
    ) = Field(
        None,
        description="Texts by further language; null removes.",
        json_schema_extra={"example": {"de": {"title": "Lampe"}}},
    )
    group_id: ItemId | None = Field(None, description="Equal for the variants of one product.")


class ItemFields(ItemPatch):
    """A whole item: a field that is absent is empty afterwards."""

    title: Title


class PutItem(Strict):
    """Put a whole item, new or in place of what is there."""

    op: Literal["put"]
    item_id: ItemId
    item: ItemFields
    version: Version | None = None


class PatchItem(Strict):
    """Change the given fields of an item that is there."""

    op: Literal["patch"]
    item_id: ItemId
    item: ItemPatch
    version: Version | None = None


class DeleteItem(Strict):
    """Delete an item."""

    op: Literal["delete"]
    item_id: ItemId
    version: Version | None = None


Operation = Annotated[PutItem | PatchItem | DeleteItem, Field(discriminator="op")]


class Operations(Strict):
    """Several writes, done in order."""

    operations: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)


_NOTES = Field(
    default=None,
    description="Fields that a put took away, new attributes, values that are not of their type.",
)


class ItemAnswer(Strict):
    """What became of one write."""

    item_id: str
    status: Literal["created", "updated", "deleted", "not_found", "superseded", "rejected"]
    index: int | None = Field(default=None, description="Its position in the request, from 0.")
    error: str | None = None
    field: str | None = Field(default=None, description="The field that is wrong.")
    notes: list[str] | None = _NOTES


class ItemsResponse(Strict):
    """What became of the writes, one by one."""

    written: int
    failed: int
    items: list[ItemAnswer]
    notes: list[str] | None = _NOTES
