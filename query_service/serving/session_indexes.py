"""The indexes of sessions and events: made before an index is used, and left alone if foreign."""

import logging

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import OpenSearchException

from plugin_config.connection.client import cluster_unavailable, ping_or_raise
from plugin_config.ownership import ForeignIndex, refuse_foreign, refuse_foreign_stores
from plugin_config.provisioning.provisioning import ensure_indexes, reindexing_due
from plugin_config.schema import IndexNames
from query_service.sessions.store import SessionStore

log = logging.getLogger(__name__)


class SessionIndexes:
    """Those of one service; its `store` gets a refusal while nothing may be stored in them."""

    def __init__(self, client: OpenSearch, names: IndexNames, store: SessionStore) -> None:
        self._client, self._names, self._store = client, names, store
        self._exist = False

    def ensure(self) -> None:
        """Create the missing ones once, before a view is used.

        Raises ClusterUnavailable when the cluster does not answer, UnsupportedVersion, and
        ForeignIndex when one of them is another application's, or the items are; if that takes the
        name later, nothing is stored from then on. A cluster that forbids to create them does not
        keep the service from starting.
        """
        try:
            if not self._exist:
                ping_or_raise(self._client)  # refuses versions that are too old
                refuse_foreign(self._client, (self._names.items,))  # beside which nothing is made
                ensure_indexes(self._client, self._names)
                self._exist = True
                for due in reindexing_due(self._client, self._names):
                    log.warning(
                        "the index %s is of an earlier version: %s (docs/observability.md)",
                        due.name,
                        "; ".join(due.details),
                    )
            refuse_foreign_stores(self._client, self._names)
            self._store.refusal = ""
        except ForeignIndex as error:
            if not self._exist:
                raise
            if not self._store.refusal:
                log.warning("nothing is stored of visitors: %s", error)
            self._store.refusal = str(error)
        except NoConnection as error:
            raise cluster_unavailable(error) from error
        except OpenSearchException as error:
            log.warning("the indexes of sessions and events are not made: %s", error)
