"""Ids in requests: of sessions, users, events and items; whole numbers are taken as texts."""

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from indexer.catalogue.values.text import MAX_ID, ValueProblem, read_id
from query_service.schemas.fields.patterns import ID, PRICE_LIST

# No spaces and no control characters: `auth0|5f7`, `us-east-1:0a/b+c==`, `shop@example.com`.
_Visible = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=128,
        pattern=ID,
    ),
]
_IN = r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # what `read_id` refuses
_ItemText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_ID, pattern=rf"^[^{_IN}]*[^\s{_IN}][^{_IN}]*$"),
]

# A larger number is read as a float, whose digits are not those that were sent.
_Digits = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]


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


# With examples: else a page that shows the document makes up 60 random characters.
Id = Annotated[
    _Visible,
    BeforeValidator(_as_text, json_schema_input_type=_Visible | _Digits),
    Field(json_schema_extra={"example": "visitor-7"}),
]
# As other engines make them: any text, also an empty one.
_QueryText = Annotated[str, StringConstraints(max_length=128)]
QueryId = Annotated[
    _QueryText, BeforeValidator(_as_text, json_schema_input_type=_QueryText | _Digits)
]
ItemId = Annotated[
    _ItemText,
    BeforeValidator(_read, json_schema_input_type=_ItemText | _Digits),
    Field(json_schema_extra={"example": "B07-42"}),
]
# An item's number beside its id: SKU, EAN, MPN.
_Number = Annotated[str, StringConstraints(max_length=500)]
Identifier = Annotated[_Number, BeforeValidator(_as_text, json_schema_input_type=_Number | _Digits)]
PriceList = Annotated[
    str,
    StringConstraints(pattern=PRICE_LIST),
    Field(json_schema_extra={"example": "EUR"}),
]
