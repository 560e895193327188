"""What a visitor agrees to: of one request, and of a session from now on."""

from pydantic import Field

from query_service.privacy.consent import Consent, RequestConsent
from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.numbers import Flag
from query_service.schemas.fields.strict import Strict


class ConsentFields(Strict):
    """Of one request, within what its session agrees to."""

    personalize: Flag = Field(
        True, description="false: nothing of the visitor is read, nor added to their history."
    )
    store: Flag | None = Field(
        None,
        description="false: nothing of the request is kept. null: as `personalize`. true with "
        "personalize false: the log has a row without user and client.",
    )
    learn: Flag | None = Field(
        None,
        description="false: no suggestion and no model is made of it. null: as the other two.",
    )

    @property
    def consent(self) -> RequestConsent:
        """What the request says, with the browser's signal."""
        return RequestConsent.of(self.personalize, self.store, self.learn)


class ConsentForm(Strict):
    """What a session agrees to from now on."""

    session_id: Id
    personalize: Flag
    store: Flag | None = Field(None, description="null: as `personalize`.")
    learn: Flag | None = Field(None, description="null: as the other two.")

    @property
    def consent(self) -> Consent:
        """The consent, complete."""
        return Consent.of(self.personalize, self.store, self.learn)


class ConsentResponse(Strict):
    """What the session agrees to now, and rows of the log that nothing is learned from any more."""

    personalize: bool
    store: bool
    learn: bool
    ubi_queries: int
    ubi_events: int
