"""The keys that a process knows: follows their index in a thread of its own."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from plugin_config.errors import LiveIntentError
from query_service.access.key_store import KeysAway, KeyStore, KeysUnreadable
from query_service.access.stored_key import StoredKey
from query_service.watch import Watch

log = logging.getLogger(__name__)
READ_TIMEOUT_S = 2.0
# An unknown id has the keys read again, so that a new key counts at once: at most so often,
# whatever is sent.
ON_DEMAND_S = 1.0
WAIT_S = 0.25  # of a request, for another one's reading


@dataclass(frozen=True)
class KnownKeys:
    """All keys as they were last read, and when (time.monotonic())."""

    keys: Mapping[str, StoredKey] = field(default_factory=dict)
    read_at: float = 0.0
    problem: str = ""  # why newer ones may be missing
    away: bool = False  # with `problem`: the cluster does not answer


class KeyRing:
    """Looks keys up. Safe to use from many threads. Before `start` there are none."""

    def __init__(self, store: KeyStore, poll_s: float, kept_s: float) -> None:
        """`kept_s`: how long known keys count while their index can't be read."""
        self._store = store
        self._poll_s = poll_s
        self._kept_s = kept_s
        self._known = KnownKeys()
        self._demanded_at = 0.0
        self._reading = threading.Lock()
        self._watch = Watch("keys", self._read, poll_s)

    def start(self, wait: bool = False) -> None:
        """Read the keys, then follow them; with `wait` also where they can't be read yet.

        A cluster that does not answer is waited for: until then no key counts. Raises
        KeysUnreadable.
        """
        self._read()
        if self._known.problem and not (wait or self._known.away):
            raise KeysUnreadable(self._known.problem)
        self._watch.start()

    def close(self) -> None:
        """Stop following."""
        self._watch.close()

    @property
    def are_asked_for(self) -> bool:
        """Whether there is a key, or was one: from then on each request needs one.

        True as well while that could never be read.
        """
        return bool(self._known.keys or self.never_read)

    @property
    def never_read(self) -> str:
        """Why the keys could not be read once yet, "" where they were."""
        return "" if self._known.read_at else self._known.problem

    def find(self, key_id: str, *, reread: bool = False) -> StoredKey | None:
        """The key, revoked ones too; None: there is none. `reread`: it may have changed just now.

        Raises KeysUnreadable where that can't be known: for an unknown key as soon as the index
        can't be read, for a known one some time later.
        """
        known = self._known
        now = time.monotonic()
        if (reread or key_id not in known.keys) and self._demanded_at + ON_DEMAND_S < now:
            self._demanded_at = now
            self._read()
            known = self._known
        key = known.keys.get(key_id)
        if known.problem and key is None:
            raise KeysUnreadable(known.problem)
        if time.monotonic() - known.read_at > self._kept_s + 2 * self._poll_s + READ_TIMEOUT_S:
            raise KeysUnreadable(known.problem or "the API keys were not read for too long")
        return key

    def _read(self) -> None:
        if not self._reading.acquire(timeout=WAIT_S):
            return
        try:
            began = time.monotonic()
            keys = self._store.read(READ_TIMEOUT_S)
            if not keys and self._known.keys:
                self._note("the index of API keys is gone, or was emptied")
            else:
                self._known = KnownKeys(keys, began)
        except Exception as error:
            problem = str(error) if isinstance(error, LiveIntentError) else repr(error)
            self._note(problem, away=isinstance(error, KeysAway))
        finally:
            self._reading.release()

    def _note(self, problem: str, *, away: bool = False) -> None:
        if problem != self._known.problem:  # once, not at every poll
            log.warning("keys: %s", problem)
        self._known = KnownKeys(self._known.keys, self._known.read_at, problem, away)
