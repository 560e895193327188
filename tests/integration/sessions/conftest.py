"""The indexes of sessions, and stores on them."""

from collections.abc import Iterator

import pytest
from opensearchpy import OpenSearch

from plugin_config.provisioning.provisioning import ensure_indexes
from plugin_config.schema import IndexNames
from query_service.sessions.store import SessionStore
from tests.integration.session_stores import Stores, two_stores


@pytest.fixture(scope="module")
def indexes(client: OpenSearch, names: IndexNames) -> IndexNames:
    """The names of a module's own indexes, which are there."""
    ensure_indexes(client, names)
    return names


@pytest.fixture
def stores(client: OpenSearch, indexes: IndexNames) -> Iterator[Stores]:
    """The stores of two processes of the service."""
    with two_stores(client, indexes) as stores:
        yield stores


@pytest.fixture
def store(client: OpenSearch, indexes: IndexNames) -> Iterator[SessionStore]:
    store = SessionStore(client, indexes)
    yield store
    store.close()


@pytest.fixture
def elsewhere(client: OpenSearch, indexes: IndexNames) -> Iterator[SessionStore]:
    """The store of another process of the service, on the same indexes."""
    store = SessionStore(client, indexes)
    yield store
    store.close()


@pytest.fixture
def session_id(request: pytest.FixtureRequest) -> str:
    """A session of this test."""
    return request.node.name
