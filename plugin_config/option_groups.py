"""Click options that several commands have, declared once and gathered into one value."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]


def options_of(*options: Option) -> Callable[[Command], Command]:
    """A decorator that adds all of these options, in the order of the help text."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def option_group(
    argument: str, group: "type[DataclassInstance]", *options: Option
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `options_of`, for a command that gets their values as one `group`, in its `argument`.

    `group` is a dataclass whose fields are the parameters of these options.
    """
    names = [field.name for field in fields(group)]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def gathering(*args: Any, **values: Any) -> Any:
            gathered = group(**{name: values.pop(name) for name in names})
            return command(*args, **{argument: gathered}, **values)

        return options_of(*options)(gathering)

    return add
