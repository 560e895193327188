"""Writes to the indexes of sessions and UBI rows, which are made again when they are gone."""

import logging
import threading
from collections.abc import Sequence

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from plugin_config.errors import LiveIntentError
from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.sessions.document_writes import DocumentWrite, WriteResult, send_documents

logger = logging.getLogger(__name__)


class StoreWriter:
    """Sends writes; `failure` says why one of the last ones failed, "" if none did."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client = client
        self._names = names
        self._restoring = threading.Lock()
        self.failure = ""

    def send(self, writes: Sequence[DocumentWrite]) -> list[WriteResult]:
        """One result for each write, in order; those to an index that was gone are sent again.

        Raises ClusterUnavailable: OpenSearch did not answer; some of the writes may have been done.
        """
        results = send_documents(self._client, writes)
        gone = [i for i, result in enumerate(results) if result.alias_missing]
        if gone and self._restore():
            again = send_documents(self._client, [writes[i] for i in gone])
            for i, result in zip(gone, again, strict=True):
                results[i] = result
        self.failure = next((result.reason for result in results if _failed(result)), "")
        return results

    def _restore(self) -> bool:
        """Make the missing indexes as their templates say; return whether it could be done."""
        with self._restoring:
            try:
                ensure_indexes(self._client, self._names)
            except (LiveIntentError, OpenSearchException) as error:
                logger.warning("the indexes of sessions and events can't be made: %s", error)
                return False
        logger.warning("an index of sessions and events, or its alias, was missing; it is made")
        return True


def _failed(result: WriteResult) -> bool:
    """Whether the index takes no writes: not where a document is gone, or has changed meanwhile."""
    return not result.done and (result.alias_missing or result.status not in (404, 409))
