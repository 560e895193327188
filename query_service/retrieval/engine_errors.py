"""Errors of the engine on a search of one index."""

from collections.abc import Iterator
from contextlib import contextmanager

from opensearchpy.exceptions import NotFoundError, OpenSearchException

from plugin_config.connection.client import cluster_unavailable
from plugin_config.errors import LiveIntentError


class IndexGone(LiveIntentError):
    """The index that the service reads from no longer exists: look where the alias points now."""


@contextmanager
def engine_errors(index: str) -> Iterator[None]:
    """Turn the client's errors into IndexGone and ClusterUnavailable."""
    try:
        yield
    except NotFoundError as error:
        raise IndexGone(f"the index {index} is gone") from error
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error
