"""Parses writes of items; in a request of several, each is checked alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from indexer.catalogue.changes.item_changes import ItemChange
from indexer.catalogue.items import to_item
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.values.text import ValueProblem
from query_service.items.item_writer import ItemOperation
from query_service.schemas.administration.items import (
    MAX_OPERATIONS,
    DeleteItem,
    ItemFields,
    ItemPatch,
    Operation,
    PutItem,
)
from query_service.web.errors import ApiProblem
from query_service.web.field_errors import field_errors

_RULES = ReadingRules(strict=True)  # an unreadable value is refused, not left out
_OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)


@dataclass(frozen=True)
class OperationError:
    """A write that is malformed: which field is wrong, and why."""

    item_id: str
    field: str
    message: str


def put_operation(item_id: str, item: ItemFields, version: int | None) -> ItemOperation:
    """The write of a whole item. Raises ValueProblem."""
    raw = {"item_id": item_id, **item.model_dump(exclude_none=True)}
    return ItemOperation("put", item_id, item=to_item(raw, _RULES), version=version)


def patch_operation(item_id: str, item: ItemPatch, version: int | None) -> ItemOperation:
    """The write of some fields. Raises ValueProblem."""
    raw = {"item_id": item_id, **item.model_dump(exclude_unset=True)}
    change = ItemChange.of(raw, _RULES, version=version)
    return ItemOperation("patch", item_id, change=change, version=version)


def parse_operations(body: object) -> list[ItemOperation | OperationError]:
    """One entry per write of {"operations": [...]}, in order. Raises ApiProblem."""
    writes = body.get("operations") if isinstance(body, Mapping) else None
    if not isinstance(writes, list) or not isinstance(body, Mapping) or len(body) > 1:
        raise ApiProblem(422, 'The body is {"operations": [...]} and nothing else.')
    if not 0 < len(writes) <= MAX_OPERATIONS:
        raise ApiProblem(422, f"{len(writes)} operations: a request has 1 to {MAX_OPERATIONS}.")
    return [_parse(each) for each in writes]


def _parse(write: object) -> ItemOperation | OperationError:
    item_id = str(write.get("item_id", "")) if isinstance(write, Mapping) else ""
    try:
        form = _OPERATION.validate_python(write)
        if isinstance(form, DeleteItem):
            return ItemOperation("delete", form.item_id, version=form.version)
        if isinstance(form, PutItem):
            return put_operation(form.item_id, form.item, form.version)
        return patch_operation(form.item_id, form.item, form.version)
    except ValidationError as error:
        first = field_errors(error)[0]
        kind = f"{write.get('op')}." if isinstance(write, Mapping) else ""
        return OperationError(item_id, first.field.removeprefix(kind), first.message)
    except ValueProblem as problem:
        return OperationError(item_id, "item", str(problem))
