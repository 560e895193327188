"""Ids in requests: of sessions, users, events and items; whole numbers are taken as texts."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from indexer.catalogue.values.text import MAX_ID, ValueProblem, read_id

# No spaces and no control characters: `auth0|5f7`, `us-east-1:0a/b+c==`, `shop@example.com`.
_Visible = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=128,
        pattern=r"^[^\s\x00-\x1f\x7f]+$",
    ),
]
_ItemText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]


def _as_text(value: object) -> object:
    """A whole number as its digits; any other value as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read(value)
    return value


def _read(value: object) -> str:
    """The id as a catalogue's is read. Raises ValueError, whose message says what is wrong."""
    try:
        return read_id(value, "it")
    except ValueProblem as problem:
        raise ValueError(str(problem)) from None


Id = Annotated[_Visible, BeforeValidator(_as_text, json_schema_input_type=_Visible | int)]
ItemId = Annotated[_ItemText, BeforeValidator(_read, json_schema_input_type=_ItemText | int)]
