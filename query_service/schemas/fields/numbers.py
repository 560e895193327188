"""Numbers and flags in requests, as JSON has them: no texts, and no flags for numbers."""

from pydantic import BeforeValidator, StrictBool, StrictFloat

Flag = StrictBool
Number = StrictFloat  # whole ones too


def _no_text(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("a number is wanted")  # noqa: TRY004
    return value


# Of an int; the bounds stand before it, else they are not in the schema: 10.0 is whole in JSON.
NO_TEXT = BeforeValidator(_no_text)
