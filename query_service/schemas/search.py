"""The API's requests for hits, and its answers."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from indexer.catalogue.spelling import canonical
from query_service.schemas.identifiers import Id, ItemId
from query_service.schemas.numbers import NO_TEXT, Flag, Number
from query_service.user.actions import Scenario

QueryText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=512),
    AfterValidator(canonical),
    Field(json_schema_extra={"pattern": r"\S", "example": "wireless headphones"}),
]
Deadline = Annotated[int, Field(ge=1, le=60000, description="Time for the answer, ms."), NO_TEXT]
# Bounds that keep a request below what the engine refuses: 65,536 terms and 1,024 clauses.
Value = Annotated[str, StringConstraints(max_length=512)]
MAX_ATTRIBUTES = 50
MAX_DEPTH = 10_000  # hits that can be paged through; the engine's `max_result_window`
# The index holds prices as float32, where a larger bound would be infinite.
PriceBound = Annotated[Number, Field(ge=0, le=1e38)]


class Strict(BaseModel):
    """No unknown keys: a mistyped field is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid")


Values = Annotated[
    list[Value],
    Field(max_length=1000),
    BeforeValidator(
        lambda value: [value] if isinstance(value, str) else value,
        json_schema_input_type=Value | Annotated[list[Value], Field(max_length=1000)],
    ),
]


def _scalar(value: bool | int | float | str) -> bool | int | float | str:
    """One message for a wrong value, where a union would have one for each of its types."""
    if isinstance(value, str):
        if len(value) <= 512:
            return value
        raise ValueError("a text has at most 512 characters")
    if isinstance(value, bool | int | float) and abs(value) < 2**63:  # not so for NaN
        return value
    raise ValueError("a text, a number, true or false is wanted")


def _bound(value: int | float | str) -> bool | int | float | str:
    if isinstance(value, bool):
        raise ValueError("a number, or a date as a text, is wanted")  # noqa: TRY004
    return _scalar(value)


_FINITE = Annotated[float, Field(gt=-(2**63), lt=2**63)]
Scalar = Annotated[
    bool | int | float | str,
    PlainValidator(_scalar, json_schema_input_type=bool | _FINITE | Value),
]
Bound = Annotated[int | float | str, PlainValidator(_bound, json_schema_input_type=_FINITE | Value)]
Scalars = Annotated[
    list[Scalar],
    Field(max_length=1000),
    BeforeValidator(
        lambda value: [value] if isinstance(value, str | int | float) else value,
        json_schema_input_type=Scalar | Annotated[list[Scalar], Field(max_length=1000)],
    ),
]


class Condition(Strict):
    """Any of the values, none of the values, present or missing."""

    any: Values | None = None
    not_: Values | None = Field(None, alias="not")
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
    attributes: dict[Value, AttributeFilter] | None = Field(None, max_length=MAX_ATTRIBUTES)


class _Visit(Strict):
    session_id: Id
    user_id: Id | None = None
    explain: Flag = False
    deadline_ms: Deadline | None = None


class _Paged(_Visit):
    model_config = ConfigDict(
        # A cursor says where the page begins. (No schema can say: from + size at most MAX_DEPTH.)
        json_schema_extra={
            "not": {
                "required": ["cursor", "from"],
                "properties": {"cursor": {"type": "string"}, "from": {"minimum": 1}},
            }
        }
    )

    size: Annotated[int, Field(ge=1, le=100), NO_TEXT] = 10
    from_: Annotated[int, Field(ge=0, le=MAX_DEPTH), NO_TEXT] = Field(0, alias="from")
    cursor: str | None = Field(
        None,
        max_length=1024,
        description="`next_cursor` of the page before: what the visitor did since is left out.",
    )
    filters: Filters | None = None
    personalize: Flag = True
    scenario: Scenario = "shop"

    @field_validator("from_")
    @classmethod
    def _not_too_deep(cls, from_: int, info: ValidationInfo) -> int:
        size = info.data.get("size", 1)
        if from_ + size > MAX_DEPTH:
            raise ValueError(
                f"from + size is {from_ + size}, at most {MAX_DEPTH}: narrow the search by filters"
            )
        return from_

    @field_validator("cursor")
    @classmethod
    def _without_from(cls, cursor: str | None, info: ValidationInfo) -> str | None:
        if cursor is not None and info.data.get("from_"):
            raise ValueError("a cursor already says where the page begins: leave `from` out")
        return cursor


class SearchRequest(_Paged):
    """A live query of a visitor."""

    query: QueryText


class RecommendRequest(_Paged):
    """No query: a start page, a feed, what to watch next."""


class RankRequest(_Visit):
    """Items of another engine's answer, to be ordered for this visitor."""

    item_ids: list[ItemId] = Field(
        min_length=1, max_length=500, json_schema_extra={"uniqueItems": True}
    )
    query: QueryText | None = None
    size: Annotated[int, Field(ge=1, le=500), NO_TEXT] | None = None

    @field_validator("item_ids")
    @classmethod
    def _unique(cls, item_ids: list[str]) -> list[str]:
        earlier: set[str] = set()
        for item_id in item_ids:
            if item_id in earlier:
                raise ValueError(f"the id {item_id} stands there twice")
            earlier.add(item_id)
        return item_ids


ShareKind = Literal[
    "query", "search_history", "event", "user_history", "item", "model", "identifier"
]


class Share(Strict):
    """How much of a score came from one source; negative: it counted against the item."""

    kind: ShareKind
    label: str
    value: float
    item_id: str | None = None
    action: str | None = None
    text: str | None = None


class Explanation(Strict):
    """Why a hit is where it is: the shares' values add up to the score."""

    score: float
    legs: dict[str, float | None] = Field(description="Score of each leg; null: it lacks the item.")
    shares: list[Share]
    why: str


class Hit(Strict):
    """One item of an answer."""

    item_id: str
    score: float
    position: int
    source: dict[str, Any]
    by_meaning: bool = Field(
        False, description="It has none of the query's words: it came by meaning alone."
    )
    reranked: bool = Field(
        True,
        description="False below the re-ranked candidates: the engine's order, no person in it.",
    )
    explanation: Explanation | None = None


class Total(Strict):
    """How many hits all pages have together, exactly (eq) or at least (gte).

    Of a search: the items with the query's words, and `by_meaning` more without them. Of a
    recommendation: the items that the filters allow.
    """

    value: int
    relation: Literal["eq", "gte"] = "eq"
    by_meaning: int = 0


class Degradation(Strict):
    """A stage that this answer had to do without."""

    stage: str
    reason: str


class QueryCut(Strict):
    """A long query, of which the engine was asked the most informative words only."""

    searched: str
    terms_left_out: int


class SearchResponse(Strict):
    """Ranked items, and what the answer says of itself."""

    query_id: str
    hits: list[Hit]
    total: Total
    timing_ms: dict[str, float]
    stages_run: list[str]
    degraded: list[Degradation]
    query_cut: QueryCut | None = Field(None, description="null: the whole query was searched.")
    index: str
    personalized: bool
    next_cursor: str | None = Field(
        None, description="For the page that follows this one; null after the last hit."
    )


class RankResponse(SearchResponse):
    """The given items in order; those the index does not have are named."""

    unknown_item_ids: list[str]


class FieldError(Strict):
    """One wrong field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str = Field(description="The request's id, as in the log.")
    errors: list[FieldError] | None = None
