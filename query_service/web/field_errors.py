"""What is wrong with a body, by field."""

from pydantic import ValidationError

from query_service.schemas.answers import FieldError


class BodyMalformed(ValueError):
    """The body as a whole is not what the route takes."""


class WrongField(ValueError):
    """A field is wrong; the rest of the body may be well formed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def field_errors(error: ValidationError) -> list[FieldError]:
    """Each wrong field, by its dotted path, with what is wrong."""
    return [
        FieldError(
            field=".".join(str(key) for key in detail["loc"]),
            message=detail["msg"].removeprefix("Value error, "),
        )
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def first_error(error: ValidationError) -> WrongField:
    """The first wrong field."""
    first = field_errors(error)[0]
    return WrongField(first.field, first.message)
