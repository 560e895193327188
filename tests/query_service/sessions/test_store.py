"""The session store on a real node, when reads and writes overlap."""

import threading
from typing import Any

import pytest
from opensearchpy import OpenSearch

from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.sessions.store import SessionStore
from query_service.user.visitor import PastQuery

pytestmark = pytest.mark.node


class SlowClient(OpenSearch):
    """A client whose reads return only after the store has written all waiting queries."""

    store: SessionStore

    def mget(self, *arguments: Any, **options: Any) -> Any:
        response = super().mget(*arguments, **options)
        if threading.current_thread() is threading.main_thread():  # and not in the writing itself
            assert self.store.flush()
        return response


def test_a_query_that_is_written_during_a_read_is_in_it(
    client: OpenSearch, fresh_names: IndexNames, node_url: str
) -> None:
    ensure_indexes(client, fresh_names)
    slow = SlowClient(node_url)
    slow.store = SessionStore(slow, fresh_names, write_interval_s=60.0)
    slow.store.record_query(PastQuery("phone", 1_790_000_000.0, "s"))
    for _ in range(2):  # written during the first read, before the second
        assert [query.query_text for query in slow.store.read("s").queries] == ["phone"]
    slow.store.close()
    slow.close()
