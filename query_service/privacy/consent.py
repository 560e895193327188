"""What a visitor agrees to: of one request, of a session, and by the browser's signal."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, Literal

Refused = Literal["nothing", "learning", "storage", "all"]


@dataclass(frozen=True)
class Consent:
    """What may be done with what a visitor does.

    `personalize`: read it, and keep it with the session and the user. `store`: keep anything of it.
    `learn`: make suggestions and models of it, for others.
    """

    personalize: bool = True
    store: bool = True
    learn: bool = True

    @classmethod
    def of(
        cls, personalize: bool | None = None, store: bool | None = None, learn: bool | None = None
    ) -> "Consent":
        """Who refuses `personalize` has nothing stored, and who refuses either no part in what is
        learned, unless they say otherwise.
        """
        personalize = personalize is not False
        stored = personalize if store is None else store
        learned = personalize and stored if learn is None else learn
        return cls(personalize, stored, stored and learned)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any] | None) -> "Consent | None":
        """The consent in a session's document; None where it has none."""
        if not stored:
            return None
        return cls(**{name: bool(stored.get(name)) for name in asdict(ALL)})

    @classmethod
    def without(cls, refused: Refused) -> "Consent":
        """All but what is refused."""
        return {
            "nothing": ALL,
            "learning": cls(learn=False),
            "storage": cls(store=False, learn=False),
            "all": cls(personalize=False, store=False, learn=False),
        }[refused]

    def __and__(self, other: "Consent") -> "Consent":
        return Consent(
            self.personalize and other.personalize,
            self.store and other.store,
            self.learn and other.learn,
        )

    @property
    def keeps_history(self) -> bool:
        """Whether events and queries become part of the session's and the user's history."""
        return self.personalize and self.store


ALL = Consent()
# What the browser's Global Privacy Control refuses of the request under way; None: it is not set.
SIGNAL: ContextVar[Consent | None] = ContextVar("signal", default=None)


@dataclass(frozen=True)
class RequestConsent:
    """What a request says, and the browser's signal with it."""

    asked: Consent = ALL
    signal: Consent | None = None

    @classmethod
    def of(
        cls, personalize: bool | None = None, store: bool | None = None, learn: bool | None = None
    ) -> "RequestConsent":
        """Of the request under way."""
        return cls(Consent.of(personalize, store, learn), SIGNAL.get())

    def within(self, session: Consent | None) -> Consent:
        """What holds: a request can only refuse more than its session has; the session's choice
        counts for more than the signal, which the browser sends to all.
        """
        return self.asked & (session or self.signal or ALL)


NOTHING_REFUSED = RequestConsent()
