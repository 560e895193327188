"""The sessions of users that a front end names by its user token alone.

Ids of users can be guessed. Their sessions have names of their own, which no other session has: a
key that may not name the user can't name the session either.
"""

from hashlib import sha256

ANONYMOUS = "anonymous-"  # the tokens that libraries make begin so
USER_SESSIONS = "user:"
_LONGEST = 128  # of an id


def session_of_user(user_id: str) -> str:
    """The name of the session of a user token that is the user's id."""
    name = USER_SESSIONS + user_id
    return name if len(name) <= _LONGEST else USER_SESSIONS + sha256(user_id.encode()).hexdigest()


def earlier_names(session_id: str) -> tuple[str, ...]:
    """What the session was named once, whose choice to be tracked or not goes on."""
    name = session_id.removeprefix(USER_SESSIONS) if is_user_session(session_id) else ""
    return (name,) if name else ()


def is_user_session(session_id: str) -> bool:
    """Whether the session is one of a user token."""
    return session_id.startswith(USER_SESSIONS)
