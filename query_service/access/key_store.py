"""The API keys in an index of our own, as hashes; `live-intent keys` writes them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConflictError,
    NotFoundError,
    OpenSearchException,
)

from plugin_config.connection.client import cluster_errors, cluster_unavailable
from plugin_config.errors import LiveIntentError
from plugin_config.ownership import foreign_indexes
from plugin_config.provisioning.provisioning import ensure_keys_index
from plugin_config.schema import IndexNames
from query_service.access.key_text import hash_of, new_key_id, new_secret
from query_service.access.scopes import Scope
from query_service.access.stored_key import SESSIONS, SecretHash, StoredKey

MAX_KEYS = 1000  # every process reads them all, every few seconds
ATTEMPTS = 5  # to change a key, while others do


class KeysUnreadable(LiveIntentError):
    """The keys can't be read, so that nobody's can be checked."""

    exit_code = 3
    plain = "API keys can't be checked now."


class KeysAway(KeysUnreadable):
    """The cluster does not answer now, or not in full: it is waited for."""


class KeyUnknown(LiveIntentError):
    """There is no such key, or one name stands for several."""

    exit_code = 4


class NameTaken(LiveIntentError):
    """Another key has the name, or the name as its id."""

    exit_code = 2


class TooManyKeys(LiveIntentError):
    """The index of keys is full."""

    exit_code = 4


class KeyStore:
    """Reads and writes keys."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._index = names.keys
        self._names = names
        self._is_ours = False

    def read(self, timeout_s: float | None = None) -> dict[str, StoredKey]:
        """All keys by their ids, revoked ones too; {} where there never was one.

        An index of another application that has the name has no keys of ours. Raises
        KeysUnreadable.
        """
        body = {"query": {"match_all": {}}, "size": 10_000}
        params: dict[str, Any] = {} if timeout_s is None else {"request_timeout": timeout_s}
        try:
            response = self._client.search(index=self._index, body=body, params=params)
            if response["_shards"]["failed"] or response["timed_out"]:
                raise KeysAway(self._unreadable("a shard does not answer"))
            hits = response["hits"]["hits"]
            if hits and not self._is_ours:
                if foreign_indexes(self._client, self._index):
                    return {}
                self._is_ours = True
            return {hit["_id"]: StoredKey.of(hit["_id"], hit["_source"]) for hit in hits}
        except NotFoundError:
            return {}
        except (AuthenticationException, AuthorizationException) as error:
            raise KeysUnreadable(self._unreadable(str(cluster_unavailable(error)))) from error
        except OpenSearchException as error:
            raise KeysAway(self._unreadable(str(cluster_unavailable(error)))) from error
        except (KeyError, TypeError, ValueError) as error:
            raise KeysUnreadable(self._unreadable(f"a document is no key ({error!r})")) from error

    def create(
        self, name: str, scopes: Sequence[Scope], expires_at: float | None = None, rate: str = ""
    ) -> tuple[StoredKey, str]:
        """Make a key; returns it and its text, which nobody can read again.

        With the first key comes the secret of session tokens. Raises ClusterUnavailable,
        ForeignIndex, NameTaken, TooManyKeys.
        """
        try:
            ensure_keys_index(self._client, self._names)
        except OpenSearchException as error:
            raise cluster_unavailable(error) from error
        known = self.read()
        for key_id, other in known.items():
            if name in (key_id, other.name) and other.revoked_at is None:
                raise NameTaken(
                    f"the key {key_id} ({other.name}) is called so already: take another name, or "
                    f"live-intent keys revoke {key_id}"
                )
        if SESSIONS not in known:
            self._write(_new(SESSIONS, "session tokens")[0])
        if len(known) >= MAX_KEYS:
            raise TooManyKeys(
                f"{self._index} has {len(known)} keys, at most {MAX_KEYS}: remove revoked ones "
                "with live-intent keys prune"
            )
        key, secret = _new(new_key_id(), name)
        key = replace(key, scopes=frozenset(scopes), expires_at=expires_at, rate=rate)
        self._write(key)
        return key, f"li_{key.key_id}_{secret}"

    def rotate(self, key_id: str, overlap_s: float) -> tuple[StoredKey, str]:
        """Give a key a new secret; the earlier one counts for `overlap_s` more seconds.

        Raises ClusterUnavailable, KeysUnreadable, KeyUnknown: also for a revoked key.
        """
        secret, now = new_secret(), time.time()

        def rotated(key: StoredKey) -> StoredKey:
            if key.revoked_at is not None and key_id != SESSIONS:
                raise KeyUnknown(f"the key {key_id} is revoked: make another with keys create")
            earlier = [
                SecretHash(each.sha256, min(each.until or now + overlap_s, now + overlap_s))
                for each in (key.hashes if key.revoked_at is None else ())
                if each.counts(now)
            ]
            hashes = (SecretHash(hash_of(secret)), *(earlier if overlap_s > 0 else ()))
            return replace(key, hashes=hashes, revoked_at=None)

        return self._change(key_id, rotated), f"li_{key_id}_{secret}"

    def revoke(self, key_id: str) -> StoredKey:
        """End a key, and with it those derived from it; its hashes are removed.

        Raises ClusterUnavailable, KeysUnreadable, KeyUnknown.
        """
        return self._change(
            key_id,
            lambda key: replace(key, hashes=(), revoked_at=key.revoked_at or time.time()),
        )

    def prune(self) -> int:
        """Remove the documents of revoked and expired keys; returns how many. One always stays.

        Raises ClusterUnavailable, KeysUnreadable.
        """
        keys = [key for key in self.read().values() if key.key_id != SESSIONS]
        over = [key for key in keys if key.revoked_at is not None or key.has_expired()]
        # Without any key the service would be open again.
        doomed = over[1:] if len(over) == len(keys) else over
        for key in doomed:
            self._delete(key.key_id)
        return len(doomed)

    def named(self, text: str) -> StoredKey:
        """The key with this id, or else this name. Raises KeyUnknown, KeysUnreadable."""
        keys = self.read()
        if text in keys:
            return keys[text]
        found = [key for key in keys.values() if key.name == text and key.revoked_at is None]
        if len(found) != 1:
            many = "no key has" if not found else f"{len(found)} keys have"
            raise KeyUnknown(f"{many} the id or name {text!r}: live-intent keys list shows the ids")
        return found[0]

    def _change(self, key_id: str, change: Callable[[StoredKey], StoredKey]) -> StoredKey:
        for _ in range(ATTEMPTS):
            with cluster_errors():
                stored = self._client.get(index=self._index, id=key_id, ignore=[404])
            if not stored.get("found"):
                raise KeyUnknown(f"there is no key {key_id}: live-intent keys list shows the ids")
            key = change(StoredKey.of(key_id, stored["_source"]))
            condition = {
                "if_seq_no": stored["_seq_no"], "if_primary_term": stored["_primary_term"],
            }  # fmt: skip
            try:
                self._write(key, condition)
            except ConflictError:
                continue
            return key
        raise KeyUnknown(f"others change the key {key_id} at the same time: try again")

    def _delete(self, key_id: str) -> None:
        params = {"refresh": "true"}
        with cluster_errors():
            self._client.delete(index=self._index, id=key_id, params=params)

    def _write(self, key: StoredKey, condition: dict[str, Any] | None = None) -> None:
        """Raises ConflictError where the condition does not hold."""
        alias, params = IndexNames.writing(self._index), {"refresh": "true", **(condition or {})}
        with cluster_errors():
            self._client.index(index=alias, id=key.key_id, body=key.document, params=params)

    def _unreadable(self, reason: str) -> str:
        return (
            f"the API keys in {self._index} can't be read ({reason}): without them nobody's can be "
            "checked. The service's user needs to read that index"
        )


def _new(key_id: str, name: str) -> tuple[StoredKey, str]:
    secret = new_secret()
    return StoredKey(
        key_id, name, hashes=(SecretHash(hash_of(secret)),), created_at=time.time()
    ), secret
