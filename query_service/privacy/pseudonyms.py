"""Ids of visitors as they are stored: keyed hashes, which tell nothing without the keys.

With keys `k1` (the first) and then `k2`, an id is stored as HMAC(k2, HMAC(k1, id)): what was stored
under `k1` alone can be made what it is under both, without knowing the id. So a key is changed, and
nothing is lost; without the earlier keys in the list, all that was stored under them is.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from plugin_config.errors import SettingsError

MIN_SECRET = 16  # characters
MAX_KEYS = 8
_KEY = re.compile(r"([a-z0-9]{1,16}):(\S+)")
_PSEUDONYM = re.compile(r"~([a-z0-9]{1,16})~[0-9a-f]{32}")


@dataclass(frozen=True)
class PseudonymKey:
    """A secret, and the id that says with which one something was stored."""

    key_id: str
    secret: bytes

    def hashed(self, text: str) -> str:
        """The text as it is stored under this key."""
        digest = hmac.new(self.secret, text.encode(), sha256).hexdigest()[:32]
        return f"~{self.key_id}~{digest}"


def parse_keys(text: str) -> tuple[PseudonymKey, ...]:
    """Keys as `ID:SECRET`, the newest first, separated by commas or lines; `#` begins a remark.

    Raises ValueError, without the secret.
    """
    lines = [line.partition("#")[0] for line in text.replace(",", "\n").splitlines()]
    keys = []
    for number, line in enumerate(filter(None, map(str.strip, lines)), 1):
        found = _KEY.fullmatch(line)
        if found is None or len(found[2]) < MIN_SECRET:
            raise ValueError(
                f"key {number} is not ID:SECRET: an id of 1 to 16 letters a-z and digits, and a "
                f"secret of at least {MIN_SECRET} characters without spaces and commas"
            )
        keys.append(PseudonymKey(found[1], found[2].encode()))
    if len({key.key_id for key in keys}) < len(keys):
        raise ValueError("two keys have the same id: each needs its own")
    if len(keys) > MAX_KEYS:
        raise ValueError(f"{len(keys)} keys, at most {MAX_KEYS}")
    return tuple(keys)


class Pseudonyms:
    """Ids as they are stored. Without keys they are stored as they are."""

    def __init__(self, keys: Sequence[PseudonymKey] = ()) -> None:
        """`keys`: the newest first."""
        self.keys = tuple(keys)
        self._oldest_first = self.keys[::-1]

    @classmethod
    def read(cls, text: str, path: Path | None) -> "Pseudonyms":
        """From the settings: `text`, or the text of a file. Raises SettingsError."""
        if path is None:
            return cls(parse_keys(text))
        try:
            keys = parse_keys(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"LIVE_INTENT_PSEUDONYM_KEYS_FILE={path}: {error}") from None
        if not keys:
            raise SettingsError(
                f"LIVE_INTENT_PSEUDONYM_KEYS_FILE={path}: it holds no key, so ids would be stored "
                f"as they are. Write 1 to {MAX_KEYS} lines of ID:SECRET into it, the newest first "
                "(docs/privacy.md), or unset the setting"
            )
        return cls(keys)

    @property
    def secrets(self) -> dict[str, bytes]:
        """The secret of each key by its id, the newest first."""
        return {key.key_id: key.secret for key in self.keys}

    def of(self, name: str) -> str:
        """The name under which new things are stored; "" of none."""
        return self.names(name)[0] if name else ""

    def names(self, name: str) -> tuple[str, ...]:
        """Every name under which something may be stored, the newest first.

        The id itself is the last, for what was stored before there was a key; not where it has the
        form of a pseudonym: nobody reaches what is stored by what they may have seen in the log.
        """
        chain = [name]
        for key in self._oldest_first:
            chain.append(key.hashed(chain[-1]))
        if self.keys and _PSEUDONYM.fullmatch(name):
            del chain[0]
        return tuple(chain[::-1])

    def renewed(self, stored: str) -> str:
        """What is stored, under the newest key; as it is where its key is not known any more."""
        found = _PSEUDONYM.fullmatch(stored)
        begin = 0
        if found is not None:
            ids = [key.key_id for key in self._oldest_first]
            begin = ids.index(found[1]) + 1 if found[1] in ids else len(ids)
        for key in self._oldest_first[begin:]:
            stored = key.hashed(stored)
        return stored

    def hidden(self, row: Mapping[str, Any], *names: str) -> dict[str, Any]:
        """A row in which each text that is one of these ids is its pseudonym, however deep."""
        known = {name: self.of(name) for name in names if name}
        return {name: replaced(value, known) for name, value in row.items()}


def replaced(value: Any, known: Mapping[str, str]) -> Any:
    """A value of JSON with each text in it that is `known` in place of its key."""
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, Mapping):
        return {name: replaced(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, known) for each in value]
    return value


NO_PSEUDONYMS = Pseudonyms()
