"""Fields that take values of several kinds; an error names the field as the caller wrote it.

A union of pydantic reports one error for each of its types, and puts the type into the path of the
field: `attributes.colour.bool`. Here the kind of the value chooses the type that it is checked by.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidatorFunctionWrapHandler, WrapValidator

Applies = Callable[[object], bool]


def chosen_by_kind(wanted: str, *types: tuple[Applies, Any]) -> WrapValidator:
    """Check a value by the first type that applies to its kind; `wanted` is the error of no kind.

    The annotated union stays the schema.
    """
    adapters = [(applies, TypeAdapter[Any](type_)) for applies, type_ in types]

    def validate(value: object, _: ValidatorFunctionWrapHandler) -> object:
        for applies, adapter in adapters:
            if applies(value):
                return adapter.validate_python(value)
        raise ValueError(wanted)

    return WrapValidator(validate)


def listed(one: Applies, wanted: str) -> Callable[[object], object]:
    """A validator that takes one value for a list of it; `wanted` is the error of any other."""

    def validate(value: object) -> object:
        if isinstance(value, list):
            return value
        if one(value):
            return [value]
        raise ValueError(wanted)

    return validate


def named(field: str, wanted: str) -> Callable[[object], object]:
    """A validator that takes a text for an object with that `field` alone."""

    def validate(value: object) -> object:
        if isinstance(value, str):
            return {field: value}
        if isinstance(value, Mapping | BaseModel):
            return value
        raise ValueError(wanted)

    return validate


def is_text(value: object) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def is_number(value: object) -> bool:
    """Whether a value is a number, and no flag."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_flag(value: object) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)


def is_list(value: object) -> bool:
    """Whether a value is a list."""
    return isinstance(value, list)


def is_list_of_lists(value: object) -> bool:
    """Whether a value is a list that has a list in it."""
    return isinstance(value, list) and any(map(is_list, value))


def is_null(value: object) -> bool:
    """Whether a value is null."""
    return value is None
