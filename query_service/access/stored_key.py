"""An API key as it is stored: everything but its secret."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from query_service.access.scopes import SCOPES, Scope

SESSIONS = "sessions"  # the id of the secret that session tokens are signed with


@dataclass(frozen=True)
class SecretHash:
    """The SHA-256 of a secret, and until when it counts (seconds since 1970; None: no end)."""

    sha256: str
    until: float | None = None

    def counts(self, now: float) -> bool:
        """Whether it is valid now."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class StoredKey:
    """A key; the newest hash first. Times are in seconds since 1970."""

    key_id: str
    name: str
    scopes: frozenset[Scope] = frozenset()
    hashes: tuple[SecretHash, ...] = ()
    created_at: float = 0.0
    expires_at: float | None = None
    revoked_at: float | None = None
    rate: str = ""

    def current_hashes(self) -> list[str]:
        """The hashes that count now; [] of a revoked key."""
        now = time.time()
        if self.revoked_at is not None:
            return []
        return [each.sha256 for each in self.hashes if each.counts(now)]

    def has_expired(self, now: float | None = None) -> bool:
        """Whether its time is over."""
        now = time.time() if now is None else now
        return self.expires_at is not None and self.expires_at <= now

    @property
    def document(self) -> dict[str, Any]:
        """The stored document, without its id."""
        return {
            "name": self.name,
            "scopes": sorted(self.scopes),
            "hashes": [{"sha256": each.sha256, "until": each.until} for each in self.hashes],
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "revoked_at": self.revoked_at,
            "rate": self.rate,
        }

    @classmethod
    def of(cls, key_id: str, document: Mapping[str, Any]) -> "StoredKey":
        """From a document. Raises KeyError, TypeError, ValueError for what is none.

        A scope that this version does not know gives nothing.
        """
        return cls(
            key_id=key_id,
            name=str(document["name"]),
            scopes=frozenset(scope for scope in SCOPES if scope in document["scopes"]),
            hashes=tuple(SecretHash(str(h["sha256"]), h.get("until")) for h in document["hashes"]),
            created_at=float(document["created_at"]),
            expires_at=document.get("expires_at"),
            revoked_at=document.get("revoked_at"),
            rate=document.get("rate") or "",
        )
