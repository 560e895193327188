"""Whom a part of a bundle was learned from, so that an erasure can name the bundles of a person.

Ids are kept as sorted 8-byte hashes: keyed by the newest key of pseudonyms, so that nobody can try
ids without it; without a key salted by the bundle, which keeps nobody from trying. Of n people, an
id that is none of theirs is taken for one in n of 2^64 cases.
"""

import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.learned_bundle import LearnedBundle

FILE = "learned_from.npy"
ENTRY = "learned_from"  # in the provenance of a part
Secrets = Mapping[str, bytes]  # by the id of the key, the newest first


@dataclass(frozen=True)
class LearnedFrom:
    """The people of one part: all ids under which they were read."""

    names: frozenset[str]
    secrets: Secrets

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the hashes into the part's folder; return what its provenance says of them."""
        key_id = next(iter(self.secrets), "")
        salt = secrets.token_bytes(16)
        secret = self.secrets.get(key_id, salt)
        hashes = np.unique(_hashes(self.names, secret))
        np.save(folder / FILE, hashes)
        return {"ids": len(hashes), **({"key": key_id} if key_id else {"salt": salt.hex()})}


@dataclass(frozen=True)
class LearnedParts:
    """A bundle, and the parts of it that learned from a person.

    `unknown`: those whose sources can't be read, with the reason.
    """

    folder: str
    parts: tuple[str, ...]
    unknown: Mapping[str, str]


def bundles_of(
    folders: Collection[Path], names: Collection[str], keys: Secrets
) -> list[LearnedParts]:
    """Which of the learned bundles in `folders`, or right below them, learned from a person.

    `names`: all ids of the person. Folders that are no learned bundles are left out.
    """
    found = []
    for folder in sorted(_candidates(folders)):
        try:
            bundle = LearnedBundle.open(folder)
        except BundleError:
            continue
        parts, unknown = [], {}
        for part, provenance in bundle.provenance.items():
            entry = provenance.get(ENTRY)
            if entry is None:
                unknown[part] = "it was learned before bundles said from whom"
            elif (secret := _secret(entry, keys)) is None:
                unknown[part] = f"its ids are hashed by the key {entry['key']}, which is not here"
            elif _holds(bundle.path(part) / FILE, names, secret):
                parts.append(part)
        if parts or unknown:
            found.append(LearnedParts(str(folder), tuple(parts), unknown))
    return found


def _candidates(folders: Collection[Path]) -> set[Path]:
    every = {folder.resolve() for folder in folders if folder.is_dir()}
    below = {child.resolve() for folder in every for child in folder.iterdir() if child.is_dir()}
    return every | below


def _secret(entry: Mapping[str, Any], keys: Secrets) -> bytes | None:
    return keys.get(entry["key"]) if "key" in entry else bytes.fromhex(entry["salt"])


def _holds(path: Path, names: Collection[str], secret: bytes) -> bool:
    hashes: NDArray[np.uint64] = np.load(path, allow_pickle=False)
    return bool(np.isin(_hashes(names, secret), hashes).any())


def _hashes(names: Collection[str], secret: bytes) -> NDArray[np.uint64]:
    digests = (hmac.digest(secret, f"learned:{name}".encode(), sha256)[:8] for name in names)
    return np.frombuffer(b"".join(digests), dtype="<u8")
