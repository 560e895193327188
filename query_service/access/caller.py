"""Who sends a request: a key, or anybody where no key is asked for."""

import time
from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from plugin_config.errors import LiveIntentError
from query_service.access.key_ring import KeyRing
from query_service.access.key_text import KeyText
from query_service.access.restrictions import UNLIMITED, RequestLimits, Restrictions
from query_service.access.scopes import BROWSER_SCOPES, SCOPES, Scope
from query_service.access.stored_key import SESSIONS, StoredKey

CHECKED = 2048  # browser keys whose restrictions a process keeps


class KeyRefused(LiveIntentError):
    """The key is none, or does not count any more. `cause`: a word for metrics."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Caller:
    """A key's public id ("": nobody's), its scopes and limits."""

    key_id: str = ""
    scopes: frozenset[Scope] = frozenset(SCOPES)
    rate: str = ""  # of the key with all that are derived from it
    browser_key: str = ""  # of a derived key: its signature, which tells it from others
    browser_rate: str = ""
    origins: frozenset[str] | None = None
    limits: RequestLimits = UNLIMITED


ANYBODY = Caller()


class Callers:
    """Finds out who sends a key. Safe to use from many threads."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def of(self, text: str) -> Caller:
        """The caller with this key. Raises KeyRefused, KeysUnreadable."""
        sent = KeyText.parse(text)
        if sent is None:
            raise KeyRefused(
                "malformed", "This is no API key: one begins with li_, a browser key with lib."
            )
        stored = None if sent.key_id == SESSIONS else self._ring.find(sent.key_id)
        if stored is not None and not _proves(sent, stored):
            stored = self._ring.find(sent.key_id, reread=True)  # it may have a new secret
        if stored is None or not _proves(sent, stored):
            raise KeyRefused("unknown", "The API key is unknown, revoked or replaced.")
        if stored.has_expired():
            raise KeyRefused("expired", "The API key has expired.")
        return self._derived(sent, stored) if sent.is_browser_key else _whole(stored)

    def _derived(self, sent: KeyText, stored: StoredKey) -> Caller:
        restrictions = _restrictions(sent.restrictions)
        if restrictions.expires_at is not None and restrictions.expires_at <= time.time():
            raise KeyRefused("expired", "The browser key has expired.")
        wanted = restrictions.scopes or BROWSER_SCOPES
        return Caller(
            stored.key_id,
            stored.scopes & frozenset(wanted),
            rate=stored.rate,
            browser_key=sent.mac,
            browser_rate=restrictions.rate,
            origins=frozenset(restrictions.origins) if restrictions.origins else None,
            limits=RequestLimits.of(restrictions),
        )


@lru_cache(maxsize=CHECKED)
def _restrictions(text: bytes) -> Restrictions:
    """The restrictions of a key whose signature is right. Raises KeyRefused."""
    try:
        return Restrictions.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "JSON"
        raise KeyRefused(
            "malformed",
            f"The browser key's restrictions are malformed: {where}: {first['msg']}",
        ) from None


def _proves(sent: KeyText, stored: StoredKey) -> bool:
    """Whether it was made with a secret that counts; the time does not tell with which."""
    proofs = [sent.proves(each) for each in stored.current_hashes()]
    return any(proofs)


def _whole(stored: StoredKey) -> Caller:
    return Caller(stored.key_id, stored.scopes, rate=stored.rate)
