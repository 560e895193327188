"""The API's requests and answers about items: whole ones, changes of some fields, deletions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from query_service.schemas.identifiers import ItemId
from query_service.schemas.search import Strict

MAX_OPERATIONS = 1000  # in one request
Title = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"\S")]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Name = Annotated[str, StringConstraints(max_length=500)]
Number = Annotated[float, Field(ge=0, le=1e12)]
Names = Annotated[list[Name], Field(max_length=50)]
Version = Annotated[
    int | None,
    Field(
        ge=10**12,
        lt=10**13,
        description="When the change was made, ms since 1970; absent: now. A write that is older "
        "than what is stored changes nothing.",
    ),
]


class ItemPath(BaseModel):
    """An item, in a path; characters with a meaning in paths are percent-encoded."""

    item_id: ItemId


class VersionQuery(Strict):
    """The version of a write."""

    version: Version = None


class ItemPatch(Strict):
    """Some fields of an item, as a merge patch (RFC 7396): null removes, absent fields stay."""

    model_config = ConfigDict(strict=True)

    title: Title | None = Field(None, description="Can't be removed.")
    description: Text | None = None
    brand: Name | None = None
    category: Name | Names | Annotated[list[Names], Field(max_length=50)] | None = Field(
        None, description='A path: "Phones > Smart" or ["Phones", "Smart"]; or a list of paths.'
    )
    price: Number | None = None
    currency: Annotated[str, StringConstraints(max_length=16)] | None = None
    available: bool | None = None
    popularity: Number | None = None
    image_url: Text | None = None
    attributes: dict[str, Any] | None = Field(
        None, max_length=1000, description="By name: texts, numbers, flags, or lists of them."
    )
    language: Annotated[str, StringConstraints(max_length=35)] | None = None
    updated_at: str | float | None = None
    identifiers: Names | Name | None = Field(None, description="SKU, EAN, MPN and the like.")


class ItemFields(ItemPatch):
    """A whole item: a field that is absent is empty afterwards."""

    title: Title


class PutItem(Strict):
    """Put a whole item, new or in place of what is there."""

    op: Literal["put"]
    item_id: ItemId
    item: ItemFields
    version: Version = None


class PatchItem(Strict):
    """Change the given fields of an item that is there."""

    op: Literal["patch"]
    item_id: ItemId
    item: ItemPatch
    version: Version = None


class DeleteItem(Strict):
    """Delete an item."""

    op: Literal["delete"]
    item_id: ItemId
    version: Version = None


Operation = Annotated[PutItem | PatchItem | DeleteItem, Field(discriminator="op")]


class Operations(Strict):
    """Several writes, done in order."""

    operations: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)


class ItemAnswer(Strict):
    """What became of one write."""

    item_id: str
    status: Literal["created", "updated", "deleted", "not_found", "superseded", "rejected"]
    index: int | None = Field(default=None, description="Its position in the request, from 0.")
    error: str | None = None
    field: str | None = Field(default=None, description="The field that is wrong.")


class ItemsResponse(Strict):
    """What became of the writes, one by one."""

    written: int
    failed: int
    items: list[ItemAnswer]
