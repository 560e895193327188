"""What is wrong with a body, by field."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from query_service.schemas.fields.patterns import in_words
from query_service.schemas.problems import FieldError

_NAME = "[key]"  # pydantic's mark of a name of an object, in place of its value
_NO_KIND = ("union_tag_not_found", "union_tag_invalid")
_OBJECTS = ("model_type", "model_attributes_type", "dict_type")


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
        FieldError(field=".".join(_path(detail)), message=_message(detail))
        for detail in error.errors(include_url=False, include_input=False)
    ]


def _path(detail: ErrorDetails) -> list[str]:
    """The field as the caller wrote it; of a wrong name the name itself."""
    path = [str(key) for key in detail["loc"] if key != _NAME]
    if detail["type"] in _NO_KIND:
        path.append(detail["ctx"]["discriminator"].strip("'"))
    return path


def _message(detail: ErrorDetails) -> str:
    """What is wrong, without the names of classes."""
    if detail["type"] in _NO_KIND:
        kinds = detail["ctx"].get("expected_tags")
        return f"one of {kinds} is wanted" if kinds else "it is missing"
    if detail["type"] in _OBJECTS:
        return "an object is wanted"
    text = in_words(detail)
    return f"the name is wrong: {text}" if detail["loc"][-1:] == (_NAME,) else text


def first_error(error: ValidationError) -> WrongField:
    """The first wrong field."""
    first = field_errors(error)[0]
    return WrongField(first.field, first.message)
