"""What a browser key allows, signed by its parent's holder."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from plugin_config.errors import LiveIntentError
from query_service.access.scopes import BrowserScope
from query_service.schemas.fields.identifiers import Id, PriceList
from query_service.schemas.fields.strict import Strict
from query_service.schemas.search.filters import Filters
from query_service.setting_texts.rate import checked_rate
from query_service.user.actions import Scenario
from query_service.user.user_session import USER_SESSIONS, is_user_session, session_of_user

ANY_USER = "*"


class NotAllowed(LiveIntentError):
    """The key does not allow what the request asks for."""


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text[:100]!r} is no origin: write https://shop.example, without a path")
    return text.lower()


def _restricts(filters: Filters) -> Filters:
    """No filter that lets every item through by mistake."""
    if _has_nothing(filters.model_dump(exclude_none=True)):
        raise ValueError("an empty filter or list restricts nothing: leave it out")
    return filters


def _has_nothing(part: object) -> bool:
    if not isinstance(part, dict | list):
        return False
    inner = part.values() if isinstance(part, dict) else part
    return not part or any(map(_has_nothing, inner))


Origin = Annotated[str, Field(max_length=300), AfterValidator(_origin)]


class Restrictions(Strict):
    """What is left out is not restricted, but `user_id`: without it no user may be named."""

    scopes: list[BrowserScope] | None = Field(None, min_length=1, max_length=2)
    origins: list[Origin] | None = Field(None, min_length=1, max_length=50)
    filters: Annotated[Filters, AfterValidator(_restricts)] | None = None
    price_list: PriceList | None = None
    rate: Annotated[str, Field(max_length=100), AfterValidator(checked_rate)] = ""
    expires_at: int | None = Field(None, ge=0, le=10**11, description="Seconds since 1970.")
    scenario: Scenario | None = None
    user_id: Id | None = Field(None, description="The one user that may be named; *: any.")


@dataclass(frozen=True)
class RequestLimits:
    """What of a key's restrictions the answer itself must keep to."""

    filters: Filters | None = None
    price_list: str | None = None
    scenario: Scenario | None = None
    user_id: str | None = ANY_USER

    @classmethod
    def of(cls, restrictions: Restrictions) -> "RequestLimits":
        """Those of a browser key."""
        return cls(
            restrictions.filters,
            restrictions.price_list,
            restrictions.scenario,
            restrictions.user_id,
        )

    def check_price_list(self, price_list: str | None) -> str | None:
        """The price list to answer by. Raises NotAllowed for another than the key's."""
        if self.price_list is not None and price_list not in (None, self.price_list):
            raise NotAllowed(f"This browser key is for the price list {self.price_list} alone.")
        return self.price_list or price_list

    def allows_user(self, user_id: str) -> bool:
        """Whether the key may name the user."""
        return self.user_id in (ANY_USER, user_id)

    def check_visitor(self, session_id: str, user_id: str | None) -> None:
        """Raise NotAllowed for a user, or a user's session, that the key may not name."""
        if user_id is not None:
            self._check_user(user_id)
        if not is_user_session(session_id) or self.user_id == ANY_USER:
            return
        if self.user_id is None or session_id != session_of_user(self.user_id):
            raise NotAllowed(
                f"This browser key may not name the session {session_id[:150]}: those that begin "
                f"with {USER_SESSIONS} are of users. Take another name, or a key for that user_id."
            )

    def _check_user(self, user_id: str) -> None:
        if self.allows_user(user_id):
            return
        allowed = "no user_id" if self.user_id is None else "one user_id, which is another"
        raise NotAllowed(
            f"This browser key may name {allowed}: leave it out or derive another key."
        )

    def check_scenario(self, scenario: str) -> None:
        """Raise NotAllowed for another scenario."""
        if self.scenario is not None and scenario != self.scenario:
            raise NotAllowed(
                f"This browser key is for the scenario {self.scenario}, not {scenario}."
            )


UNLIMITED = RequestLimits()
_limits: ContextVar[RequestLimits] = ContextVar("request_limits", default=UNLIMITED)


def request_limits() -> RequestLimits:
    """Those of the request that this thread answers."""
    return _limits.get()


def set_request_limits(limits: RequestLimits) -> None:
    """Set those of the request that this thread answers."""
    _limits.set(limits)
