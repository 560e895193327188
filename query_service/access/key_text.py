"""The texts of keys.

A key is `li_<id>_<secret>`: the id is public, the secret 256 random bits. A browser key is
`lib.<id>.<restrictions>.<signature>`: JSON in base64url, signed by HMAC-SHA256 with the SHA-256 of
its parent's secret, so that the parent's holder derives it without asking the service.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass
from typing import Self

KEY = re.compile(r"li_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
MAX_RESTRICTIONS = 4000  # characters of a browser key's, in base64url
BROWSER_KEY = re.compile(
    rf"(lib\.([a-z0-9]{{12}})\.([A-Za-z0-9_-]{{1,{MAX_RESTRICTIONS}}}))\.([A-Za-z0-9_-]{{43}})"
)
_ID_CHARACTERS = string.ascii_lowercase + string.digits


def new_key_id() -> str:
    """A random id of 12 letters and digits."""
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(12))


def new_secret() -> str:
    """256 random bits as a text."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is stored of a secret: its SHA-256, 64 hex digits.

    A slow hash protects what people choose; 256 random bits can't be tried out.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def signature(key_hash: str, text: str) -> str:
    """HMAC-SHA256 of the text by a stored hash, in base64url."""
    mac = hmac.new(bytes.fromhex(key_hash), text.encode(), hashlib.sha256)
    return in_base64(mac.digest())


def in_base64(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass(frozen=True)
class KeyText:
    """A key as it was sent: its public id, and what proves that the sender has it."""

    key_id: str
    secret: str = ""
    signed: str = ""  # of a browser key: what is signed
    restrictions: bytes = b""  # of a browser key: JSON
    mac: str = ""

    @classmethod
    def parse(cls, text: str) -> "Self | None":
        """The key in a header; None for any other text."""
        if match := KEY.fullmatch(text):
            return cls(match[1], secret=match[2])
        if match := BROWSER_KEY.fullmatch(text):
            try:
                content = base64.urlsafe_b64decode(match[3] + "=" * (-len(match[3]) % 4))
            except (binascii.Error, ValueError):
                return None
            return cls(match[2], signed=match[1], restrictions=content, mac=match[4])
        return None

    @property
    def is_browser_key(self) -> bool:
        """Whether it is derived, and so may be public."""
        return bool(self.signed)

    def proves(self, key_hash: str) -> bool:
        """Whether it was made with the secret of this hash; compared in constant time."""
        if self.is_browser_key:
            return hmac.compare_digest(signature(key_hash, self.signed), self.mac)
        return hmac.compare_digest(hash_of(self.secret), key_hash)


def browser_key(parent: KeyText, restrictions: bytes) -> str:
    """The text of the browser key with these restrictions (JSON)."""
    signed = f"lib.{parent.key_id}.{in_base64(restrictions)}"
    return f"{signed}.{signature(hash_of(parent.secret), signed)}"
