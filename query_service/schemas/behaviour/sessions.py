"""What is kept of sessions and users: shown, erased, joined, taken apart."""

from typing import Any

from pydantic import BaseModel, Field

from query_service.schemas.fields.identifiers import Id
from query_service.schemas.fields.strict import Strict


class SessionPath(BaseModel):
    """A session, in a path."""

    session_id: Id


class UserPath(BaseModel):
    """A user, in a path."""

    user_id: Id


class Rows(Strict):
    """Rows of a UBI index: how many there are, and the first of them."""

    count: int
    rows: list[dict[str, Any]]


class SessionResponse(Strict):
    """All that is kept of a session; of vectors only how long they are."""

    session_id: str
    session: dict[str, Any] | None
    user_documents: int = Field(description="Documents of users that tell of this session.")
    ubi_queries: Rows
    ubi_events: Rows


class UserResponse(Strict):
    """All that is kept of a user; of vectors only how long they are."""

    user_id: str
    stored_as: list[str] = Field(description="The names under which it may be stored.")
    user_documents: list[dict[str, Any]]
    sessions: list[dict[str, Any]] = Field(description="Documents of the user's sessions.")
    ubi_queries: Rows
    ubi_events: Rows


class SessionForm(Strict):
    """A new session."""

    session_id: Id | None = Field(
        None,
        description="Whose token is wanted, by a key with the scope `admin`; null: the service "
        "chooses an id that nobody can guess.",
    )


class StartedResponse(Strict):
    """A session's id, and the token that proves whose it is."""

    session_id: str
    token: str | None = Field(description="For X-Session-Token; null where no keys are asked for.")


class LearnedBundle(Strict):
    """A learned bundle that read a visitor: learn it again, or delete it."""

    name: str
    parts: list[str]
    unknown: dict[str, str] = Field(description="Parts that can't tell, and why.")


class DeletedResponse(Strict):
    """How many documents are gone."""

    sessions: int
    users: int
    ubi_queries: int
    ubi_events: int
    vectors: int = Field(description="Derived from events and queries, in these documents.")
    bundles: list[LearnedBundle] | None = Field(
        description="Learned bundles beside that of LIVE_INTENT_BUNDLE that read the visitor; null "
        "for who may not know, a session's owner."
    )


class JoinForm(Strict):
    """A session whose visitor is known now."""

    session_id: Id
    user_id: Id


class JoinedResponse(Strict):
    """How many events and queries of the session are the user's now."""

    events: int
    queries: int


class SplitResponse(Strict):
    """Users' documents that were changed, and rows of UBI that name no user any more."""

    users: int
    ubi_queries: int
    ubi_events: int
