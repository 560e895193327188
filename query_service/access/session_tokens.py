"""Tokens that prove whose a session is: made with the session's id, checked by any process."""

import hmac
import secrets

from query_service.access.key_ring import KeyRing
from query_service.access.key_text import signature
from query_service.access.stored_key import SESSIONS

PREFIX = "lis_"


class SessionTokens:
    """Makes and checks tokens, by the secret that is stored beside the keys."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def of(self, session_id: str) -> str | None:
        """The token of a session; None where there is no secret. Raises KeysUnreadable."""
        hashes = self._hashes()
        return _token(hashes[0], session_id) if hashes else None

    def proves(self, token: str, session_id: str) -> bool:
        """Whether it is the session's; compared in constant time. Raises KeysUnreadable."""
        if not token.isascii():
            return False
        proofs = [hmac.compare_digest(_token(each, session_id), token) for each in self._hashes()]
        return any(proofs)

    def _hashes(self) -> list[str]:
        stored = self._ring.find(SESSIONS)
        return [] if stored is None else stored.current_hashes()


def new_session_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_urlsafe(18)


def _token(key_hash: str, session_id: str) -> str:
    return PREFIX + signature(key_hash, f"session {session_id}")
