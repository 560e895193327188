"""Merchandisers' rules: the shape of the TOML file, of `/v1/rules` and of what is stored."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from query_service.schemas.fields.identifiers import ItemId
from query_service.schemas.fields.numbers import NO_TEXT, Flag, Number
from query_service.schemas.fields.patterns import ADDRESS, ONE_LINE, RULE_ID, TIME
from query_service.schemas.fields.strict import Strict
from query_service.schemas.search.filters import Filters, Values
from query_service.user.actions import Action, Scenario

MAX_RULES = 1000
MAX_POSITION = 100
MAX_BANNER = 10_000  # characters as JSON
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Phrases = Annotated[list[Phrase], Field(min_length=1, max_length=100)]
Phrases = Annotated[_Phrases, BeforeValidator(_listed, json_schema_input_type=Phrase | _Phrases)]
_Scenarios = Annotated[list[Scenario], Field(min_length=1, max_length=3)]
Scenarios = Annotated[
    _Scenarios, BeforeValidator(_listed, json_schema_input_type=Scenario | _Scenarios)
]
Pattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512),
    Field(description="A regular expression of RE2: no backtracking, hence none that hangs."),
]
Url = Annotated[
    str,
    StringConstraints(
        max_length=2000,
        pattern=ADDRESS,
        strip_whitespace=True,
    ),
    Field(json_schema_extra={"example": "/pages/returns"}),
]
Moment = Annotated[
    str,
    StringConstraints(max_length=40, pattern=TIME),
    Field(json_schema_extra={"example": "2026-11-27T00:00:00"}),
]


def _moment(text: str, zone: str, *, end: bool) -> datetime:
    """A moment with its zone; a date alone is its first moment, at the `end` its last."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date and time: write 2026-11-27T09:00:00") from None
    if len(text) == 10:
        day = date.fromisoformat(text) + timedelta(days=int(end))
        read = datetime.combine(day, time())
    if read.tzinfo is None:
        if not zone:
            raise ValueError(
                f'{text} has no zone: write zone = "Europe/Berlin" or zone = "UTC" beside it'
            )
        read = read.replace(tzinfo=ZoneInfo(zone))
    return read


class Window(Strict):
    """From a moment on, until another: a date alone counts whole."""

    from_: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    zone: Annotated[str, StringConstraints(max_length=64)] = Field(
        "", description="As `Europe/Berlin`: of times that say none.", examples=["Europe/Berlin"]
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            return zone and ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone: write one as Europe/Berlin") from None

    @model_validator(mode="after")
    def _in_order(self) -> "Window":
        begin, end = self.begin, self.end
        if begin is None and end is None:
            raise ValueError("a window has `from`, `until` or both")
        if begin is not None and end is not None and begin >= end:
            raise ValueError(f"until, {self.until}, is not after from, {self.from_}")
        return self

    @property
    def begin(self) -> datetime | None:
        """The first moment; None: always before the end."""
        return None if self.from_ is None else _moment(self.from_, self.zone, end=False)

    @property
    def end(self) -> datetime | None:
        """The first moment after it; None: it does not end."""
        return None if self.until is None else _moment(self.until, self.zone, end=True)


class QueryCondition(Strict):
    """On the query in its one spelling: letter case, accents and hyphens don't count.

    All parts hold; several phrases of one part mean any of them.
    """

    is_: Phrases | None = Field(default=None, alias="is")
    contains: Phrases | None = Field(default=None, description="These words, beside each other.")
    matches: Pattern | None = None


class ActedOn(Strict):
    """An item that the visitor acted on, of any of these brands and categories."""

    brand: Values | None = None
    category: Values | None = None


class VisitorCondition(Strict):
    """On the visitor; all parts hold. It fails where the visitor's session could not be read."""

    new: Flag | None = Field(None, description="Whether nothing is known that the visitor did.")
    known: Flag | None = Field(None, description="Whether the request has a `user_id`.")
    did: dict[Action, ActedOn] | None = Field(
        None, min_length=1, description="By action: purchase, click, add_to_cart, ..."
    )


class Conditions(Strict):
    """When a rule applies: all parts hold."""

    request: Literal["search", "recommend"] | None = None
    query: QueryCondition | None = None
    category: Values | None = Field(
        None, description="The request is filtered by one of these categories, or one below."
    )
    filters: Filters | None = Field(
        None, description="The request is filtered by these, or more narrowly."
    )
    scenario: Scenarios | None = None
    window: Window | None = None
    visitor: VisitorCondition | None = None


class Pin(Strict):
    """An item at a position, counted from 1 over all pages."""

    item_id: ItemId
    position: Annotated[int, Field(ge=1, le=MAX_POSITION), NO_TEXT]
    even_unavailable: Flag = False


class Weighting(Strict):
    """Items that rise or sink, by a share of what lies between the best score and the lowest."""

    filters: Filters
    by: Annotated[Number, Field(gt=0, le=1)] = 0.3


class Hidden(Strict):
    """Items that are no hits: these, and those that fulfil the filters."""

    item_ids: Annotated[list[ItemId], Field(min_length=1, max_length=1000)] | None = None
    filters: Filters | None = None


def _small(banner: dict[str, Any]) -> dict[str, Any]:
    size = len(orjson.dumps(banner))
    if size > MAX_BANNER:
        raise ValueError(f"a banner has at most {MAX_BANNER} bytes as JSON; this one has {size}")
    return banner


class Consequences(Strict):
    """What a rule does."""

    pin: Annotated[list[Pin], Field(min_length=1, max_length=MAX_POSITION)] | None = None
    boost: Annotated[list[Weighting], Field(min_length=1, max_length=20)] | None = None
    bury: Annotated[list[Weighting], Field(min_length=1, max_length=20)] | None = None
    hide: Hidden | None = None
    filters: Filters | None = Field(None, description="Every hit fulfils these too.")
    synonyms: Annotated[list[Phrase], Field(min_length=1, max_length=10)] | None = Field(
        None, description="Searched in place of the words that the query condition names, too."
    )
    redirect: Url | None = Field(None, description="Given to the front end, which may follow it.")
    banner: Annotated[dict[str, Any], AfterValidator(_small)] | None = Field(
        None, description="Given to the front end as it is."
    )


class Rule(Strict):
    """When, then. Of two rules that want different things the first one wins."""

    id: Annotated[
        str,
        StringConstraints(pattern=RULE_ID),
        Field(json_schema_extra={"example": "lamps-of-the-week"}),
    ]
    name: Annotated[
        str,
        StringConstraints(max_length=200, pattern=ONE_LINE),
        Field(json_schema_extra={"example": "Lamps of the week"}),
    ] = ""
    enabled: Flag = True
    when: Conditions
    then: Consequences

    @property
    def title(self) -> str:
        """The name, else the id."""
        return self.name or self.id


class RuleSet(Strict):
    """All rules, in order."""

    rules: list[Rule] = Field(max_length=MAX_RULES)

    def stored(self) -> list[dict[str, Any]]:
        """The rules as JSON: what was said of each, and nothing else."""
        return [
            rule.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
            for rule in self.rules
        ]
