"""A thread of each process that removes what has expired, when it is due and nobody else does."""

import logging
import random

from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from query_service.privacy.settings import PrivacySettings
from query_service.retention.lease import RetentionLease
from query_service.sessions.erasure.expiry import ExpiryStopped, Pace
from query_service.sessions.store import SessionStore
from query_service.watch import Watch

log = logging.getLogger(__name__)
LOOKS = 4  # in one interval, so that a process which ends in the middle is followed soon
LONGEST_LOOK_S = 60.0


class RetentionWatch:
    """`start` begins, `close` ends it; a run under way ends after the slice it is at."""

    def __init__(self, store: SessionStore, settings: PrivacySettings) -> None:
        self._store = store
        self._interval_s = settings.retention_interval_s
        self._pause_s = settings.retention_pause_s
        self._slice = settings.retention_slice
        self._lease = RetentionLease(store.client, store.names, store.writer)
        look_s = min(self._interval_s / LOOKS, LONGEST_LOOK_S)
        self._watch = Watch("retention", self._look, lambda: look_s * random.uniform(0.5, 1.0))
        self._failure = ""

    def start(self) -> None:
        """Begin, unless the settings say that nothing is removed."""
        if self._interval_s:
            self._watch.start()

    def close(self) -> None:
        """Stop the thread."""
        self._watch.close()

    def run_if_due(self) -> bool:
        """Whether this process has run now. Raises OpenSearchException, LiveIntentError."""
        if self._store.refusal or not self._lease.take(self._interval_s):
            return False
        removed: dict[str, int] = {}
        failed = ""
        try:
            for kind, count in self._store.expiry.run(Pace(self._slice, self._between)):
                removed[kind] = count
        except ExpiryStopped:
            failed = "stopped before its end; the next run goes on"
        except (LiveIntentError, OpenSearchException) as error:
            failed = str(error)
            raise
        finally:
            self._lease.end(removed, failed)
        if any(removed.values()):
            log.info("removed what has expired: %s", removed)
        return True

    def _between(self) -> None:
        if self._watch.closed_within(self._pause_s) or not self._lease.renew():
            raise ExpiryStopped

    def _look(self) -> None:
        try:
            self.run_if_due()
            self._failure = ""
        except (LiveIntentError, OpenSearchException) as error:
            if str(error) != self._failure:
                log.warning("what has expired is not removed now: %s", error)
            self._failure = str(error)
