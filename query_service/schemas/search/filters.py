"""The filters of a request."""

from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from query_service.schemas.fields.alternatives import is_text, listed
from query_service.schemas.fields.identifiers import ItemId
from query_service.schemas.fields.numbers import Flag, Number
from query_service.schemas.fields.strict import Strict

# Bounds that keep a request below what the engine refuses: 65,536 terms and 1,024 clauses.
Value = Annotated[str, StringConstraints(max_length=512)]
MAX_ATTRIBUTES = 50
MAX_NUMBER = 1e300  # of an attribute
# The index holds prices as float32, where a larger bound would be infinite.
PriceBound = Annotated[Number, Field(ge=0, le=1e38)]
Values = Annotated[
    list[Value],
    Field(max_length=1000),
    BeforeValidator(
        listed(is_text, "a text or a list of texts is wanted"),
        json_schema_input_type=Value | Annotated[list[Value], Field(max_length=1000)],
    ),
]


def _scalar(value: bool | int | float | str) -> bool | int | float | str:
    """One message for a wrong value, where a union would have one for each of its types."""
    if isinstance(value, str):
        if len(value) <= 512:
            return value
        raise ValueError("a text has at most 512 characters")
    if isinstance(value, bool | int | float):
        if abs(value) <= MAX_NUMBER:  # not so for NaN
            return value
        raise ValueError(f"a number is at most {MAX_NUMBER:g}")
    raise ValueError("a text, a number, true or false is wanted")


def _bound(value: int | float | str) -> bool | int | float | str:
    if isinstance(value, bool):
        raise ValueError("a number, or a date as a text, is wanted")  # noqa: TRY004
    return _scalar(value)


_SCALARS_WANTED = "a text, a number, true, false or a list of them is wanted"
_FINITE = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Scalar = Annotated[
    bool | int | float | str,
    PlainValidator(_scalar, json_schema_input_type=bool | _FINITE | Value),
]
Bound = Annotated[int | float | str, PlainValidator(_bound, json_schema_input_type=_FINITE | Value)]
Scalars = Annotated[
    list[Scalar],
    Field(max_length=1000),
    BeforeValidator(
        listed(lambda value: isinstance(value, str | int | float), _SCALARS_WANTED),
        json_schema_input_type=Scalar | Annotated[list[Scalar], Field(max_length=1000)],
    ),
]


Ids = Annotated[
    list[ItemId],
    Field(max_length=1000),
    BeforeValidator(
        lambda value: value if isinstance(value, list) else [value],
        json_schema_input_type=ItemId | Annotated[list[ItemId], Field(max_length=1000)],
    ),
]


class Condition(Strict):
    """Any of the values, none of the values, present or missing."""

    any: Values | None = None
    not_: Values | None = Field(None, alias="not")
    exists: Flag | None = None


class GroupCondition(Strict):
    """As `Condition`, for ids of groups."""

    any: Ids | None = None
    not_: Ids | None = Field(None, alias="not")
    exists: Flag | None = None


class AttributeCondition(Strict):
    """As `Condition`, and bounds of numbers and of dates."""

    any: Scalars | None = None
    not_: Scalars | None = Field(None, alias="not")
    exists: Flag | None = None
    gte: Bound | None = None
    gt: Bound | None = None
    lte: Bound | None = None
    lt: Bound | None = None


def _any_of(values: Any, condition: Any) -> WrapValidator:
    """Take a value, or a list of them, as the condition that an item has any of them."""
    adapter: TypeAdapter[Any] = TypeAdapter(values)

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if not isinstance(value, dict | condition):
            value = {"any": adapter.validate_python(value)}
        return handler(value)

    return WrapValidator(validate, json_schema_input_type=values | condition)


FieldFilter = Annotated[Condition, _any_of(Values, Condition)]
GroupFilter = Annotated[GroupCondition, _any_of(Ids, GroupCondition)]
AttributeFilter = Annotated[AttributeCondition, _any_of(Scalars, AttributeCondition)]


class PriceRange(Strict):
    """Bounds of the price: at least, more than, at most, less than."""

    gte: PriceBound | None = None
    gt: PriceBound | None = None
    lte: PriceBound | None = None
    lt: PriceBound | None = None

    @field_validator("lte")
    @classmethod
    def _in_order(cls, lte: float | None, info: ValidationInfo) -> float | None:
        gte = info.data.get("gte")
        if lte is not None and gte is not None and lte < gte:
            raise ValueError(f"{lte:g} is less than gte, {gte:g}")
        return lte


class Filters(Strict):
    """Every hit fulfils all of them; several values of one field mean any of them.

    Values match whatever their letter case and Unicode form.
    """

    brand: FieldFilter | None = None
    category: FieldFilter | None = Field(None, description='A path: "Phones > Smartphones".')
    price: PriceRange | None = None
    available: Flag | None = None
    language: FieldFilter | None = None
    currency: FieldFilter | None = None
    group_id: GroupFilter | None = Field(
        None, description="The variants of these products; their letter case counts."
    )
    attributes: dict[Value, AttributeFilter] | None = Field(None, max_length=MAX_ATTRIBUTES)
